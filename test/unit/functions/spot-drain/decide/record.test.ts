import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergeNotices, settle } from '../../../../../functions/spot-drain/decide/merge.ts';
import type { NoticeKind } from '../../../../../functions/spot-drain/decide/notice.ts';
import type { DrainRecord } from '../../../../../functions/spot-drain/decide/record.ts';
import { causeOf, isOpen } from '../../../../../functions/spot-drain/decide/record.ts';
import type {
  InstanceState,
  RecordedNotice,
  Want,
} from '../../../../../functions/spot-drain/decide/recorded-notice.ts';
import { STATES, WANTS } from '../../../../../functions/spot-drain/decide/recorded-notice.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const SEED = {
  cluster: 'staging',
  instanceId: 'i-1234567890abcdef0',
  node: { name: 'node-1', uid: 'node-uid' },
  owner: 'managed' as const,
};

interface Drawn {
  readonly kind: Exclude<NoticeKind, 'state-change'>;
  readonly id: string;
  readonly seconds: number;
  readonly closed?: boolean;
}

const recordedOf = ({ kind, id, seconds, closed = false }: Drawn): RecordedNotice => {
  const time = T0 + seconds * 1000;
  const base = { id, kind, time, want: 'drain' as Want };
  switch (kind) {
    case 'rebalance':
      return { ...base, want: 'record' };
    case 'spot-interruption':
      return { ...base, deadlineAt: time + 110_000 };
    case 'terminate-lifecycle':
      return {
        ...base,
        deadlineAt: time + 900_000,
        lifecycle: { group: 'asg', hook: 'drain', token: `token-${id}` },
      };
    default: {
      const startsAt = time + 86_400_000;
      const change = { arn: `arn-${kind}`, code: kind, updatedAt: time, startsAt, closed };
      return closed
        ? { ...base, want: 'record', change }
        : { ...base, deadlineAt: startsAt, gates: [{ kind: 'time', at: startsAt - 7_200_000 }], change };
    }
  }
};
const stateOf = (state: InstanceState, seconds: number): RecordedNotice => ({
  id: `${state}-${seconds}`,
  kind: 'state-change',
  time: T0 + seconds * 1000,
  want: 'record',
  state,
});

const merged = (...notices: readonly RecordedNotice[]): DrainRecord =>
  notices.reduce<DrainRecord | undefined>((record, one) => mergeNotices(record, SEED, [one]), undefined) ??
  mergeNotices(undefined, SEED, []);

const REBALANCE = recordedOf({ kind: 'rebalance', id: 'a', seconds: 0 });
const SPOT = recordedOf({ kind: 'spot-interruption', id: 'b', seconds: 20 });
const HOOK = recordedOf({ kind: 'terminate-lifecycle', id: 'c', seconds: 10 });
const OUTCOME = { reason: 'drained', at: T0 + 30_000, evicted: 3, deleted: 0, remaining: 0, blocked: [] };

describe('the record of an instance', () => {
  it.each<[string, readonly RecordedNotice[], Partial<DrainRecord>, NoticeKind, boolean]>([
    ['a rebalance is only written down', [REBALANCE], { wanted: 'record' }, 'rebalance', false],
    [
      'a spot warning escalates it',
      [REBALANCE, SPOT],
      { wanted: 'drain', noticedAt: T0 + 20_000, deadlineAt: T0 + 130_000 },
      'spot-interruption',
      true,
    ],
    [
      'a rebalance afterwards changes nothing about it',
      [SPOT, REBALANCE],
      { wanted: 'drain', deadlineAt: T0 + 130_000 },
      'spot-interruption',
      true,
    ],
    [
      'the earliest deadline wins over a lifecycle action',
      [HOOK, SPOT],
      { noticedAt: T0 + 10_000, deadlineAt: T0 + 130_000 },
      'spot-interruption',
      true,
    ],
    [
      'a lifecycle action alone gives its own deadline',
      [HOOK],
      { deadlineAt: T0 + 910_000 },
      'terminate-lifecycle',
      true,
    ],
  ])('%s', (_, notices, expected, cause, open) => {
    const record = merged(...notices);
    expect(record).toMatchObject(expected);
    expect([causeOf(record), isOpen(record)]).toEqual([cause, open]);
  });

  it('stays the very same object when a notice comes again', () => {
    const record = merged(REBALANCE, SPOT);
    expect(mergeNotices(record, SEED, [SPOT, REBALANCE])).toBe(record);
  });

  it('is closed by a departure, by the last of them, whatever the order', () => {
    const later = merged(SPOT, stateOf('terminated', 140));
    expect(isOpen(later)).toBe(false);
    expect(mergeNotices(later, SEED, [stateOf('shutting-down', 130)]).departed).toEqual(later.departed);
    expect(isOpen(merged(stateOf('stopped', -60), SPOT))).toBe(true);
  });

  it('begins anew when the same node is warned again after it was stopped and started', () => {
    const stopped = { ...merged(SPOT, stateOf('stopped', 100)), outcome: OUTCOME, podsAtDeparture: 3 };
    const again = mergeNotices(stopped, SEED, [
      recordedOf({ kind: 'spot-interruption', id: 'd', seconds: 3600 }),
    ]);
    expect(again).toMatchObject({ wanted: 'drain', deadlineAt: T0 + 3_710_000 });
    expect(again).not.toHaveProperty('outcome');
    expect(again).not.toHaveProperty('podsAtDeparture');
    expect(isOpen(again)).toBe(true);
  });

  it('keeps our cordon through a stop and a start: it is still on the node', () => {
    const cordoned = {
      ...merged(SPOT),
      cordonedAt: T0 + 21_000,
      cordon: { taints: ['t'] },
      outcome: OUTCOME,
    };
    const back = mergeNotices(cordoned, SEED, [stateOf('stopped', 100), stateOf('running', 600)]);
    expect(back).toMatchObject({ wanted: 'record', cordonedAt: T0 + 21_000, cordon: { taints: ['t'] } });
    expect(back).not.toHaveProperty('outcome');
  });

  it('keeps the lease of a worker that has only just begun', () => {
    const begun = {
      ...merged(
        SPOT,
        stateOf('stopped', 140),
        recordedOf({ kind: 'spot-interruption', id: 'd', seconds: 3600 }),
      ),
      worker: { holder: 'w', until: T0 + 3_620_000 },
    };
    expect(
      mergeNotices(begun, SEED, [recordedOf({ kind: 'rebalance', id: 'e', seconds: 3601 })]).worker,
    ).toEqual(begun.worker);
  });

  it('is open again for a hook that comes after the drain, and keeps what Auto Scaling has answered', () => {
    const drained = { ...merged(SPOT), outcome: OUTCOME };
    expect(isOpen(drained)).toBe(false);
    const hooked = mergeNotices(drained, SEED, [
      recordedOf({ kind: 'terminate-lifecycle', id: 'c', seconds: 100 }),
    ]);
    expect(isOpen(hooked)).toBe(true);
    const answered = {
      ...hooked,
      lifecycle: hooked.lifecycle.map((action) => ({ ...action, answer: 'done' as const })),
    };
    const later = mergeNotices(answered, SEED, [REBALANCE]);
    expect(later.lifecycle).toEqual(answered.lifecycle);
    expect(isOpen(later)).toBe(false);
    const second = recordedOf({ kind: 'terminate-lifecycle', id: 'd', seconds: 110 });
    expect(mergeNotices(answered, SEED, [second]).lifecycle).toEqual([
      { group: 'asg', hook: 'drain', token: 'token-c', answer: 'done' },
      { group: 'asg', hook: 'drain', token: 'token-d' },
    ]);
  });

  it('says nothing about hurry where nothing is drained', () => {
    expect(merged(REBALANCE)).not.toHaveProperty('unhurried');
  });
});

describe('a drain that waited', () => {
  const RETIREMENT = recordedOf({ kind: 'retirement', id: 'r', seconds: 0 });
  const OPENING = {
    noticeId: 'r',
    by: 'turn' as const,
    at: T0 + 5_000,
    deadlineAt: T0 + 3_605_000,
    unhurried: true as const,
  };
  const opened = settle({ ...merged(RETIREMENT), opened: OPENING });

  it('is not open before it has begun, then until our own deadline and without hurry', () => {
    expect([merged(RETIREMENT).deadlineAt, isOpen(merged(RETIREMENT))]).toEqual([undefined, false]);
    expect(opened).toMatchObject({ deadlineAt: T0 + 3_605_000, unhurried: true });
    expect(isOpen(opened)).toBe(true);
  });

  it('is called unhurried only where it has begun without hurry', () => {
    expect(merged(RETIREMENT)).not.toHaveProperty('unhurried');
    const { unhurried: _unhurried, ...hurried } = OPENING;
    expect(settle({ ...merged(RETIREMENT), opened: hurried })).not.toHaveProperty('unhurried');
  });

  it('is measured from when it began, one that AWS hurries from its notice', () => {
    expect(merged(RETIREMENT).noticedAt).toBe(T0);
    expect(opened.noticedAt).toBe(T0 + 5_000);
    expect(mergeNotices(opened, SEED, [SPOT]).noticedAt).toBe(T0 + 20_000);
  });

  it.each([
    ['a time before it began: it is looked at again', 4_999, true],
    ['when it began: it has ended', 5_000, false],
    ['after that: it has ended', 5_001, false],
  ])('has an outcome from %s', (_, afterMs, open) => {
    const ended = settle({ ...opened, outcome: { ...OUTCOME, at: T0 + afterMs } });
    expect([ended.outcome === undefined, isOpen(ended)]).toEqual([open, open]);
  });

  it('is hurried by a spot warning, and what it has left is looked at again', () => {
    const ended = { ...opened, outcome: { ...OUTCOME, reason: 'budget-blocked', remaining: 2 } };
    const warned = mergeNotices(ended, SEED, [SPOT]);
    expect(warned).toMatchObject({ deadlineAt: T0 + 130_000 });
    expect(warned).not.toHaveProperty('unhurried');
    expect(warned).not.toHaveProperty('outcome');
    expect(isOpen(warned)).toBe(true);
  });

  it('is withdrawn with its event', () => {
    const closed = mergeNotices(opened, SEED, [
      recordedOf({ kind: 'retirement', id: 's', seconds: 60, closed: true }),
    ]);
    expect(closed).toMatchObject({ wanted: 'record' });
    expect(closed).not.toHaveProperty('opened');
    expect(closed).not.toHaveProperty('deadlineAt');
  });

  it('is withdrawn with its event, though another one waits', () => {
    const reboot = recordedOf({ kind: 'maintenance', id: 'm', seconds: 30 });
    const cancelled = recordedOf({ kind: 'retirement', id: 's', seconds: 60, closed: true });
    const waiting = mergeNotices(opened, SEED, [reboot, cancelled]);
    expect(waiting).toMatchObject({ wanted: 'drain', cause: 'maintenance' });
    expect(waiting).not.toHaveProperty('opened');
    expect(isOpen(waiting)).toBe(false);
  });
});

describe('laws of the record', () => {
  const drawn: fc.Arbitrary<Drawn> = fc.record({
    kind: fc.constantFrom(
      'rebalance',
      'spot-interruption',
      'terminate-lifecycle',
      'retirement',
      'maintenance',
    ),
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    seconds: fc.integer({ min: 0, max: 2_000 }),
    closed: fc.boolean(),
  });
  const state = fc
    .tuple(fc.constantFrom(...STATES), fc.integer({ min: 0, max: 2_000 }))
    .map(([name, seconds]) => stateOf(name, seconds));
  const history = fc
    .tuple(
      fc.uniqueArray(drawn, { selector: ({ id }) => id, minLength: 1, maxLength: 6 }),
      fc.uniqueArray(state, { selector: ({ id }) => id, maxLength: 5 }),
    )
    .map(([notices, states]) => [...notices.map(recordedOf), ...states]);

  it('is the same whatever the order of the whole history, and however often each event comes', () => {
    fc.assert(
      fc.property(
        history.chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
            fc.nat(),
          ),
        ),
        ([events, shuffled, cut]) => {
          const expected = merged(...events);
          expect(merged(...shuffled)).toEqual(expected);
          // In batches as in one by one.
          const middle = cut % shuffled.length;
          const first = mergeNotices(undefined, SEED, shuffled.slice(0, middle));
          expect(mergeNotices(first, SEED, shuffled.slice(middle))).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('only escalates and only brings the deadline forward, as long as the instance lives and AWS takes nothing back', () => {
    const oneLife = fc.uniqueArray(
      drawn.map((one) => ({ ...one, seconds: one.seconds % 100, closed: false })),
      { selector: ({ id }) => id, minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(oneLife, (events) => {
        let record: DrainRecord | undefined;
        for (const event of events.map(recordedOf)) {
          const next = mergeNotices(record, SEED, [event]);
          expect(WANTS.indexOf(next.wanted)).toBeGreaterThanOrEqual(
            WANTS.indexOf(record?.wanted ?? 'record'),
          );
          expect(next.deadlineAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
            record?.deadlineAt ?? Number.POSITIVE_INFINITY,
          );
          record = next;
        }
      }),
    );
  });

  it('settles once: settling again changes nothing', () => {
    fc.assert(
      fc.property(history, (events) => {
        const record = merged(...events);
        expect(settle(record)).toEqual(record);
      }),
    );
  });
});
