import { describe, expect, it } from '@jest/globals';
import { mergeNotices } from '../../../../../functions/spot-drain/decide/merge.ts';
import type { DrainRecord } from '../../../../../functions/spot-drain/decide/record.ts';
import {
  causeOf,
  isLeased,
  isOpen,
  isResting,
  keyOf,
  pendingActions,
  podsRemaining,
  taintOf,
} from '../../../../../functions/spot-drain/decide/record.ts';
import type { PodStatus } from '../../../../../shared/drain/state.ts';
import { startDrain } from '../../../../../shared/drain/state.ts';
import { at, begun, optionsOf } from '../../../shared/drain/drive-step.ts';

const SEED = {
  cluster: 'staging',
  instanceId: 'i-1',
  node: { name: 'node-1', uid: 'uid' },
  owner: 'managed' as const,
};
const EMPTY = (): DrainRecord => mergeNotices(undefined, SEED, []);
const DRAIN: Partial<DrainRecord> = { wanted: 'drain', deadlineAt: at(110) };
const OUTCOME = { reason: 'drained', at: at(30), evicted: 3, deleted: 1, remaining: 2, blocked: [] };
const HOOK = { group: 'asg', hook: 'drain', token: 'a' };

describe('a record', () => {
  it('has the key of its instance with its node', () => {
    expect(keyOf(EMPTY())).toEqual({ cluster: 'staging', instanceId: 'i-1', nodeUid: 'uid' });
  });

  it('names its taint and its verdicts after its cause', () => {
    expect(taintOf(causeOf({ ...EMPTY(), cause: 'retirement' }))).toBe('eks-caretaker/retirement');
    expect(taintOf(causeOf(EMPTY()))).toBe('eks-caretaker/rebalance');
  });

  it('has those hooks pending that Auto Scaling has not been answered', () => {
    const lifecycle = [
      { ...HOOK, answer: 'done' as const },
      { ...HOOK, token: 'b' },
      { ...HOOK, token: 'c', answer: 'over' as const },
    ];
    expect(pendingActions({ ...EMPTY(), lifecycle })).toEqual([{ ...HOOK, token: 'b' }]);
  });

  it.each<[string, Partial<DrainRecord>, boolean]>([
    ['of a drain is open', DRAIN, true],
    ['of a cordon is not', { ...DRAIN, wanted: 'cordon' }, false],
    ['of a drain that waits is not', { wanted: 'drain' }, false],
    ['of a drain that ended is not', { ...DRAIN, outcome: OUTCOME }, false],
    ['of one whose end was not told is', { ...DRAIN, outcome: { ...OUTCOME, untold: true } }, true],
    ['of one whose hook was not answered is', { ...DRAIN, outcome: OUTCOME, lifecycle: [HOOK] }, true],
    [
      'of one whose hook was answered is not',
      { ...DRAIN, outcome: OUTCOME, lifecycle: [{ ...HOOK, answer: 'done' }] },
      false,
    ],
    ['of an instance that goes is not', { ...DRAIN, departed: { state: 'stopping', at: at(5) } }, false],
    [
      'of one that goes is, where the end was not told',
      { ...DRAIN, departed: { state: 'stopping', at: at(5) }, outcome: { ...OUTCOME, untold: true } },
      true,
    ],
  ])('%s', (_, change, expected) => {
    expect(isOpen({ ...EMPTY(), ...change })).toBe(expected);
  });

  it.each<[string, Partial<DrainRecord>, boolean]>([
    ['rests until then', { ...DRAIN, rests: { until: at(11), deadlineAt: at(110) } }, true],
    ['rests no longer', { ...DRAIN, rests: { until: at(10), deadlineAt: at(110) } }, false],
    [
      'does not rest where the deadline has moved',
      { ...DRAIN, rests: { until: at(11), deadlineAt: at(90) } },
      false,
    ],
    ['does not rest where nobody said so', DRAIN, false],
  ])('%s', (_, change, expected) => {
    expect(isResting({ ...EMPTY(), ...change }, at(10))).toBe(expected);
  });

  it.each([
    [11, true],
    [10, false],
    [9, false],
  ])('whose lease ends in second %i is leased in second 10: %s', (until, expected) => {
    expect(isLeased({ ...EMPTY(), worker: { holder: 'w', until: at(until) } }, at(10))).toBe(expected);
    expect(isLeased(EMPTY(), at(10))).toBe(false);
  });
});

describe('pods that remain', () => {
  it('are those of the outcome', () => {
    expect(podsRemaining({ ...EMPTY(), outcome: OUTCOME, drain: begun([{ name: 'a' }]).state })).toBe(2);
  });

  it('are not known where nobody looked', () => {
    expect(podsRemaining(EMPTY())).toBeUndefined();
    expect(podsRemaining({ ...EMPTY(), drain: startDrain(optionsOf(), at(0)) })).toBeUndefined();
  });

  it('are those of a drain that are to leave and have not', () => {
    const names = ['pending', 'accepted', 'waiting', 'skipped', 'gone'] as const;
    const { state } = begun(names.map((name) => ({ name })));
    const pods = Object.fromEntries(
      Object.values(state.pods).map((pod) => [pod.uid, { ...pod, status: pod.name as PodStatus }]),
    );
    expect(podsRemaining({ ...EMPTY(), drain: { ...state, pods } })).toBe(3);
  });
});
