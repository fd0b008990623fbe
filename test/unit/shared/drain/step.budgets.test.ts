import { describe, expect, it } from '@jest/globals';
import { MOST_PER_BUDGET } from '../../../../shared/drain/gates.ts';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { DrainOptions, DrainState } from '../../../../shared/drain/state.ts';
import { step } from '../../../../shared/drain/step.ts';
import { podOf } from '../../../fixtures/pods.ts';
import type { Budgets } from './drive-step.ts';
import { ACCEPTED, answer, asked, at, BUDGET, begun, removals, wait } from './drive-step.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);
const ofBudget = (count: number): Budgets =>
  Object.fromEntries(names(count).map((name): [string, readonly string[]] => [name, ['web']]));
const fleet = (count: number) => names(count).map((name) => ({ name }));

/** Answers all that are under way, then the rest as they come; answers the names in the order in which they were asked. */
const answerAll = (state: DrainState, outcome: typeof BUDGET, now: number): DrainState => {
  let current = state;
  for (const pod of Object.values(state.pods)) {
    if (pod.inFlight) current = answer(current, pod.uid, outcome, now).state;
  }
  return current;
};

describe('a budget that refuses', () => {
  it('is asked again after 0.1 seconds, then half as long again each time, 5 seconds at the most', () => {
    let { state } = begun([{ name: 'a' }]);
    const waits: number[] = [];
    let now = at(0);
    for (let count = 0; count < 12; count += 1) {
      const refused = answer(state, 'uid-a', BUDGET, now);
      const due = Math.min(...Object.values(refused.state.gates).map(({ closedUntil }) => closedUntil));
      waits.push((due - now) / 1000);
      now = due;
      state = wait(refused.state, now).state;
    }
    expect(waits).toEqual([0.1, 0.15, 0.225, 0.338, 0.507, 0.761, 1.142, 1.713, 2.57, 3.855, 5, 5]);
  });

  it('is asked by one pod for all that it holds', () => {
    const refused = answerAll(begun(fleet(4)).state, BUDGET, at(0));
    expect(asked(wait(refused, at(0.05)))).toEqual([]);
    const probe = wait(refused, at(0.1));
    expect(asked(probe)).toEqual(['p0']);
    expect(asked(wait(probe.state, at(2)))).toEqual([]);
  });

  it('and then lets a pod go is asked for two at once, then for as many as it answers well', () => {
    const refused = answerAll(begun(fleet(20)).state, BUDGET, at(0));
    const probe = wait(refused, at(0.1));
    const two = answer(probe.state, 'uid-p0', ACCEPTED, at(0.2));
    expect(asked(two)).toEqual(['p1', 'p2']);
    const more = answer(two.state, 'uid-p1', ACCEPTED, at(0.3));
    expect(asked(more)).toEqual(['p3', 'p4', 'p5']);
    const free = answer(more.state, 'uid-p2', ACCEPTED, at(0.3));
    expect(free.state.gates).toEqual({});
    expect(Object.values(free.state.pods).filter(({ inFlight }) => inFlight)).toHaveLength(MOST_PER_BUDGET);
  });

  it('starts again at 0.1 seconds when it is full again after it let some go', () => {
    let { state } = begun(fleet(3));
    state = answerAll(state, BUDGET, at(0));
    state = answerAll(wait(state, at(0.1)).state, BUDGET, at(0.1));
    state = answerAll(wait(state, at(0.3)).state, ACCEPTED, at(0.3));
    state = answerAll(state, BUDGET, at(0.4));
    expect(state.gates['shop/web']).toMatchObject({ closedUntil: at(0.5), delayMs: 100, atOnce: 1 });
  });

  it('is not open for others because one of its pods was deleted past it', () => {
    const { state } = begun([{ name: 'slow', graceSeconds: 600 }, { name: 'held' }]);
    const refused = answer(state, 'uid-slow', BUDGET, at(0));
    expect(removals(refused.actions)).toMatchObject([{ kind: 'delete', request: { name: 'slow' } }]);
    const both = answer(refused.state, 'uid-held', BUDGET, at(0.02)).state;
    const deleted = answer(both, 'uid-slow', ACCEPTED, at(0.05));
    expect(asked(deleted)).toEqual([]);
    expect(deleted.state.gates).toEqual(both.gates);
  });

  it('counts a burst of refusals as one', () => {
    const state = answerAll(begun(fleet(6)).state, BUDGET, at(0));
    expect(state.gates['shop/web']).toMatchObject({ delayMs: 100 });
    expect(Object.keys(state.gates)).toEqual(['shop/web']);
  });

  it('does not hold up an unready pod, which it may let go', () => {
    const { state } = begun([{ name: 'sick', ready: false }, { name: 'well' }]);
    const refused = answer(state, 'uid-well', BUDGET, at(0)).state;
    const both = answer(refused, 'uid-sick', BUDGET, at(0)).state;
    expect(asked(wait(both, at(0.1)))).toEqual(['sick', 'well']);
    const one = answerAll(wait(both, at(0.1)).state, BUDGET, at(0.1));
    // The unready one has a back-off of its own.
    expect(one.pods['uid-sick']?.notBefore).toBe(at(0.25));
  });

  it('does not hold up pods of another namespace with a budget of the same name', () => {
    const { state } = begun([{ name: 'a' }, { name: 'b', namespace: 'other' }]);
    const refused = answer(answer(state, 'uid-a', BUDGET, at(0)).state, 'uid-b', BUDGET, at(0.05)).state;
    expect(asked(wait(refused, at(0.1)))).toEqual(['a']);
  });

  it('that is not named holds up the one pod alone', () => {
    const unnamed = { kind: 'budget', budgets: [], message: 'full' } as const;
    const { state } = begun([{ name: 'a' }, { name: 'b' }]);
    const refused = answer(state, 'uid-a', unnamed, at(0)).state;
    expect(refused.gates).toEqual({});
    expect(refused.pods['uid-a']?.notBefore).toBe(at(0.1));
  });
});

describe('two budgets', () => {
  it('hold a pod until the later one of them may be asked again', () => {
    const { state } = begun([{ name: 'a' }, { name: 'both' }]);
    const first = answer(state, 'uid-a', BUDGET, at(0)).state;
    const refusal = { kind: 'budget', budgets: ['web', 'all'], message: 'full' } as const;
    const second = answer(first, 'uid-both', refusal, at(0.05)).state;
    const probe = wait(second, at(0.12));
    expect(asked(probe)).toEqual(['a']);
    const open = answer(probe.state, 'uid-a', ACCEPTED, at(0.13));
    expect(asked(wait(open.state, at(0.14)))).toEqual([]);
    expect(asked(wait(open.state, at(0.15)))).toEqual(['both']);
  });
});

describe('a pod that comes while its budget is closed', () => {
  it.each([
    ['waits with the others', true, []],
    ['is asked at once where it is unready: the budget may let it go', false, ['late']],
  ])('%s', (_, ready, expected) => {
    const { state } = begun([{ name: 'a' }]);
    const listing = wait(state, at(1)).state;
    const refused = answer(listing, 'uid-a', BUDGET, at(1.1)).state;
    const late = { name: 'late', ready };
    const pods = [podOf({ name: 'a' }), podOf(late)];
    const budgets = new Map([['uid-late', ['web']]]);
    expect(asked(step(refused, { kind: 'pods', list: 2, pods, budgets }, at(1.15)))).toEqual(expected);
  });
});

describe('a pod of two budgets', () => {
  it('takes no place at the one while the other is full', () => {
    const first = names(MOST_PER_BUDGET).map((name) => ({ name: `web-${name}` }));
    const last = names(MOST_PER_BUDGET).map((name) => ({ name: `all-${name}` }));
    const budgets: Budgets = {
      ...Object.fromEntries(first.map(({ name }) => [name, ['web']])),
      both: ['web', 'all'],
      ...Object.fromEntries(last.map(({ name }) => [name, ['all']])),
    };
    const begin = begun([...first, { name: 'both' }, ...last], {}, budgets);
    expect(asked(begin)).toEqual([...first, ...last].map(({ name }) => name));
  });
});

describe('a budget that was read before', () => {
  it('is asked for a few of its pods at a time', () => {
    const first = begun(fleet(20), {}, ofBudget(20));
    expect(asked(first)).toHaveLength(MOST_PER_BUDGET);
    expect(asked(answer(first.state, 'uid-p3', ACCEPTED, at(0.02)))).toEqual([`p${MOST_PER_BUDGET}`]);
  });

  it('names its lane, so that drains of several nodes make room for each other', () => {
    const [removal] = removals(begun(fleet(1), {}, ofBudget(1)).actions);
    expect(removal).toMatchObject({ kind: 'evict', lane: 'shop/web' });
  });

  it('keeps those from asking that would be refused with the others', () => {
    const first = begun(fleet(20), {}, ofBudget(20));
    const refused = answerAll(first.state, BUDGET, at(0.02));
    const tried = Object.values(refused.pods).filter(({ attempts }) => attempts > 0);
    expect(tried).toHaveLength(MOST_PER_BUDGET);
    expect(reportOf(refused, at(1)).blocked).toHaveLength(20);
  });

  it('does not keep a pod from being asked for itself, then deleted, when its time comes', () => {
    const first = begun(fleet(12), {}, ofBudget(12));
    const refused = answerAll(first.state, BUDGET, at(0.02));
    const end = wait(refused, at(75));
    expect(removals(end.actions).map(({ kind }) => kind)).toEqual([
      ...Array(MOST_PER_BUDGET).fill('delete'),
      ...Array(4).fill('evict'),
    ]);
    const again = answer(end.state, 'uid-p11', BUDGET, at(75.1));
    expect(removals(again.actions)).toMatchObject([{ kind: 'delete', request: { name: 'p11' } }]);
  });

  it('does not keep it from that either where it has just refused another one again', () => {
    const first = begun(fleet(12), {}, ofBudget(12));
    const probe = wait(answerAll(first.state, BUDGET, at(0.02)), at(74.9));
    expect(asked(probe)).toEqual(['p0']);
    const refused = answerAll(probe.state, BUDGET, at(74.95));
    expect(refused.gates['shop/web']?.closedUntil).toBeGreaterThan(at(75));
    expect(removals(wait(refused, at(75)).actions).map(({ kind }) => kind)).toEqual([
      ...Array(MOST_PER_BUDGET).fill('delete'),
      ...Array(4).fill('evict'),
    ]);
  });

  it.each<[string, Partial<DrainOptions>]>([
    ['nothing is deleted', { deleteAtDeadline: false }],
    ['its owners want no delete', { optOuts: { keep: [], evictOnly: ['shop'] } }],
  ])('has no more of its pods asked at once when their time comes where %s', (_, options) => {
    const first = begun(fleet(12), options, ofBudget(12));
    expect(asked(first)).toHaveLength(MOST_PER_BUDGET);
    expect(asked(wait(first.state, at(75)))).toEqual([]);
  });

  it('leaves pods that have none to go all at once', () => {
    expect(asked(begun([...fleet(30), { name: 'free' }], {}, { p0: ['web'] }))).toHaveLength(31);
  });
});
