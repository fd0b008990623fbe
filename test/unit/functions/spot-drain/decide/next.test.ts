import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import { mergeNotices, settle } from '../../../../../functions/spot-drain/decide/merge.ts';
import type { Step, View } from '../../../../../functions/spot-drain/decide/next.ts';
import { nextStep } from '../../../../../functions/spot-drain/decide/next.ts';
import type { NodeView } from '../../../../../functions/spot-drain/decide/node-view.ts';
import { isCordonOurs, ownerActs } from '../../../../../functions/spot-drain/decide/node-view.ts';
import type { DrainRecord } from '../../../../../functions/spot-drain/decide/record.ts';
import type {
  InstanceState,
  RecordedNotice,
} from '../../../../../functions/spot-drain/decide/recorded-notice.ts';
import { STATES } from '../../../../../functions/spot-drain/decide/recorded-notice.ts';
import { startDrain } from '../../../../../shared/drain/state.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const SECOND = 1_000;
const MINUTE = 60_000;
const SETTINGS = spotDrainSchema.parse({});
const SEED = {
  cluster: 'staging',
  instanceId: 'i-1',
  node: { name: 'node-1', uid: 'uid' },
  owner: 'managed' as const,
  group: 'spot-a',
};
const TAINT = 'eks-caretaker/spot-interruption';

const SPOT: RecordedNotice = {
  id: 'spot',
  kind: 'spot-interruption',
  time: T0,
  want: 'drain',
  deadlineAt: T0 + 110 * SECOND,
};
const CORDON: RecordedNotice = {
  id: 'cordon',
  kind: 'rebalance',
  time: T0,
  want: 'cordon',
  expiresAt: T0 + 60 * MINUTE,
};
const OBSERVED: RecordedNotice = { ...SPOT, id: 'observed', want: 'observe' };
const CHANGE = {
  arn: 'a',
  code: 'c',
  updatedAt: T0,
  startsAt: T0 + 300 * MINUTE,
  endsAt: T0 + 360 * MINUTE,
  closed: false,
};
const REBOOT: RecordedNotice = {
  id: 'reboot',
  kind: 'maintenance',
  time: T0,
  want: 'drain',
  deadlineAt: CHANGE.startsAt,
  gates: [{ kind: 'time', at: T0 + 180 * MINUTE }],
  change: CHANGE,
};
const EARLIER: RecordedNotice = {
  ...REBOOT,
  id: 'earlier',
  deadlineAt: T0 + 200 * MINUTE,
  change: { ...CHANGE, arn: 'b', startsAt: T0 + 200 * MINUTE },
};
const RETIREMENT: RecordedNotice = {
  ...REBOOT,
  id: 'retirement',
  kind: 'retirement',
  gates: [{ kind: 'turn' }, { kind: 'time', at: T0 + 180 * MINUTE }],
};
const ENDLESS: RecordedNotice = {
  id: 'endless',
  kind: 'retirement',
  time: T0,
  want: 'drain',
  gates: [{ kind: 'turn' }],
};
const REPLACED: RecordedNotice = {
  ...CORDON,
  id: 'replaced',
  want: 'drain',
  gates: [{ kind: 'replacement', until: T0 + 15 * MINUTE }],
};
const stateOf = (state: InstanceState, at: number): RecordedNotice => ({
  id: state,
  kind: 'state-change',
  time: T0 + at,
  want: 'record',
  state,
});

/** Made where it is asked for: a table that is made while the file loads hides which of its rows a mutant breaks. */
const recordOf =
  (notices: readonly RecordedNotice[], change: Partial<DrainRecord> = {}): (() => DrainRecord) =>
  () =>
    settle({ ...mergeNotices(undefined, SEED, notices), ...change });
const CORDONED = { cordonedAt: T0 + SECOND, cordon: { taints: [TAINT], bootId: 'first' } };
const NODE: NodeView = {
  uid: 'uid',
  isReady: true,
  isUnschedulable: true,
  taints: [TAINT],
  cordonedFor: TAINT,
  bootId: 'first',
  isBeingDeleted: false,
};
const opened = (noticeId: string, at: number) => ({
  opened: { noticeId, by: 'time' as const, at, deadlineAt: CHANGE.startsAt },
});

const BY_TURN = {
  noticeId: 'retirement',
  by: 'turn' as const,
  at: T0,
  deadlineAt: T0 + 60 * MINUTE,
  unhurried: true as const,
};
const DRAINED = {
  reason: 'drained',
  at: T0 + 181 * MINUTE,
  evicted: 1,
  deleted: 0,
  remaining: 0,
  blocked: [],
};
const UNTOLD = { ...DRAINED, at: T0, untold: true as const };
const DRAIN_OPTIONS = {
  node: SEED.node,
  cluster: 'staging',
  deadlineAt: T0 + 110 * SECOND,
  marginSeconds: 5,
  deleteAtDeadline: true,
  taintKeys: [],
};

describe('what is to be done next', () => {
  it.each<[string, () => DrainRecord, Partial<View> & { at?: number }, Partial<Step>]>([
    ['about a record of nothing: nothing', recordOf([]), {}, { kind: 'rest' }],
    ['about a warning: a cordon first', recordOf([SPOT]), {}, { kind: 'cordon' }],
    [
      'in observe: a worker, which says what it would do',
      recordOf([SPOT]),
      { acts: false },
      { kind: 'start-worker' },
    ],
    ['after the cordon: a worker', recordOf([SPOT], CORDONED), {}, { kind: 'start-worker' }],
    [
      'after a cordon that failed: a worker, which tries again',
      recordOf([SPOT]),
      { cordonFailed: true },
      { kind: 'start-worker' },
    ],
    [
      'once a worker was asked for: a look a little later',
      recordOf([SPOT], CORDONED),
      { hasStarted: true },
      { kind: 'rest', lookAt: T0 + 30 * SECOND },
    ],
    [
      'while a worker is at it: a look when its lease would be over',
      recordOf([SPOT], { ...CORDONED, worker: { holder: 'w', until: T0 + 20 * SECOND } }),
      {},
      { kind: 'rest', lookAt: T0 + 21 * SECOND },
    ],
    [
      'when the lease has run out: another worker',
      recordOf([SPOT], { ...CORDONED, worker: { holder: 'w', until: T0 } }),
      {},
      { kind: 'start-worker', instead: 'w' },
    ],
    [
      'about a warning that comes too late: nothing',
      recordOf([SPOT]),
      { at: 110 * SECOND },
      { kind: 'rest' },
    ],
    [
      'about a drain that was begun and has just missed its deadline: another worker, to end it',
      recordOf([SPOT], CORDONED),
      { at: 120 * SECOND },
      { kind: 'start-worker' },
    ],
    ['long after that: nothing', recordOf([SPOT], CORDONED), { at: 500 * SECOND }, { kind: 'rest' }],
    ['about a node that is gone: nothing', recordOf([SPOT]), { node: 'gone' }, { kind: 'rest' }],
    [
      'about a cordon on a node that is gone: it is forgotten',
      recordOf([SPOT], CORDONED),
      { node: 'gone' },
      { kind: 'forget-cordon', reason: 'node-gone' },
    ],
    [
      'about an instance that goes: nothing',
      recordOf([SPOT, stateOf('shutting-down', 5)], CORDONED),
      {},
      { kind: 'rest' },
    ],
    [
      'about one that is stopped and that we did not cordon: nothing',
      recordOf([SPOT, stateOf('stopped', 5)]),
      {},
      { kind: 'rest' },
    ],
    [
      'about one that has just been stopped with our cordon: a look when EC2 knows it too',
      recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
      {},
      { kind: 'rest', lookAt: T0 + 65 * SECOND },
    ],
    [
      'then: what EC2 says',
      recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
      { at: 70 * SECOND },
      { kind: 'look-at-instance' },
    ],
    [
      'and where it is stopped: a look in a quarter of an hour',
      recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
      { at: 70 * SECOND, instanceState: 'stopped' },
      { kind: 'rest', lookAt: T0 + 70 * SECOND + 15 * MINUTE },
    ],
    [
      'and where it runs: that is noted',
      recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
      { at: 70 * SECOND, instanceState: 'running' },
      { kind: 'note-state', state: 'running' },
    ],
    [
      'and where EC2 does not know it any more: it is gone',
      recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
      { at: 70 * SECOND, instanceState: 'unknown' },
      { kind: 'note-state', state: 'terminated' },
    ],
    [
      'about what was left to an owner: a look ten seconds after the event',
      recordOf([OBSERVED]),
      { at: 3 * SECOND },
      { kind: 'rest', lookAt: T0 + 10 * SECOND },
    ],
    ['then: at the node', recordOf([OBSERVED]), {}, { kind: 'look-at-node' }],
    ['which has no taint', recordOf([OBSERVED]), { node: NODE }, { kind: 'note-owner', acts: false }],
    [
      'which has one',
      recordOf([OBSERVED]),
      { node: { ...NODE, taints: ['karpenter.sh/disrupted'] } },
      { kind: 'note-owner', acts: true },
    ],
    [
      'where the owner acts: nothing',
      recordOf([OBSERVED], { ownerSeen: { at: T0, acts: true } }),
      {},
      { kind: 'rest' },
    ],
    [
      'where the owner does not: a cordon',
      recordOf([OBSERVED], { ownerSeen: { at: T0, acts: false } }),
      {},
      { kind: 'cordon' },
    ],
    [
      'about a cordon that expires: a look at its end',
      recordOf([CORDON], CORDONED),
      {},
      { kind: 'rest', lookAt: T0 + 60 * MINUTE },
    ],
    ['at its end: the node', recordOf([CORDON], CORDONED), { at: 60 * MINUTE }, { kind: 'look-at-node' }],
    [
      'which is as we left it: uncordon',
      recordOf([CORDON], CORDONED),
      { at: 60 * MINUTE, node: NODE },
      { kind: 'uncordon', reason: 'cordon-expired' },
    ],
    [
      'which is not Ready: a look a little later',
      recordOf([CORDON], CORDONED),
      { at: 60 * MINUTE, node: { ...NODE, isReady: false } },
      { kind: 'rest', lookAt: T0 + 60 * MINUTE + (60 * MINUTE - SECOND) / 4 },
    ],
    [
      'which somebody else has cordoned: it is left alone',
      recordOf([CORDON], CORDONED),
      { at: 60 * MINUTE, node: { ...NODE, unschedulableBy: 'kubectl-cordon' } },
      { kind: 'forget-cordon', reason: 'changed-by-others' },
    ],
    [
      'in observe: later',
      recordOf([CORDON], CORDONED),
      { at: 60 * MINUTE, node: NODE, acts: false },
      { kind: 'rest', lookAt: T0 + 75 * MINUTE },
    ],
    [
      'about a cordon that has failed: a look a little later',
      recordOf([CORDON]),
      { cordonFailed: true },
      { kind: 'rest', lookAt: T0 + 30 * SECOND },
    ],
    [
      'about a reboot: a look at its lead time',
      recordOf([REBOOT]),
      {},
      { kind: 'rest', lookAt: T0 + 180 * MINUTE },
    ],
    [
      'at its lead time: it begins, with hurry',
      recordOf([REBOOT]),
      { at: 180 * MINUTE },
      {
        kind: 'open',
        opening: { noticeId: 'reboot', by: 'time', at: T0 + 180 * MINUTE, deadlineAt: CHANGE.startsAt },
      },
    ],
    ['after its start: nothing', recordOf([REBOOT]), { at: 301 * MINUTE }, { kind: 'rest' }],
    [
      'once it has begun and is done: a look at its start',
      recordOf([REBOOT], {
        ...CORDONED,
        ...opened('reboot', T0 + 180 * MINUTE),
        outcome: {
          reason: 'drained',
          at: T0 + 181 * MINUTE,
          evicted: 1,
          deleted: 0,
          remaining: 0,
          blocked: [],
        },
      }),
      { at: 200 * MINUTE },
      { kind: 'rest', lookAt: CHANGE.startsAt },
    ],
    [
      'once one of two notices has begun, and both are at their lead time: no second beginning',
      recordOf([REBOOT, { ...REBOOT, id: 'other', change: { ...CHANGE, arn: 'b' } }], {
        ...CORDONED,
        ...opened('reboot', T0 + 180 * MINUTE),
        worker: { holder: 'w', until: T0 + 191 * MINUTE },
      }),
      { at: 190 * MINUTE },
      { kind: 'rest', lookAt: T0 + 190 * MINUTE + 20 * SECOND },
    ],
    [
      'where the other one ends earlier: it begins again, with that end',
      recordOf([REBOOT, EARLIER], {
        ...CORDONED,
        ...opened('reboot', T0 + 180 * MINUTE),
        worker: { holder: 'w', until: T0 + 191 * MINUTE },
      }),
      { at: 190 * MINUTE },
      {
        kind: 'open',
        opening: {
          noticeId: 'earlier',
          by: 'time',
          at: T0 + 190 * MINUTE,
          deadlineAt: T0 + 200 * MINUTE,
        },
      },
    ],
    ['about a retirement: whose turn it is', recordOf([RETIREMENT]), {}, { kind: 'take-turn' }],
    [
      'which is ours: it begins, without hurry',
      recordOf([RETIREMENT]),
      { turn: { isOurs: true, holder: 'us' } },
      {
        kind: 'open',
        opening: {
          noticeId: 'retirement',
          by: 'turn',
          at: T0 + 10 * SECOND,
          deadlineAt: T0 + 10 * SECOND + 60 * MINUTE,
          unhurried: true,
        },
      },
    ],
    [
      "which is somebody else's: that is said",
      recordOf([RETIREMENT]),
      { turn: { isOurs: false, holder: 'them' } },
      { kind: 'note-wait', holder: 'them' },
    ],
    [
      'once',
      recordOf([RETIREMENT], { waitsFor: 'them' }),
      { turn: { isOurs: false, holder: 'them' } },
      { kind: 'rest', lookAt: T0 + 70 * SECOND },
    ],
    [
      'about one whose end nobody knows, in its turn: it begins, until our own',
      recordOf([ENDLESS]),
      { turn: { isOurs: true, holder: 'us' } },
      {
        kind: 'open',
        opening: {
          noticeId: 'endless',
          by: 'turn',
          at: T0 + 10 * SECOND,
          deadlineAt: T0 + 10 * SECOND + 60 * MINUTE,
          unhurried: true,
        },
      },
    ],
    [
      'about a drain that waits for a replacement: is there one',
      recordOf([REPLACED]),
      {},
      { kind: 'look-for-replacement', since: T0 },
    ],
    [
      'where there is none: a cordon meanwhile',
      recordOf([REPLACED]),
      { hasReplacement: false },
      { kind: 'cordon' },
    ],
    [
      'and a look a little later',
      recordOf([REPLACED], CORDONED),
      { hasReplacement: false },
      { kind: 'rest', lookAt: T0 + 30 * SECOND },
    ],
    [
      'where there is one: it begins, until the cordon ends at the latest',
      recordOf([REPLACED], CORDONED),
      { hasReplacement: true },
      {
        kind: 'open',
        opening: {
          noticeId: 'replaced',
          by: 'replacement',
          at: T0 + 10 * SECOND,
          deadlineAt: T0 + 60 * MINUTE,
          unhurried: true,
        },
      },
    ],
    [
      'and after a quarter of an hour nobody asks any more',
      recordOf([REPLACED], CORDONED),
      { at: 15 * MINUTE },
      { kind: 'rest', lookAt: T0 + 60 * MINUTE },
    ],
    [
      'about one that is being stopped with our cordon: a look when EC2 knows it too',
      recordOf([SPOT, stateOf('stopping', 5 * SECOND)], CORDONED),
      {},
      { kind: 'rest', lookAt: T0 + 65 * SECOND },
    ],
    [
      'at that very time: what EC2 says',
      recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
      { at: 65 * SECOND },
      { kind: 'look-at-instance' },
    ],
    ...['terminated', 'shutting-down'].map(
      (instanceState): [string, () => DrainRecord, Partial<View> & { at?: number }, Partial<Step>] => [
        `and where it is ${instanceState}: it is gone`,
        recordOf([SPOT, stateOf('stopped', 5 * SECOND)], CORDONED),
        { at: 70 * SECOND, instanceState },
        { kind: 'note-state', state: 'terminated' },
      ],
    ),
    [
      'and where it is stopped for almost a week: a look in a quarter of an hour',
      recordOf([SPOT, stateOf('stopped', 0)], CORDONED),
      { at: 7 * 24 * 60 * MINUTE - 1, instanceState: 'stopped' },
      { kind: 'rest', lookAt: T0 + (7 * 24 * 60 + 15) * MINUTE - 1 },
    ],
    [
      'and where it is stopped for a week: nothing any more',
      recordOf([SPOT, stateOf('stopped', 0)], CORDONED),
      { at: 7 * 24 * 60 * MINUTE, instanceState: 'stopped' },
      { kind: 'rest' },
    ],
    [
      'about an instance that goes before the end of its drain was told: a worker, which tells it',
      recordOf([SPOT, stateOf('shutting-down', 5)], { ...CORDONED, outcome: UNTOLD }),
      {},
      { kind: 'start-worker' },
    ],
    [
      'instead of the one that did not',
      recordOf([SPOT, stateOf('shutting-down', 5)], {
        ...CORDONED,
        outcome: UNTOLD,
        worker: { holder: 'w', until: T0 },
      }),
      {},
      { kind: 'start-worker', instead: 'w' },
    ],
    [
      'while one is at it: a look when its lease would be over',
      recordOf([SPOT, stateOf('shutting-down', 5)], {
        ...CORDONED,
        outcome: UNTOLD,
        worker: { holder: 'w', until: T0 + 20 * SECOND },
      }),
      {},
      { kind: 'rest', lookAt: T0 + 21 * SECOND },
    ],
    [
      'once one was asked for: a look a little later',
      recordOf([SPOT, stateOf('shutting-down', 5)], { ...CORDONED, outcome: UNTOLD }),
      { hasStarted: true },
      { kind: 'rest', lookAt: T0 + 30 * SECOND },
    ],
    [
      'in observe: nothing',
      recordOf([SPOT, stateOf('shutting-down', 5)], { ...CORDONED, outcome: UNTOLD }),
      { acts: false },
      { kind: 'rest' },
    ],
    ...[0, 10].map((until): [string, () => DrainRecord, Partial<View> & { at?: number }, Partial<Step>] => [
      `once another worker was asked for, ${10 - until} seconds after a lease: a look a little later`,
      recordOf([SPOT], { ...CORDONED, worker: { holder: 'w', until: T0 + until * SECOND } }),
      { hasStarted: true },
      { kind: 'rest', lookAt: T0 + 30 * SECOND },
    ]),
    [
      'about a drain without a cordon that a worker had begun before its deadline: another worker',
      recordOf([SPOT], { worker: { holder: 'w', until: T0 } }),
      { at: 120 * SECOND, cordonFailed: true },
      { kind: 'start-worker', instead: 'w' },
    ],
    [
      'about one whose worker has left a state: another worker',
      recordOf([SPOT], { drain: startDrain(DRAIN_OPTIONS, T0) }),
      { at: 120 * SECOND, cordonFailed: true },
      { kind: 'start-worker' },
    ],
    ['at the start of a reboot: nothing more', recordOf([REBOOT]), { at: 300 * MINUTE }, { kind: 'rest' }],
    [
      'about two drains that wait: a look at the earlier lead time',
      recordOf([REBOOT, { ...EARLIER, gates: [{ kind: 'time', at: T0 + 100 * MINUTE }] }]),
      {},
      { kind: 'rest', lookAt: T0 + 100 * MINUTE },
    ],
    [
      'about a rebalance that waits for nothing: it begins, without hurry',
      recordOf([{ ...REPLACED, gates: [{ kind: 'time', at: T0 }] }]),
      {},
      {
        kind: 'open',
        opening: {
          noticeId: 'replaced',
          by: 'time',
          at: T0 + 10 * SECOND,
          deadlineAt: T0 + 60 * MINUTE,
          unhurried: true,
        },
      },
    ],
    ...[300, 400].map((at): [string, () => DrainRecord, Partial<View> & { at?: number }, Partial<Step>] => [
      `about a retirement whose time has come, in minute ${at}: it begins, without hurry`,
      recordOf([RETIREMENT]),
      { at: at * MINUTE, turn: { isOurs: true, holder: 'us' } },
      {
        kind: 'open',
        opening: {
          noticeId: 'retirement',
          by: 'turn',
          at: T0 + at * MINUTE,
          deadlineAt: T0 + (at + 60) * MINUTE,
          unhurried: true,
        },
      },
    ]),
    [
      'once its turn has come: no second turn',
      recordOf([RETIREMENT], { opened: BY_TURN }),
      {},
      { kind: 'cordon' },
    ],
    [
      'and at its lead time: it begins again, with hurry',
      recordOf([RETIREMENT], { ...CORDONED, opened: BY_TURN }),
      { at: 180 * MINUTE },
      {
        kind: 'open',
        opening: { noticeId: 'retirement', by: 'time', at: T0 + 180 * MINUTE, deadlineAt: CHANGE.startsAt },
      },
    ],
    [
      'once a reboot is under way: the node, which says whether it was rebooted',
      recordOf([REBOOT], { ...CORDONED, ...opened('reboot', T0 + 180 * MINUTE), outcome: DRAINED }),
      { at: 300 * MINUTE },
      { kind: 'look-at-node' },
    ],
    [
      'which was not: a look a minute later',
      recordOf([REBOOT], { ...CORDONED, ...opened('reboot', T0 + 180 * MINUTE), outcome: DRAINED }),
      { at: 300 * MINUTE, node: NODE },
      { kind: 'rest', lookAt: T0 + 301 * MINUTE },
    ],
    [
      'whatever else holds the cordon',
      recordOf([REBOOT, { ...CORDON, expiresAt: T0 + 400 * MINUTE }], {
        ...CORDONED,
        ...opened('reboot', T0 + 180 * MINUTE),
        outcome: DRAINED,
      }),
      { at: 300 * MINUTE },
      { kind: 'look-at-node' },
    ],
    [
      'but not where the node is not cordoned',
      recordOf([REBOOT], { ...opened('reboot', T0 + 180 * MINUTE), outcome: DRAINED }),
      { at: 300 * MINUTE, acts: false },
      { kind: 'rest', lookAt: T0 + 301 * MINUTE },
    ],
  ])('%s', (_, record, { at = 10 * SECOND, ...view }, expected) => {
    expect(nextStep(record(), { now: T0 + at, acts: true, ...view }, SETTINGS)).toEqual(expected);
  });
});

describe('a node', () => {
  it.each<[string, Partial<NodeView>, boolean]>([
    ['as we left it', {}, true],
    ['without our taint', { taints: [] }, false],
    ['with the taint of another automation', { taints: ['eks-caretaker/sleep'] }, false],
    ['that somebody has made schedulable', { isUnschedulable: false }, true],
    ['that was unschedulable before', { cordonedFor: 'eks-caretaker/sleep' }, true],
    [
      'that was unschedulable before, by somebody',
      { cordonedFor: 'eks-caretaker/sleep', unschedulableBy: 'kubectl-cordon' },
      true,
    ],
    [
      'that somebody has made schedulable, who is known',
      { isUnschedulable: false, unschedulableBy: 'kubectl' },
      true,
    ],
    ['that we set unschedulable', { unschedulableBy: 'eks-caretaker' }, true],
    ['that somebody has cordoned anew', { unschedulableBy: 'kubectl-cordon' }, false],
  ])('%s: our cordon is %s', (_, change, expected) => {
    expect(isCordonOurs({ ...NODE, ...change }, [TAINT])).toBe(expected);
  });

  it.each<[string, Partial<NodeView>, boolean]>([
    ['as any', {}, false],
    ["with Karpenter's taint", { taints: ['karpenter.sh/disrupted'] }, true],
    ['with the one of older versions', { taints: ['karpenter.sh/disruption'] }, true],
    ['with it beside others', { taints: ['other', 'karpenter.sh/disrupted'] }, true],
    ['that is being deleted', { isBeingDeleted: true }, true],
  ])('%s: its owner acts on it: %s', (_, change, expected) => {
    expect(ownerActs({ ...NODE, ...change })).toBe(expected);
  });
});

describe('laws of the next step', () => {
  const notice = fc.constantFrom(SPOT, CORDON, OBSERVED, REBOOT, RETIREMENT, REPLACED);
  const state = fc
    .tuple(fc.constantFrom(...STATES), fc.integer({ min: 0, max: 400 * MINUTE }))
    .map(([name, at]) => stateOf(name, at));
  const world = fc.record({
    notices: fc.uniqueArray(fc.oneof(notice, state), { selector: ({ id }) => id, maxLength: 6 }),
    at: fc.integer({ min: 0, max: 500 * MINUTE }),
    acts: fc.boolean(),
    isCordoned: fc.boolean(),
    isReady: fc.boolean(),
    isGone: fc.boolean(),
    instanceState: fc.constantFrom('running', 'stopped', 'terminated', 'unknown'),
    turn: fc.boolean(),
    replacement: fc.boolean(),
  });

  /** Carries the steps out as `follow` does, in a world that answers every question. */
  const follow = (drawn: typeof world extends fc.Arbitrary<infer World> ? World : never) => {
    const now = T0 + drawn.at;
    let record = recordOf(drawn.notices, drawn.isCordoned ? CORDONED : {})();
    let view: Partial<View> = {};
    const steps: Step[] = [];
    for (let count = 0; count < 20; count += 1) {
      const step = nextStep(record, { now, acts: drawn.acts, ...view }, SETTINGS);
      steps.push(step);
      switch (step.kind) {
        case 'rest':
          return { steps, now };
        case 'look-at-node':
          view = { ...view, node: drawn.isGone ? 'gone' : { ...NODE, isReady: drawn.isReady } };
          break;
        case 'look-at-instance':
          view = { ...view, instanceState: drawn.instanceState };
          break;
        case 'take-turn':
          view = { ...view, turn: { isOurs: drawn.turn, holder: drawn.turn ? 'us' : 'them' } };
          break;
        case 'look-for-replacement':
          view = { ...view, hasReplacement: drawn.replacement };
          break;
        case 'note-state':
          record = mergeNotices(record, record, [{ ...stateOf(step.state, drawn.at), id: 'ec2' }]);
          break;
        case 'note-owner':
          record = settle({ ...record, ownerSeen: { at: now, acts: step.acts } });
          break;
        case 'note-wait':
          record = { ...record, waitsFor: step.holder };
          break;
        case 'open':
          record = settle({ ...record, opened: step.opening });
          break;
        case 'cordon':
          record = { ...record, ...CORDONED, cordonedAt: now };
          break;
        case 'uncordon':
        case 'forget-cordon': {
          const { cordonedAt: _at, cordon: _cordon, ...rest } = record;
          record = rest;
          break;
        }
        case 'start-worker':
          view = { ...view, hasStarted: true };
          break;
        default:
          throw new Error(`unknown step ${step.kind}`);
      }
    }
    return { steps, now };
  };

  it('comes to rest, and never wants to look again in the past', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const { steps, now } = follow(drawn);
        const last = steps.at(-1);
        expect(last?.kind).toBe('rest');
        if (last?.kind === 'rest' && last.lookAt !== undefined) expect(last.lookAt).toBeGreaterThan(now - 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it('changes no node in observe', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const kinds = follow({ ...drawn, acts: false }).steps.map(({ kind }) => kind);
        expect(kinds).not.toContain('cordon');
        expect(kinds).not.toContain('uncordon');
      }),
      { numRuns: 500 },
    );
  });

  it('begins nothing about an instance that is gone', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const gone = { ...drawn, notices: [...drawn.notices, { ...stateOf('terminated', 0), id: 'gone' }] };
        expect(follow(gone).steps).toEqual([{ kind: 'rest' }]);
      }),
    );
  });
});
