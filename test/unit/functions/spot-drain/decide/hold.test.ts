import { describe, expect, it } from '@jest/globals';
import type { Hold } from '../../../../../functions/spot-drain/decide/hold.ts';
import {
  holdsOf,
  isWorthACordon,
  lookAtHold,
  releaseReason,
} from '../../../../../functions/spot-drain/decide/hold.ts';
import { mergeNotices, settle, withoutCordon } from '../../../../../functions/spot-drain/decide/merge.ts';
import type { NodeView } from '../../../../../functions/spot-drain/decide/node-view.ts';
import type { DrainRecord } from '../../../../../functions/spot-drain/decide/record.ts';
import type {
  InstanceState,
  RecordedNotice,
} from '../../../../../functions/spot-drain/decide/recorded-notice.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const minutes = (count: number) => T0 + count * 60_000;
const DAY = 1_440;
const SEED = {
  cluster: 'staging',
  instanceId: 'i-1',
  node: { name: 'node-1', uid: 'uid' },
  owner: 'managed' as const,
};
const CORDON = { cordonedAt: minutes(1), cordon: { taints: ['t'], bootId: 'first' } };

const SPOT: RecordedNotice = {
  id: 'spot',
  kind: 'spot-interruption',
  time: T0,
  want: 'drain',
  deadlineAt: minutes(2),
};
const EXPIRING: RecordedNotice = {
  id: 'expiring',
  kind: 'rebalance',
  time: T0,
  want: 'cordon',
  expiresAt: minutes(60),
};
/** A reboot from minute 300 on, for which a drain may begin at 180. */
const rebootOf = (
  id = 'reboot',
  change: Partial<NonNullable<RecordedNotice['change']>> = {},
): RecordedNotice => ({
  id,
  kind: 'maintenance',
  time: T0,
  want: 'drain',
  deadlineAt: minutes(300),
  gates: [{ kind: 'time', at: minutes(180) }],
  change: {
    arn: 'arn',
    code: 'AWS_EC2_INSTANCE_REBOOT',
    updatedAt: T0,
    startsAt: minutes(300),
    closed: false,
    ...change,
  },
});
const RETIREMENT: RecordedNotice = { ...rebootOf('retirement', { arn: 'other' }), kind: 'retirement' };
const stateOf = (state: InstanceState, at: number): RecordedNotice => ({
  id: state,
  kind: 'state-change',
  time: minutes(at),
  want: 'record',
  state,
});

const recordOf = (notices: readonly RecordedNotice[], more: Partial<DrainRecord> = {}): DrainRecord =>
  settle({ ...mergeNotices(undefined, SEED, notices), ...more });
const openedBy = (noticeId: string): Partial<DrainRecord> => ({
  opened: { noticeId, by: 'time', at: minutes(180), deadlineAt: minutes(300) },
});
const nodeOf = (bootId?: string): NodeView => ({
  uid: 'uid',
  isReady: true,
  isUnschedulable: true,
  taints: ['t'],
  isBeingDeleted: false,
  ...(bootId === undefined ? {} : { bootId }),
});

describe('a cordon is there', () => {
  it.each<[string, RecordedNotice[], Partial<DrainRecord>, readonly Hold[]]>([
    ['for nothing', [], {}, []],
    ['until the instance goes', [SPOT], {}, [{ kind: 'departure', lateAt: minutes(2) }]],
    ['until it expires', [EXPIRING], {}, [{ kind: 'expiry', until: minutes(60) }]],
    ['not for a drain that waits', [rebootOf()], {}, []],
    [
      'until the end of what is planned, once its drain has begun',
      [rebootOf('reboot', { endsAt: minutes(360) })],
      openedBy('reboot'),
      [{ kind: 'maintenance', startsAt: minutes(300), endsAt: minutes(360) }],
    ],
    [
      'for a day where AWS does not know the end',
      [rebootOf()],
      openedBy('reboot'),
      [{ kind: 'maintenance', startsAt: minutes(300), endsAt: minutes(300 + DAY) }],
    ],
    [
      'for a day where the end is the start',
      [rebootOf('reboot', { endsAt: minutes(300) })],
      openedBy('reboot'),
      [{ kind: 'maintenance', startsAt: minutes(300), endsAt: minutes(300 + DAY) }],
    ],
    [
      'for a day where the end is before the start',
      [rebootOf('reboot', { endsAt: minutes(200) })],
      openedBy('reboot'),
      [{ kind: 'maintenance', startsAt: minutes(300), endsAt: minutes(300 + DAY) }],
    ],
    [
      'until the instance goes, however late, where nothing hurried its drain',
      [RETIREMENT],
      openedBy('retirement'),
      [{ kind: 'departure' }],
    ],
    ['for nothing that was let go', [EXPIRING], { released: ['expiring'] }, []],
    [
      'for what was not let go',
      [EXPIRING, SPOT],
      { released: ['expiring'] },
      [{ kind: 'departure', lateAt: minutes(2) }],
    ],
  ])('%s', (_, notices, more, expected) => {
    expect(holdsOf(recordOf(notices, more), { now: minutes(0.5) })).toStrictEqual(expected);
  });

  it.each([
    [59.99, 1],
    [60, 0],
  ])('until it expires: at minute %d there are %i', (at, count) => {
    expect(holdsOf(recordOf([EXPIRING]), { now: minutes(at) })).toHaveLength(count);
  });

  it.each<[string, number, NodeView | undefined, Partial<DrainRecord>, boolean]>([
    ['was rebooted before it began', 299.99, nodeOf('second'), CORDON, true],
    ['was rebooted since it began', 300, nodeOf('second'), CORDON, false],
    ['was not rebooted yet', 300, nodeOf('first'), CORDON, true],
    ['was not looked at', 300, undefined, CORDON, true],
    ['does not say how often it booted', 300, nodeOf(), CORDON, true],
    ['did not say so when it was cordoned', 300, nodeOf('second'), { cordon: { taints: ['t'] } }, true],
    ['was not cordoned by us', 300, nodeOf('second'), {}, true],
    ['was not rebooted, and it is over', 360, nodeOf('first'), CORDON, false],
    ['was not looked at, and it is over', 360, undefined, CORDON, false],
    ['was not rebooted, a moment before the end', 359.99, nodeOf('first'), CORDON, true],
  ])('for a maintenance where the node %s, in minute %d', (_, at, node, more, held) => {
    const record = recordOf([rebootOf('reboot', { endsAt: minutes(360) })], {
      ...openedBy('reboot'),
      ...more,
    });
    expect(holdsOf(record, { now: minutes(at), node })).toHaveLength(held ? 1 : 0);
  });
});

describe('what holds a cordon', () => {
  const DEPARTURE: Hold = { kind: 'departure', lateAt: minutes(2) };
  const EXPIRY: Hold = { kind: 'expiry', until: minutes(60) };
  const MAINTENANCE: Hold = { kind: 'maintenance', startsAt: minutes(300), endsAt: minutes(360) };

  it.each<[Hold, number, boolean, number | undefined]>([
    [DEPARTURE, 1, true, undefined],
    [DEPARTURE, 2, false, undefined],
    [{ kind: 'departure' }, 999, true, undefined],
    [EXPIRY, 1, true, minutes(60)],
    [MAINTENANCE, 200, true, minutes(300)],
    [MAINTENANCE, 300, true, minutes(301)],
    [MAINTENANCE, 310, true, minutes(311)],
  ])('%j is worth one in minute %d: %s; next look at %s', (hold, at, isWorth, lookAt) => {
    expect(isWorthACordon(hold, minutes(at))).toBe(isWorth);
    expect(lookAtHold(hold, minutes(at))).toBe(lookAt);
  });
});

describe('our cordon is undone', () => {
  const moved = rebootOf('moved', { updatedAt: minutes(5), startsAt: minutes(9_000) });
  const closed: RecordedNotice = {
    ...rebootOf('closed', { updatedAt: minutes(5), closed: true }),
    time: minutes(5),
    want: 'record',
  };

  it.each<[string, RecordedNotice[], Partial<DrainRecord>, string]>([
    ['it has expired', [EXPIRING], {}, 'cordon-expired'],
    ['the event was called off', [rebootOf(), closed], openedBy('reboot'), 'event-closed'],
    ['the instance was rebooted', [rebootOf()], openedBy('reboot'), 'maintenance-over'],
    ['the event was put off', [rebootOf(), moved], {}, 'event-moved'],
    ['a retirement was put off', [RETIREMENT], openedBy('retirement'), 'event-moved'],
    ['the event was called off, which is all that is known', [closed], {}, 'event-closed'],
    [
      'the event was called off, whatever is recorded since',
      [rebootOf(), closed, { id: 'r', kind: 'rebalance', time: minutes(9), want: 'record' }],
      openedBy('reboot'),
      'event-closed',
    ],
    ['nothing asks for it', [], {}, 'event-moved'],
    ['the instance is back', [SPOT, stateOf('stopped', 3), stateOf('running', 5)], {}, 'instance-back'],
    [
      'the instance is back, of which nothing was said',
      [stateOf('stopped', 3), stateOf('running', 5)],
      {},
      'instance-back',
    ],
    [
      'it has expired since the instance is back',
      [stateOf('stopped', -9), stateOf('running', -5), EXPIRING],
      {},
      'cordon-expired',
    ],
    [
      'it has expired, though it was its notice that said that the instance is back',
      [stateOf('stopped', -9), EXPIRING],
      {},
      'cordon-expired',
    ],
  ])('because %s', (_, notices, more, reason) => {
    expect(releaseReason(recordOf(notices, { ...CORDON, ...more }))).toBe(reason);
  });

  it('and what it was there for asks for no other one', () => {
    const record = recordOf([EXPIRING, SPOT, rebootOf(), RETIREMENT], {
      ...CORDON,
      ...openedBy('reboot'),
      released: ['before', 'spot'],
    });
    const without = withoutCordon(record);
    expect(without.released).toEqual(['before', 'spot', 'expiring', 'reboot']);
    expect(without).not.toHaveProperty('cordonedAt');
    expect(without).not.toHaveProperty('cordon');
    expect(holdsOf(without, { now: minutes(1) })).toEqual([]);
  });

  it('and where none of several drains has begun, those that wait go on to wait', () => {
    expect(withoutCordon(recordOf([EXPIRING, rebootOf()], CORDON)).released).toEqual(['expiring']);
  });
});
