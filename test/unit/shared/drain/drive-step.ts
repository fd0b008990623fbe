import { expect } from '@jest/globals';
import type { DrainOptions, DrainState } from '../../../../shared/drain/state.ts';
import { startDrain } from '../../../../shared/drain/state.ts';
import type { DrainAction, DrainStep } from '../../../../shared/drain/step.ts';
import { step } from '../../../../shared/drain/step.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { podOf } from '../../../fixtures/pods.ts';

/** Takes a drain by the hand: every observation is given to `step` one by one. */

const T0 = Date.parse('2026-11-20T03:12:00Z');
/** So many seconds after the start. */
export const at = (seconds: number): number => T0 + seconds * 1000;

export const optionsOf = (options: Partial<DrainOptions> = {}): DrainOptions => ({
  node: { name: 'node-1', uid: 'node-uid' },
  cluster: 'staging',
  deadlineAt: at(110),
  marginSeconds: 5,
  deleteAtDeadline: true,
  taintKeys: [],
  ...options,
});

export type Budgets = Readonly<Record<string, readonly string[]>>;

/** Starts a drain and answers its first list with the pods; `budgets` by pod name. */
export const begun = (
  pods: readonly PodOptions[],
  options: Partial<DrainOptions> = {},
  budgets?: Budgets,
): DrainStep => {
  const first = step(startDrain(optionsOf(options), at(0)), { kind: 'time' }, at(0));
  expect(first.actions).toEqual([{ kind: 'list', list: 1 }]);
  const named = budgets && new Map(Object.entries(budgets).map(([name, of]) => [`uid-${name}`, of]));
  return step(
    first.state,
    { kind: 'pods', list: 1, pods: pods.map(podOf), ...(named === undefined ? {} : { budgets: named }) },
    at(0),
  );
};

export const removals = (actions: readonly DrainAction[]) =>
  actions.flatMap((action) => (action.kind === 'list' ? [] : [action]));

/** Names of the pods that are asked to leave, in the order in which they are. */
export const asked = ({ actions }: DrainStep): readonly string[] =>
  removals(actions).map(({ request }) => request.name);

export const answer = (state: DrainState, uid: string, outcome: RemovalOutcome, now: number): DrainStep => {
  const pod = state.pods[uid];
  return step(
    state,
    { kind: 'outcome', uid, attempt: pod?.attempts ?? 0, verb: pod?.lastVerb ?? 'evict', outcome },
    now,
  );
};

export const relist = (state: DrainState, pods: readonly PodOptions[], now: number): DrainStep => {
  const next = step(state, { kind: 'time' }, now);
  const list = next.actions.find((action) => action.kind === 'list');
  return step(next.state, { kind: 'pods', list: list?.list ?? 0, pods: pods.map(podOf) }, now);
};

export const wait = (state: DrainState, now: number): DrainStep => step(state, { kind: 'time' }, now);

export const BUDGET: RemovalOutcome = { kind: 'budget', budgets: ['web'], message: 'needs 2, has 2' };
export const ACCEPTED: RemovalOutcome = { kind: 'accepted' };
