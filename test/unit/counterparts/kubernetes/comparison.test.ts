import { describe, expect, it } from '@jest/globals';
import { differences, inShort, judge, otherUid } from '../../../counterparts/kubernetes/comparison.ts';
import type { Answer } from '../../../counterparts/kubernetes/port.ts';

const refusal: Answer = {
  status: 429,
  contentType: 'application/json',
  retryAfter: undefined,
  body: {
    kind: 'Status',
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { causes: [{ reason: 'DisruptionBudget', message: 'web needs 2' }] },
  },
};
const withBody = (change: object): Answer => ({ ...refusal, body: { ...refusal.body, ...change } });

describe('two answers', () => {
  it('are the same when only uids, times, revisions, tokens and managers of fields differ', () => {
    const pod = (digit: string, second: string) => ({
      metadata: {
        name: 'a',
        uid: `${digit}1111111-2222-4333-8444-555555555555`,
        resourceVersion: `${digit}0`,
        creationTimestamp: `2026-01-31T22:00:0${second}Z`,
        continue: `token-${digit}`,
        managedFields: [{ manager: digit }],
      },
      ownerReferences: [{ uid: `${digit}1111111-2222-4333-8444-555555555555` }],
      message: `in record (${digit}57) at ${digit}1111111-2222-4333-8444-555555555555`,
    });
    expect(differences(pod('1', '1'), pod('2', '2'))).toEqual([]);
  });

  it.each([
    ['status', { ...refusal, status: 403 }],
    ['retryAfter', { ...refusal, retryAfter: '10' }],
    ['contentType', { ...refusal, contentType: 'text/plain' }],
    ['body.reason', withBody({ reason: 'Conflict' })],
    ['body.message', withBody({ message: 'no' })],
    [
      'body.details.causes[0].reason',
      withBody({ details: { causes: [{ reason: 'x', message: 'web needs 2' }] } }),
    ],
    [
      'body.details.causes[0].message',
      withBody({ details: { causes: [{ reason: 'DisruptionBudget', message: 'x' }] } }),
    ],
    ['body.details.causes[0]', withBody({ details: { causes: [] } })],
    ['body.details', withBody({ details: undefined })],
    ['body.spec', withBody({ spec: {} })],
  ])('differ in %s', (path, other) => {
    expect(differences(refusal, other).map((one) => one.path)).toEqual([path]);
    expect(differences(other, refusal).map((one) => one.path)).toEqual([path]);
  });

  it('differ when one has a time, an exact time or none', () => {
    const at = (time: string) => ({ creationTimestamp: time });
    expect(differences(at('2026-01-31T22:00:00Z'), at('2026-01-31T22:00:00.000000Z'))).toHaveLength(1);
    expect(differences(at('2026-01-31T22:00:00Z'), at('soon'))).toHaveLength(1);
  });

  it('differ when a uid is another one of the same answer, or one that the case has named', () => {
    const [first, second] = ['a1111111-2222-4333-8444-555555555555', 'b1111111-2222-4333-8444-555555555555'];
    expect(differences({ a: first, b: first }, { a: first, b: second })).toHaveLength(1);
    expect(differences({ a: otherUid }, { a: first })).toHaveLength(1);
  });

  it('differ when an empty continue token became one', () => {
    expect(differences({ continue: '' }, { continue: 'x' })).toHaveLength(1);
  });
});

describe('a verdict', () => {
  const known = { parts: ['body.message'], why: 'because' };

  it('names what nobody has explained', () => {
    expect(judge(refusal, withBody({ message: 'no' })).unexplained).toEqual([
      { path: 'body.message', embedded: refusal.body.message, counterpart: 'no' },
    ]);
  });

  it('lets pass what is known, and nothing else', () => {
    expect(judge(refusal, withBody({ message: 'no' }), { known })).toEqual({
      unexplained: [],
      stale: [],
      verdict: { differs: 'because' },
    });
    expect(judge(refusal, withBody({ message: 'no', reason: 'x' }), { known }).unexplained).toHaveLength(1);
  });

  it('lets all of an answer pass only where the embedded side says what it is known to say', () => {
    const all = { parts: ['*'], why: 'because' };
    const others = withBody({ message: 'no' });
    expect(judge(refusal, others, { known: all }).unexplained).toHaveLength(1);
    const words = refusal.body.message ?? '';
    expect(judge(refusal, others, { known: { ...all, embedded: words } }).unexplained).toEqual([]);
    expect(judge(others, refusal, { known: { ...all, embedded: words } }).unexplained).toHaveLength(1);
  });

  it('says when a known difference is none any more', () => {
    expect(judge(refusal, refusal, { known }).stale).toEqual(['body.message']);
  });
});

it.each([
  [refusal, '429 TooManyRequests (DisruptionBudget)'],
  [[refusal, 'unchanged'], '429 TooManyRequests (DisruptionBudget); unchanged'],
  [{ ...refusal, status: 404, body: { text: '404 page not found\n' } }, '404 text "404 page not found"'],
  [{ allowed: true }, '{"allowed":true}'],
  [
    {
      disruptionsAllowed: 1,
      currentHealthy: 4,
      desiredHealthy: 3,
      expectedPods: 5,
      conditions: [{ reason: 'SufficientPods' }],
    },
    'allows 1 (SufficientPods): 4 healthy of 5, 3 needed',
  ],
  [
    {
      ...refusal,
      status: 200,
      body: { kind: 'PodList', metadata: { continue: 'x' }, items: [{ metadata: { name: 'a' } }] },
    },
    '200 PodList [a, more]',
  ],
])('%j is %s in short', (said, short) => {
  expect(inShort(said)).toBe(short);
});
