import { describe, expect, it } from '@jest/globals';
import type { V1Pod, V1PodCondition } from '@kubernetes/client-node';
import type { Observation } from '../../../../shared/drain/observe.ts';
import { observe } from '../../../../shared/drain/observe.ts';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import { resumeDrain, startDrain } from '../../../../shared/drain/state.ts';
import { step } from '../../../../shared/drain/step.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { podOf } from '../../../fixtures/pods.ts';
import { ACCEPTED, answer, asked, at, BUDGET, begun, optionsOf, relist, wait } from './drive-step.ts';

const DELETED = '2026-11-20T03:12:01Z';
const FORBIDDEN: RemovalOutcome = { kind: 'forbidden', message: 'may not evict' };
const UNNAMED: RemovalOutcome = { kind: 'budget', budgets: [], message: 'full' };
const started = (options = {}) => wait(startDrain(optionsOf(options), at(0)), at(0)).state;
const counted = (state: DrainState) => {
  const { evicted, deleted } = reportOf(state, at(100));
  return { evicted, deleted };
};

describe('rounds', () => {
  it.each([
    [0, 1],
    [14.9, 1],
    [15, 2],
    [179.9, 2],
    [180, 5],
    [600, 5],
  ])('get rarer: after %d seconds the next list is %d seconds later', (seconds, later) => {
    const { state } = begun([{ name: 'a' }], { deadlineAt: at(3600) });
    const { nextListAt } = relist(state, [{ name: 'a' }], at(seconds)).state;
    if (seconds > 0) expect((nextListAt - at(seconds)) / 1000).toBeCloseTo(later, 6);
    else expect(state.nextListAt).toBe(at(later));
  });

  it('that fail are repeated after half a second, then twice as long each time, five seconds at most', () => {
    let state = started();
    const waits: number[] = [];
    let now = at(0);
    for (let count = 0; count < 6; count += 1) {
      const list = state.listInFlight?.number ?? 0;
      state = step(state, { kind: 'list-failed', list, message: 'refused' }, now).state;
      waits.push((state.nextListAt - now) / 1000);
      now = state.nextListAt;
      state = wait(state, now).state;
    }
    expect(waits).toEqual([0.5, 1, 2, 4, 5, 5]);
  });

  it('begin with short waits again after a list that was answered', () => {
    const failed = step(started(), { kind: 'list-failed', list: 1, message: 'refused' }, at(0)).state;
    const listed = relist(failed, [{ name: 'a' }], at(1)).state;
    const again = wait(listed, at(2)).state;
    const next = step(again, { kind: 'list-failed', list: 3, message: 'refused' }, at(2)).state;
    expect(next.nextListAt).toBe(at(2.5));
    expect(reportOf(listed, at(1))).not.toHaveProperty('error');
    expect(reportOf(next, at(2)).error).toBe('refused');
  });
});

describe('an answer', () => {
  it.each<[string, Observation]>([
    ['a list', { kind: 'pods', list: 1, pods: [podOf({ name: 'a' })] }],
    ['a list with budgets', { kind: 'pods', list: 1, pods: [], budgets: new Map([['uid-a', ['web']]]) }],
    ['a failed list', { kind: 'list-failed', list: 1, message: 'refused' }],
    ['a list that says that the node is gone', { kind: 'node-gone', list: 1 }],
    ['an outcome', { kind: 'outcome', uid: 'uid-a', attempt: 1, verb: 'evict', outcome: ACCEPTED }],
    [
      'one about a pod that nobody knows',
      { kind: 'outcome', uid: 'x', attempt: 1, verb: 'evict', outcome: ACCEPTED },
    ],
    ['the time', { kind: 'time' }],
  ])('that comes twice, or too late, changes nothing: %s', (_, observation) => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', BUDGET, at(0));
    expect(observe(state, observation, at(1))).toBe(state);
    const asking = wait(state, at(1)).state;
    expect(asking.listInFlight?.number).toBe(2);
    expect(observe(asking, observation, at(1))).toBe(asking);
  });

  it('that the node is gone ends the drain', () => {
    const end = observe(started(), { kind: 'node-gone', list: 1 }, at(3));
    expect(end.finished).toEqual({ at: at(3), outcome: 'node-gone' });
  });

  it('that the pod is gone is as good as a list without it', () => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', { kind: 'gone' }, at(2));
    expect(state.pods['uid-a']?.status).toBe('gone');
    expect(state.emptySince).toBe(at(2));
    expect(counted(state)).toEqual({ evicted: 0, deleted: 0 });
  });

  it('that the eviction was accepted comes too late for a pod that is gone, but says whose work it was', () => {
    const left = relist(begun([{ name: 'a' }]).state, [], at(1)).state;
    const { state } = answer(left, 'uid-a', ACCEPTED, at(1.5));
    expect(state.pods['uid-a']?.status).toBe('gone');
    expect(counted(state)).toEqual({ evicted: 1, deleted: 0 });
  });

  it('that a right is missing is not asked for again soon, and is in the report until it works', () => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', FORBIDDEN, at(1));
    expect(asked(wait(state, at(30.9)))).toEqual([]);
    expect(asked(wait(state, at(31)))).toEqual(['a']);
    expect(reportOf(state, at(1))).toMatchObject({ error: 'may not evict', missingRight: 'may not evict' });
    const evicted = answer(wait(state, at(31)).state, 'uid-a', ACCEPTED, at(31)).state;
    expect(reportOf(evicted, at(31))).not.toHaveProperty('missingRight');
    expect(reportOf(evicted, at(31))).not.toHaveProperty('error');
  });

  it('under pressure without a time is a pause of a second', () => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', { kind: 'pressure' }, at(1));
    expect(asked(wait(state, at(1.99)))).toEqual([]);
    expect(asked(wait(state, at(2)))).toEqual(['a']);
  });

  it('that changed meanwhile asks for a list soon, and for the pod after it', () => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', { kind: 'conflict' }, at(0.2));
    expect(state.nextListAt).toBe(at(0.3));
    expect(asked(wait(state, at(0.9)))).toEqual([]);
    expect(asked(relist(state, [{ name: 'a' }], at(0.3)))).toEqual(['a']);
  });
});

describe('budgets', () => {
  const named = (state: DrainState, names: readonly string[]) =>
    step(state, { kind: 'budgets', byUid: new Map([['uid-a', names]]) }, at(1)).state;

  it('that were read name those that a refusal does not', () => {
    const { state } = begun([{ name: 'a' }], {}, { a: ['web'] });
    const refused = answer(state, 'uid-a', UNNAMED, at(0)).state;
    expect(Object.keys(refused.gates)).toEqual(['shop/web']);
    expect(reportOf(refused, at(0)).blocked).toEqual([{ pod: 'shop/a', budgets: ['web'] }]);
  });

  it('that are read later name those of a refusal without names', () => {
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', UNNAMED, at(0)).state;
    expect(reportOf(refused, at(0)).blocked).toEqual([{ pod: 'shop/a', budgets: [] }]);
    expect(named(refused, ['web']).pods['uid-a']?.held).toEqual({ budgets: ['web'], message: 'full' });
  });

  it('that are read later do not change what a refusal named', () => {
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', BUDGET, at(0)).state;
    expect(named(refused, ['all']).pods['uid-a']?.held?.budgets).toEqual(['web']);
  });

  it('hold nobody by being read, and are not forgotten where none are told', () => {
    const { state } = begun([{ name: 'a' }]);
    const read = named(state, ['web']);
    expect(read.pods['uid-a']).toEqual({ ...state.pods['uid-a'], budgets: ['web'] });
    expect(named(read, []).pods).toEqual(read.pods);
    expect(reportOf(read, at(1)).blocked).toEqual([]);
  });
});

describe('a pod as the list shows it', () => {
  const seen = (pod: V1Pod, options = {}) =>
    step(started(options), { kind: 'pods', list: 1, pods: [pod] }, at(0)).state.pods['uid-a'];
  const BARE: V1Pod = { metadata: { uid: 'uid-a' }, spec: { nodeName: 'node-1', containers: [] } };

  it('of which little is said is unready, and has the grace that Kubernetes gives', () => {
    expect(seen(BARE, { order: 'by-priority' })).toMatchObject({
      ready: false,
      graceSeconds: 30,
      wave: 0,
      status: 'pending',
    });
  });

  it('without a UID is none', () => {
    const { metadata: _left, ...pod } = BARE;
    expect(step(started(), { kind: 'pods', list: 1, pods: [pod] }, at(0)).state.pods).toEqual({});
  });

  it('is asked in its place in the newest list', () => {
    const waiting = begun([{ name: 'a' }, { name: 'b' }], { evictAfterSeconds: 2 }).state;
    const { state } = relist(waiting, [{ name: 'b' }, { name: 'a' }], at(1));
    expect(asked(wait(state, at(2)))).toEqual(['b', 'a']);
  });

  const FINISHED: PodOptions = { name: 'a', phase: 'Succeeded' };
  it('that had ended before it was asked is left alone', () => {
    expect(begun([FINISHED]).state.pods['uid-a']).toMatchObject({
      status: 'skipped',
      skipReason: 'finished',
    });
  });

  it('that ends before it is asked is left alone, and does not count', () => {
    const waiting = begun([{ name: 'a' }], { evictAfterSeconds: 20 }).state;
    const { state } = relist(waiting, [FINISHED], at(1));
    expect(state.pods['uid-a']).toMatchObject({ status: 'skipped', skipReason: 'finished' });
    expect(counted(state)).toEqual({ evicted: 0, deleted: 0 });
  });

  it.each<[string, RemovalOutcome, object]>([
    ['and agreed', ACCEPTED, { evicted: 1, deleted: 0 }],
    ['and was never heard of', { kind: 'failed', message: 'reset' }, { evicted: 1, deleted: 0 }],
    ['and was refused', BUDGET, { evicted: 0, deleted: 0 }],
  ])('that has ended since it was asked is gone (%s)', (_, outcome, expected) => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', outcome, at(0));
    const ended = relist(state, [FINISHED], at(1)).state;
    expect(ended.pods['uid-a']?.status).toBe('gone');
    expect(reportOf(ended, at(1)).remaining).toEqual([]);
    expect(counted(ended)).toEqual(expected);
  });

  it('that was to stay and has ended stays where it is', () => {
    const optOuts = { keep: [], evictOnly: [] };
    const kept = { name: 'a', annotations: { 'eks-caretaker/keep-on-node': 'true' } };
    const refused = answer(begun([{ name: 'a' }], { optOuts }).state, 'uid-a', { kind: 'conflict' }, at(0));
    const skipped = relist(refused.state, [kept], at(1)).state;
    expect(skipped.pods['uid-a']).toMatchObject({ status: 'skipped', skipReason: 'opted-out' });
    const ended = relist(skipped, [{ ...kept, phase: 'Failed' }], at(5)).state;
    expect(ended.pods['uid-a']).toMatchObject({ status: 'skipped', skipReason: 'finished' });
  });

  it('that was to stay and may go again is no longer among those that stay', () => {
    const optOuts = { keep: [], evictOnly: [] };
    const kept = { name: 'a', annotations: { 'eks-caretaker/keep-on-node': 'true' } };
    const again = relist(begun([kept], { optOuts }).state, [{ name: 'a' }], at(5));
    expect(asked(again)).toEqual(['a']);
    expect(reportOf(again.state, at(5)).skipped).toEqual([]);
  });

  it('that we deleted is our delete, whatever its conditions say of an eviction', () => {
    const { state } = begun([{ name: 'a', graceSeconds: 600 }]);
    const deleting = answer(state, 'uid-a', BUDGET, at(0)).state;
    const deleted = answer(deleting, 'uid-a', ACCEPTED, at(0)).state;
    const ended = relist(deleted, [{ ...FINISHED, evictedAt: '2026-11-20T03:12:00Z' }], at(1)).state;
    expect(counted(ended)).toEqual({ evicted: 0, deleted: 1 });
  });

  it('that somebody deletes after it refused us is not our work', () => {
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', { kind: 'conflict' }, at(0)).state;
    expect(counted(relist(refused, [{ name: 'a', deletionTimestamp: DELETED }], at(1)).state)).toEqual({
      evicted: 0,
      deleted: 0,
    });
  });

  it('that was deleted by the worker before us is its delete, told once', () => {
    const { state } = begun([{ name: 'a', graceSeconds: 600 }]);
    const deleting = answer(state, 'uid-a', BUDGET, at(0)).state;
    const taken = resumeDrain(deleting, at(1));
    const stopping = relist(taken, [{ name: 'a', deletionTimestamp: DELETED }], at(1)).state;
    expect(counted(stopping)).toEqual({ evicted: 0, deleted: 1 });
    expect(counted(relist(stopping, [], at(3)).state)).toEqual({ evicted: 0, deleted: 1 });
  });

  const EVICTED: V1PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    lastTransitionTime: '2026-11-20T03:12:00Z' as never,
  };
  it.each<[string, Partial<V1PodCondition>, number]>([
    ['since the drain began', {}, 1],
    ['a little before it, for clocks differ', { lastTransitionTime: '2026-11-20T03:11:58Z' as never }, 1],
    ['long before it', { lastTransitionTime: '2026-11-20T03:11:57Z' as never }, 0],
    ['not any more', { status: 'False' }, 0],
    ['by the scheduler', { reason: 'PreemptionByScheduler' }, 0],
    ['as another condition says', { type: 'Ready' }, 0],
  ])('and that is stopping was evicted %s: %s', (_, change, evicted) => {
    const pod = podOf({ name: 'a', deletionTimestamp: DELETED });
    const status = { ...pod.status, conditions: [{ ...EVICTED, ...change }] };
    const { state } = step(started(), { kind: 'pods', list: 1, pods: [{ ...pod, status }] }, at(0));
    expect(counted(state)).toEqual({ evicted, deleted: 0 });
  });
});
