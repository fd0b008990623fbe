import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Intent } from '../../../../../functions/spot-drain/decide/decide.ts';
import type { Notice, NoticeKind } from '../../../../../functions/spot-drain/decide/notice.ts';
import type { DrainRecord } from '../../../../../functions/spot-drain/decide/record.ts';
import {
  causeOf,
  DEPARTURES,
  isOpen,
  mergeDeparture,
  mergeNotice,
} from '../../../../../functions/spot-drain/decide/record.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const NODE = { name: 'node-1', uid: 'node-uid' };

interface Drawn {
  readonly kind: 'rebalance' | 'spot-interruption' | 'terminate-lifecycle';
  readonly id: string;
  readonly seconds: number;
}

const arrival = ({ kind, id, seconds }: Drawn) => {
  const time = T0 + seconds * 1000;
  const lifecycle = { group: 'asg', hook: 'drain', token: `token-${id}` };
  const notice: Notice = {
    kind: kind as NoticeKind,
    id,
    account: '111122223333',
    region: 'eu-central-1',
    source: 'aws.ec2',
    time,
    instanceId: 'i-1234567890abcdef0',
  };
  const intent: Exclude<Intent, { kind: 'close' }> =
    kind === 'rebalance'
      ? { kind: 'record', cluster: 'staging', owner: 'managed', reason: 'rebalance-recommendation' }
      : {
          kind: 'drain',
          cluster: 'staging',
          owner: 'managed',
          noticedAt: time,
          deadlineAt: time + (kind === 'spot-interruption' ? 110_000 : 900_000),
          ...(kind === 'terminate-lifecycle' ? { lifecycle } : {}),
        };
  return { notice, node: NODE, intent };
};

const merged = (...drawn: readonly Drawn[]): DrainRecord | undefined =>
  drawn.reduce<DrainRecord | undefined>((record, one) => mergeNotice(record, arrival(one)), undefined);

const REBALANCE: Drawn = { kind: 'rebalance', id: 'a', seconds: 0 };
const SPOT: Drawn = { kind: 'spot-interruption', id: 'b', seconds: 20 };
const HOOK: Drawn = { kind: 'terminate-lifecycle', id: 'c', seconds: 10 };

describe('the record of an instance', () => {
  it.each<[string, readonly Drawn[], Partial<DrainRecord>, NoticeKind, boolean]>([
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
    expect(record === undefined ? undefined : [causeOf(record), isOpen(record)]).toEqual([cause, open]);
  });

  it('stays the very same object when a notice comes again', () => {
    const record = merged(REBALANCE, SPOT);
    expect(mergeNotice(record, arrival(SPOT))).toBe(record);
  });

  it('is closed by a departure, by the last of them, whatever the order', () => {
    const record = merged(SPOT);
    if (record === undefined) throw new Error('there is a record');
    const later = mergeDeparture(record, 'terminated', T0 + 140_000);
    expect(isOpen(later)).toBe(false);
    expect(mergeDeparture(later, 'shutting-down', T0 + 130_000)).toBe(later);
    expect(mergeDeparture(record, 'stopped', T0 - 60_000)).toBe(record);
  });

  it('begins anew when the same node is warned again after it was stopped and started', () => {
    const stopped = merged(SPOT);
    if (stopped === undefined) throw new Error('there is a record');
    const again = mergeNotice(
      mergeDeparture(stopped, 'stopped', T0 + 100_000),
      arrival({ kind: 'spot-interruption', id: 'd', seconds: 3600 }),
    );
    expect(again).toMatchObject({ wanted: 'drain', deadlineAt: T0 + 3_710_000, notices: [{ id: 'd' }] });
    expect(isOpen(again)).toBe(true);
  });

  it('is open again for a hook that comes after the drain', () => {
    const spot = merged(SPOT);
    if (spot === undefined) throw new Error('there is a record');
    const outcome = { reason: 'drained', at: T0 + 30_000, evicted: 3, deleted: 0, remaining: 0, blocked: [] };
    const drained = { ...spot, outcome };
    expect(isOpen(drained)).toBe(false);
    expect(isOpen(mergeNotice(drained, arrival({ ...HOOK, seconds: 100 })))).toBe(true);
  });
});

describe('laws of the record', () => {
  const drawn: fc.Arbitrary<Drawn> = fc.record({
    kind: fc.constantFrom('rebalance', 'spot-interruption', 'terminate-lifecycle'),
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    seconds: fc.integer({ min: 0, max: 100 }),
  });
  const history = fc.uniqueArray(drawn, { selector: ({ id }) => id, minLength: 1, maxLength: 6 });

  it('is the same whatever the order of the notices, and however often each comes', () => {
    fc.assert(
      fc.property(
        history.chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
          ),
        ),
        ([events, shuffled]) => {
          expect(merged(...shuffled)).toEqual(merged(...events));
        },
      ),
    );
  });

  it('only escalates, and only brings the deadline forward', () => {
    fc.assert(
      fc.property(history, (events) => {
        let record: DrainRecord | undefined;
        for (const event of events) {
          const next = mergeNotice(record, arrival(event));
          if (record?.wanted === 'drain') expect(next.wanted).toBe('drain');
          expect(next.deadlineAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
            record?.deadlineAt ?? Number.POSITIVE_INFINITY,
          );
          record = next;
        }
      }),
    );
  });

  it('ends in the last state of the instance, whatever the order', () => {
    const record = merged(SPOT);
    if (record === undefined) throw new Error('there is a record');
    fc.assert(
      fc.property(fc.shuffledSubarray([...DEPARTURES], { minLength: 4 }), (states) => {
        const end = states.reduce((current, state) => mergeDeparture(current, state, T0 + 200_000), record);
        expect(end.departed?.state).toBe('terminated');
      }),
    );
  });
});
