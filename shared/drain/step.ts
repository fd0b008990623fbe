import type { Observation } from './observe.ts';
import { observe, settledAt } from './observe.ts';
import { dueAt, removalRequest, removalVerb } from './removal.ts';
import type { DrainState, PodProgress, RemovalVerb } from './state.ts';
import { remainingPods } from './state.ts';
import type { RemovalRequest } from './types.ts';

export type DrainAction =
  | { readonly kind: 'list'; readonly list: number }
  | { readonly kind: RemovalVerb; readonly attempt: number; readonly request: RemovalRequest };

export interface DrainStep {
  readonly state: DrainState;
  /** To be carried out at the same time; each answer is a later observation. */
  readonly actions: readonly DrainAction[];
  /** Epoch ms at which time alone makes the next step necessary; undefined once the drain has finished. */
  readonly nextAt: number | undefined;
}

const isHeld = (pod: PodProgress): boolean => pod.status === 'pending' && pod.held !== undefined;

const finish = (state: DrainState, now: number): DrainState => {
  const left = remainingPods(state);
  const settled = state.listed !== undefined && state.listed.issuedAt >= settledAt(state);
  if (left.length === 0 && settled) return { ...state, finished: { at: now, outcome: 'empty' } };
  if (now < state.options.deadlineAt) return state;
  if (left.length === 0 && state.listed !== undefined)
    return { ...state, finished: { at: now, outcome: 'empty' } };
  return { ...state, finished: { at: now, outcome: left.some(isHeld) ? 'blocked' : 'deadline' } };
};

const planList = (state: DrainState, now: number): { state: DrainState; actions: DrainAction[] } => {
  if (state.listInFlight !== undefined || now < state.nextListAt) return { state, actions: [] };
  const number = state.lists + 1;
  return {
    state: { ...state, lists: number, listInFlight: { number, issuedAt: now } },
    actions: [{ kind: 'list', list: number }],
  };
};

const planRemovals = (state: DrainState, now: number): { state: DrainState; actions: DrainAction[] } => {
  const actions: DrainAction[] = [];
  const pods = { ...state.pods };
  for (const pod of Object.values(state.pods)) {
    const due = pod.status === 'pending' && !pod.inFlight ? dueAt(state, pod) : undefined;
    if (due === undefined || due > now) continue;
    const verb = removalVerb(state, pod, now);
    const attempt = pod.attempts + 1;
    actions.push({ kind: verb, attempt, request: removalRequest(state, pod, now) });
    pods[pod.uid] = { ...pod, attempts: attempt, inFlight: true, lastVerb: verb };
  }
  return { state: actions.length === 0 ? state : { ...state, pods }, actions };
};

const nextTime = (state: DrainState): number => {
  const times = [state.options.deadlineAt];
  if (state.listInFlight === undefined) times.push(state.nextListAt);
  for (const pod of Object.values(state.pods)) {
    const due = pod.status === 'pending' && !pod.inFlight ? dueAt(state, pod) : undefined;
    if (due !== undefined) times.push(due);
  }
  return Math.min(...times);
};

/**
 * One step of a drain: takes in what was observed, says what to do next and when to look again. Pure: the
 * same state, observation and time give the same step, and a second copy of an observation changes nothing.
 * It acts only on pod UIDs that it saw, never on one whose deletion it saw, and is finished by the deadline.
 */
export const step = (state: DrainState, observation: Observation, now: number): DrainStep => {
  if (state.finished !== undefined) {
    const named = observation.kind === 'budgets' ? observe(state, observation, now) : state;
    return { state: named, actions: [], nextAt: undefined };
  }
  const observed = finish(observe(state, observation, now), now);
  if (observed.finished !== undefined) return { state: observed, actions: [], nextAt: undefined };
  const removals = planRemovals(observed, now);
  const list = planList(removals.state, now);
  return { state: list.state, actions: [...removals.actions, ...list.actions], nextAt: nextTime(list.state) };
};
