import { describe, expect, it } from '@jest/globals';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { DrainOptions, DrainState } from '../../../../shared/drain/state.ts';
import { resumeDrain, startDrain } from '../../../../shared/drain/state.ts';
import { step } from '../../../../shared/drain/step.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { podOf } from '../../../fixtures/pods.ts';
import { answer, at, BUDGET, begun, optionsOf, relist, removals, wait } from './drive-step.ts';

/** Its owners want it evicted and never deleted. */
const EVICT_ONLY = { annotations: { 'eks-caretaker/evict-only': 'true' } };

describe('step', () => {
  it('evicts every movable pod of the first list at once, each under its UID and own grace', () => {
    const { actions, state } = begun([{ name: 'a' }, { name: 'b' }, { name: 'p', owner: 'DaemonSet' }]);
    expect(actions).toEqual([
      {
        kind: 'evict',
        attempt: 1,
        request: { namespace: 'shop', name: 'a', uid: 'uid-a' },
        expiresAt: at(75),
      },
      {
        kind: 'evict',
        attempt: 1,
        request: { namespace: 'shop', name: 'b', uid: 'uid-b' },
        expiresAt: at(75),
      },
    ]);
    expect(reportOf(state, at(0)).skipped).toEqual([{ pod: 'shop/p', reason: 'daemonset-pod' }]);
  });

  it('ignores pods that the list shows on another node', () => {
    expect(begun([{ name: 'a', nodeName: 'node-2' }]).actions).toEqual([]);
  });

  it('turns into a delete under the UID when the time left reaches grace and margin', () => {
    const held = answer(begun([{ name: 'a', graceSeconds: 30 }]).state, 'uid-a', BUDGET, at(0)).state;
    const waiting = answer(step(held, { kind: 'time' }, at(74)).state, 'uid-a', BUDGET, at(74)).state;
    expect(removals(step(waiting, { kind: 'time' }, at(75)).actions)).toEqual([
      { kind: 'delete', attempt: 3, request: { namespace: 'shop', name: 'a', uid: 'uid-a' } },
    ]);
  });

  it('asks the budget first, then deletes at once, a pod whose grace is longer than the time left', () => {
    const { actions, state } = begun([{ name: 'a', graceSeconds: 600, resourceVersion: '77' }]);
    const request = { namespace: 'shop', name: 'a', uid: 'uid-a', graceSeconds: 110, resourceVersion: '77' };
    expect(actions).toEqual([{ kind: 'evict', attempt: 1, request }]);
    expect(removals(answer(state, 'uid-a', BUDGET, at(0)).actions)).toEqual([
      { kind: 'delete', attempt: 2, request },
    ]);
  });

  it('never deletes where that is turned off, and reports what was blocked by which budget', () => {
    let { state } = begun([{ name: 'a' }], { deleteAtDeadline: false });
    for (let seconds = 1; seconds < 110; seconds += 1) {
      const next = step(state, { kind: 'time' }, at(seconds));
      expect(removals(next.actions).every(({ kind }) => kind === 'evict')).toBe(true);
      state = answer(next.state, 'uid-a', BUDGET, at(seconds)).state;
    }
    const end = step(state, { kind: 'time' }, at(110));
    expect(end.nextAt).toBeUndefined();
    expect(reportOf(end.state, at(110))).toMatchObject({
      finished: true,
      outcome: 'blocked',
      evicted: 0,
      deleted: 0,
      blocked: [{ pod: 'shop/a', budgets: ['web'] }],
      remaining: ['shop/a'],
    });
  });

  it('shortens no grace where the node outlives the deadline', () => {
    const pods = [{ name: 'slow', graceSeconds: 600 }];
    const grace = (options: object) => removals(begun(pods, options).actions)[0]?.request.graceSeconds;
    expect(grace({ deleteAtDeadline: false })).toBe(110);
    expect(grace({ deleteAtDeadline: false, outlivesDeadline: true })).toBeUndefined();
  });

  it('sends grace 1 for a pod whose own grace is 0', () => {
    expect(removals(begun([{ name: 'a', graceSeconds: 0 }]).actions)[0]?.request.graceSeconds).toBe(1);
  });

  it('waits for a pod whose deletion somebody else began', () => {
    const { actions, state } = begun([{ name: 'a', deletionTimestamp: '2026-11-20T03:11:59Z' }]);
    expect(actions).toEqual([]);
    expect(reportOf(state, at(0)).remaining).toEqual(['shop/a']);
  });

  it('believes that a node is empty only after the list that follows five seconds after the start', () => {
    const { state, nextAt } = begun([]);
    expect(state.finished).toBeUndefined();
    expect(nextAt).toBe(at(5));
    const end = relist(state, [], at(5));
    expect(end.state.finished).toEqual({ at: at(5), outcome: 'empty' });
    expect(reportOf(end.state, at(6)).secondsToEmpty).toBe(0);
  });

  it('evicts a pod that the scheduler bound late', () => {
    const late = relist(begun([]).state, [{ name: 'late' }], at(5));
    expect(removals(late.actions).map(({ request }) => request.name)).toEqual(['late']);
    expect(late.state.emptySince).toBeUndefined();
  });

  it('pauses all evictions for as long as a server under pressure asks', () => {
    const { state } = begun([{ name: 'a' }, { name: 'b' }]);
    const pressed = answer(state, 'uid-a', { kind: 'pressure', retryAfterSeconds: 3 }, at(1)).state;
    const held = answer(pressed, 'uid-b', BUDGET, at(1)).state;
    expect(removals(step(held, { kind: 'time' }, at(3.9)).actions)).toEqual([]);
    expect(removals(step(held, { kind: 'time' }, at(4)).actions)).toHaveLength(2);
  });

  it('does not ask again soon where two budgets select a pod', () => {
    const { state } = begun([{ name: 'a' }]);
    const refused = answer(state, 'uid-a', { kind: 'budget-misconfigured', message: 'two' }, at(0)).state;
    expect(refused.pods['uid-a']?.notBefore).toBe(at(30));
    const named = step(
      refused,
      { kind: 'budgets', byUid: new Map([['uid-a', ['web', 'all']]]) },
      at(1),
    ).state;
    expect(reportOf(named, at(1)).blocked).toEqual([{ pod: 'shop/a', budgets: ['web', 'all'] }]);
  });

  it('looks at a fresh list before it asks again after a lost answer', () => {
    const { state } = begun([{ name: 'a' }]);
    const lost = answer(state, 'uid-a', { kind: 'failed', message: 'reset' }, at(0.1)).state;
    expect(removals(step(lost, { kind: 'time' }, at(0.9)).actions)).toEqual([]);
    const applied = relist(lost, [{ name: 'a', deletionTimestamp: '2026-11-20T03:12:00Z' }], at(1));
    expect(removals(applied.actions)).toEqual([]);
    const notApplied = relist(lost, [{ name: 'a' }], at(1));
    expect(removals(notApplied.actions)).toMatchObject([{ kind: 'evict', attempt: 2 }]);
  });

  it('does the same when another worker goes on with the drain', () => {
    const { state } = begun([{ name: 'a' }]);
    const resumed = step(
      resumeDrain(JSON.parse(JSON.stringify(state)) as DrainState, at(20)),
      { kind: 'time' },
      at(20),
    );
    expect(resumed.actions).toEqual([{ kind: 'list', list: 2 }]);
  });

  it('takes another pod of the same name for another pod', () => {
    const { state } = begun([{ name: 'a', uid: 'uid-old' }]);
    const conflicted = answer(state, 'uid-old', { kind: 'conflict' }, at(0)).state;
    const next = relist(conflicted, [{ name: 'a', uid: 'uid-new' }], at(0.1));
    expect(next.state.pods['uid-old']?.status).toBe('gone');
    expect(removals(next.actions).map(({ request }) => request.uid)).toEqual(['uid-new']);
  });

  it('asks a pod again whose turn did not come', () => {
    const { state } = begun([{ name: 'a' }]);
    const waiting = answer(state, 'uid-a', { kind: 'not-sent' }, at(74.9));
    expect(removals(waiting.actions)).toMatchObject([{ kind: 'evict', attempt: 2 }]);
  });

  it('deletes a pod that stood in line for its budget until its last chance', () => {
    const { state } = begun([{ name: 'a' }]);
    const expired = answer(state, 'uid-a', { kind: 'not-sent' }, at(75));
    expect(removals(expired.actions)).toMatchObject([{ kind: 'delete', attempt: 2 }]);
    // Nothing waits at the last chance.
    expect(removals(expired.actions)[0]).not.toHaveProperty('expiresAt');
  });

  it('deletes at its last chance what was to be asked again later', () => {
    const { state } = begun([{ name: 'a' }]);
    const refused = answer(state, 'uid-a', { kind: 'budget-misconfigured', message: 'two' }, at(60)).state;
    expect(refused.pods['uid-a']?.notBefore).toBe(at(90));
    expect(removals(wait(refused, at(74.9)).actions)).toEqual([]);
    expect(removals(wait(refused, at(75)).actions)).toMatchObject([{ kind: 'delete' }]);
  });

  it.each<[string, Partial<PodOptions>, Partial<DrainOptions>, number | undefined]>([
    ['its last chance', {}, {}, at(75)],
    ['its last chance, though it is never deleted', EVICT_ONLY, {}, at(75)],
    ['its turn, where nothing is deleted', {}, { deleteAtDeadline: false }, undefined],
    ['its turn, where its last chance is now', { ...EVICT_ONLY, graceSeconds: 105 }, {}, undefined],
    ['its turn, where its last chance is over', { ...EVICT_ONLY, graceSeconds: 600 }, {}, undefined],
  ])('lets an eviction stand in line until %s', (_, pod, options, expiresAt) => {
    const { actions } = begun([{ ...pod, name: 'a' }], { optOuts: { keep: [], evictOnly: [] }, ...options });
    expect(removals(actions).map((action) => [action.kind, action.expiresAt])).toEqual([
      ['evict', expiresAt],
    ]);
  });

  it('asks a server less often that takes its time for a list', () => {
    const first = step(startDrain(optionsOf(), at(0)), { kind: 'time' }, at(0));
    const nextListAfter = (seconds: number) =>
      step(first.state, { kind: 'pods', list: 1, pods: [podOf({ name: 'a' })] }, at(seconds)).state
        .nextListAt;
    expect(nextListAfter(0.05)).toBe(at(1.05));
    expect(nextListAfter(0.2)).toBe(at(3.4));
    expect(nextListAfter(3)).toBe(at(8));
  });

  it('keeps asking for the list while the server is down, then says so at the deadline', () => {
    let next = step(startDrain(optionsOf(), at(0)), { kind: 'time' }, at(0));
    while (next.nextAt !== undefined) {
      const failed = next.state.listInFlight;
      if (failed === undefined) next = step(next.state, { kind: 'time' }, next.nextAt);
      else {
        const observation = { kind: 'list-failed', list: failed.number, message: 'refused' } as const;
        next = step(next.state, observation, failed.issuedAt + 10);
      }
    }
    expect(next.state.lists).toBeGreaterThan(15);
    expect(next.state.finished).toEqual({ at: at(110), outcome: 'deadline' });
    expect(reportOf(next.state, at(110))).toMatchObject({ outcome: 'deadline', error: 'refused' });
  });

  it('looks again when the budget may be asked, or when pods that wait for room have their last chance', () => {
    const pods = Array.from({ length: 12 }, (_, index) => ({ name: `p${index}` }));
    const budgets = Object.fromEntries(pods.map(({ name }) => [name, ['web']]));
    const first = begun(pods, {}, budgets);
    expect(first.nextAt).toBe(at(1));
    const listing = wait(first.state, at(1));
    expect(listing.nextAt).toBe(at(75));
    const alone = answer(begun([{ name: 'a' }]).state, 'uid-a', BUDGET, at(0.5));
    expect(alone.nextAt).toBe(at(0.6));
  });

  it('does not look again at once when the last chance of pods that wait for room is over', () => {
    const pods = Array.from({ length: 12 }, (_, index) => ({ name: `p${index}` }));
    const budgets = Object.fromEntries(pods.map(({ name }) => [name, ['web']]));
    const first = begun(pods, { deleteAtDeadline: false }, budgets);
    for (const seconds of [75, 80]) {
      expect(wait(first.state, at(seconds)).nextAt).toBe(at(110));
    }
  });

  it('waits for the budget of a pod that is never deleted, at its last chance too', () => {
    const { state } = begun([{ name: 'a' }], { deleteAtDeadline: false });
    const refused = answer(state, 'uid-a', BUDGET, at(80));
    expect(removals(refused.actions)).toEqual([]);
    expect(removals(step(refused.state, { kind: 'time' }, at(80.1)).actions)).toHaveLength(1);
  });

  it('waits before it deletes again what it may not delete', () => {
    const { state } = begun([{ name: 'a', graceSeconds: 600 }]);
    const deleting = answer(state, 'uid-a', BUDGET, at(0)).state;
    const refused = answer(deleting, 'uid-a', { kind: 'forbidden', message: 'no' }, at(1));
    expect(removals(refused.actions)).toEqual([]);
    expect(removals(step(refused.state, { kind: 'time' }, at(30.9)).actions)).toEqual([]);
    expect(removals(step(refused.state, { kind: 'time' }, at(31)).actions)).toMatchObject([
      { kind: 'delete' },
    ]);
  });

  it('is empty at a deadline that comes before the node could settle', () => {
    const end = step(begun([], { deadlineAt: at(3) }).state, { kind: 'time' }, at(3));
    expect(end).toMatchObject({ actions: [], nextAt: undefined });
    expect(end.state.finished).toEqual({ at: at(3), outcome: 'empty' });
  });

  it('is not blocked at the deadline by a pod that its budget let go', () => {
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', BUDGET, at(0)).state;
    const asking = step(refused, { kind: 'time' }, at(0.1)).state;
    const stopping = answer(asking, 'uid-a', { kind: 'accepted' }, at(0.1)).state;
    expect(step(stopping, { kind: 'time' }, at(110)).state.finished?.outcome).toBe('deadline');
  });

  it('takes in the names of budgets when all is over, and nothing else', () => {
    const unnamed = { kind: 'budget', budgets: [], message: 'full' } as const;
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', unnamed, at(109)).state;
    const { state } = step(refused, { kind: 'time' }, at(110));
    const named = step(state, { kind: 'budgets', byUid: new Map([['uid-a', ['web']]]) }, at(111));
    expect(named).toEqual({ observed: named.state, state: named.state, actions: [], nextAt: undefined });
    expect(reportOf(named.state, at(111)).blocked).toEqual([{ pod: 'shop/a', budgets: ['web'] }]);
    const late = step(state, { kind: 'pods', list: state.lists, pods: [] }, at(111));
    expect(late).toEqual({ observed: state, state, actions: [], nextAt: undefined });
  });

  it('reports evicted and deleted pods, and when the node was empty', () => {
    const { state } = begun([{ name: 'a' }, { name: 'b', graceSeconds: 600 }]);
    const evicted = answer(state, 'uid-a', { kind: 'accepted' }, at(0)).state;
    const deleted = answer(
      answer(evicted, 'uid-b', BUDGET, at(0)).state,
      'uid-b',
      { kind: 'accepted' },
      at(0),
    ).state;
    const end = relist(deleted, [], at(7)).state;
    expect(reportOf(end, at(8))).toEqual({
      finished: true,
      outcome: 'empty',
      evicted: 1,
      deleted: 1,
      skipped: [],
      blocked: [{ pod: 'shop/b', budgets: ['web'] }],
      remaining: [],
      secondsToEmpty: 7,
    });
  });
});
