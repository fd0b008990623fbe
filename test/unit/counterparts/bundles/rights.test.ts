import { describe, expect, it } from '@jest/globals';
import type { AuditedCall } from '../../../counterparts/bundles/support/audit.ts';
import {
  expectingRefusals,
  nameOf,
  refusalOf,
  shippedRights,
  unforeseenRefusals,
  verdictsNaming,
  withoutRight,
} from '../../../counterparts/bundles/support/rights.ts';
import { only } from '../../../e2e/support/scene.ts';

const right = { entryId: 'spot-drain-worker', verb: 'create', resource: 'pods/eviction' };
const verdict = (words: string) => ({
  automation: 'spot-drain' as const,
  target: 'node/a',
  action: 'none',
  reason: 'missing-right',
  mode: 'act' as const,
  at: '2026-11-21T12:00:00Z',
  detail: { error: words },
});

describe('rights one by one', () => {
  it('are those of the shipped roles', () => {
    expect(shippedRights(only('clusterUpgrade')).map(nameOf)).toEqual([
      'cluster-upgrade-plan: list nodes',
      'cluster-upgrade: list nodes',
      'cluster-upgrade: list pods',
      'cluster-upgrade: list poddisruptionbudgets',
    ]);
  });

  it('are found in the API server’s words, also within JSON', () => {
    const words = 'User "x" cannot create resource "pods/eviction" in API group ""';
    expect(refusalOf(right).test(words)).toBe(true);
    expect(refusalOf(right).test(JSON.stringify({ error: words }))).toBe(true);
    expect(verdictsNaming([verdict(words), verdict('no answer')], right)).toHaveLength(1);
  });

  it.each(['cannot create resource "pods"', 'cannot list resource "pods/eviction"', ''])(
    'are not found in %j',
    (words) => {
      expect(verdictsNaming([verdict(words)], right)).toEqual([]);
    },
  );
});

describe('what the API server refuses', () => {
  const refusal = (call: Partial<AuditedCall> = {}): AuditedCall => ({
    verb: 'create',
    resource: 'pods/eviction',
    namespace: 'shop',
    name: 'web-0',
    code: 403,
    group: 'eks-caretaker:spot-drain-worker',
    at: Date.now(),
    requestUri: '/',
    body: undefined,
    ...call,
  });
  /** A side whose API server has written down those calls. */
  const sideWith = (...calls: readonly AuditedCall[]) => {
    const log = [...calls];
    const rules = [{ apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] }];
    return {
      side: {
        name: 'embedded' as const,
        request: async () => ({ status: 200, headers: {}, body: { rules } }),
        until: async <T>(_what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> =>
          (await look()) as T,
        audit: {
          calls: ({ code }: Partial<AuditedCall> = {}) =>
            log.filter((call) => code === undefined || call.code === code),
        },
      },
      refuse: (call: Partial<AuditedCall> = {}) => log.push(refusal(call)),
    };
  };

  it('is unforeseen where nobody took the right away', () => {
    const { side } = sideWith(refusal({ resource: 'events' }), refusal({ code: 201 }), refusal());
    expect(unforeseenRefusals(side)).toEqual([
      'spot-drain-worker: create events',
      'spot-drain-worker: create pods/eviction',
    ]);
  });

  it.each<[string, typeof withoutRight]>([
    ['is taken away', withoutRight],
    ['is expected to be missing', expectingRefusals],
  ])('is foreseen while the right %s, and that right alone', async (_what, during) => {
    const { side, refuse } = sideWith();
    await during(side, right, async () => {
      refuse();
      refuse({ resource: 'events' });
      refuse({ verb: 'get' });
      refuse({ group: 'eks-caretaker:spot-drain' });
    });
    expect(unforeseenRefusals(side)).toEqual([
      'spot-drain-worker: create events',
      'spot-drain-worker: get pods/eviction',
      'spot-drain: create pods/eviction',
    ]);
  });

  it('is unforeseen before and afterwards, also where what ran came to nothing', async () => {
    const { side, refuse } = sideWith();
    refuse({ at: Date.now() - 1 });
    const failing = withoutRight(side, right, () => Promise.reject(new Error('to nothing')));
    await expect(failing).rejects.toThrow('to nothing');
    refuse({ at: Date.now() + 1 });
    expect(unforeseenRefusals(side)).toEqual(Array(2).fill('spot-drain-worker: create pods/eviction'));
  });

  it('is another’s on another side', async () => {
    const [one, other] = [sideWith(), sideWith()];
    await withoutRight(one.side, right, async () => other.refuse());
    expect(unforeseenRefusals(other.side)).toHaveLength(1);
  });
});
