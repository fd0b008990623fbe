import { createBudgetRoom, gateKeysOf, isHeld } from './gates.ts';
import type { Observation } from './observe.ts';
import { observe, settledAt } from './observe.ts';
import { currentWave, dueAt, isLastChance, removalRequest, removalVerb, switchAt } from './removal.ts';
import type { DrainState, PodProgress, RemovalVerb } from './state.ts';
import { remainingPods } from './state.ts';
import type { RemovalRequest } from './types.ts';

export type DrainAction =
  | { readonly kind: 'list'; readonly list: number }
  | {
      readonly kind: RemovalVerb;
      readonly attempt: number;
      readonly request: RemovalRequest;
      /** Requests of one lane write the same object: the status of a budget. */
      readonly lane?: string;
      /** Not sent after this (epoch ms): by then the pod has its last chance. */
      readonly expiresAt?: number;
    };

export interface DrainStep {
  /** With everything that was observed, and nothing of what is planned. */
  readonly observed: DrainState;
  readonly state: DrainState;
  /** To be carried out at the same time; each answer is a later observation. */
  readonly actions: readonly DrainAction[];
  /** Epoch ms at which time alone makes the next step necessary; undefined once the drain has finished. */
  readonly nextAt: number | undefined;
}

const isStuck = (state: DrainState, pod: PodProgress): boolean =>
  pod.status === 'pending' && isHeld(state, pod);

const finish = (state: DrainState, now: number): DrainState => {
  if (state.finished !== undefined) return state;
  const left = remainingPods(state);
  const settled = state.listed !== undefined && state.listed.issuedAt >= settledAt(state);
  if (left.length === 0 && settled) return { ...state, finished: { at: now, outcome: 'empty' } };
  if (now < state.options.deadlineAt) return state;
  if (left.length === 0 && state.listed !== undefined)
    return { ...state, finished: { at: now, outcome: 'empty' } };
  return {
    ...state,
    finished: { at: now, outcome: left.some((pod) => isStuck(state, pod)) ? 'blocked' : 'deadline' },
  };
};

const planList = (state: DrainState, now: number): { state: DrainState; actions: DrainAction[] } => {
  if (state.listInFlight !== undefined || now < state.nextListAt) return { state, actions: [] };
  const number = state.lists + 1;
  return {
    state: { ...state, lists: number, listInFlight: { number, issuedAt: now } },
    actions: [{ kind: 'list', list: number }],
  };
};

const isAsked = (pod: PodProgress): boolean => pod.status === 'pending' && !pod.inFlight;

/** How long, and behind whom, a request may wait for its turn. Nothing waits at the last chance. */
const queueing = (
  state: DrainState,
  pod: PodProgress,
  now: number,
): { lane?: string; expiresAt?: number } => {
  const [lane] = gateKeysOf(pod);
  const lastChance = switchAt(state, pod);
  return {
    ...(lane === undefined ? {} : { lane }),
    ...(state.options.deleteAtDeadline && lastChance > now ? { expiresAt: lastChance } : {}),
  };
};

const planRemovals = (state: DrainState, now: number): { state: DrainState; actions: DrainAction[] } => {
  const actions: DrainAction[] = [];
  const pods = { ...state.pods };
  const wave = currentWave(state);
  const room = createBudgetRoom(state);
  for (const pod of Object.values(state.pods)) {
    const due = isAsked(pod) ? dueAt(state, pod, wave) : undefined;
    if (due === undefined || due > now) continue;
    const verb = removalVerb(state, pod, now);
    const isLast = isLastChance(state, pod, now);
    if (!isLast && !room.take(pod)) continue;
    const attempt = pod.attempts + 1;
    const request = removalRequest(state, pod, now);
    actions.push({ kind: verb, attempt, request, ...(isLast ? {} : queueing(state, pod, now)) });
    pods[pod.uid] = { ...pod, attempts: attempt, inFlight: true, lastVerb: verb };
  }
  return { state: actions.length === 0 ? state : { ...state, pods }, actions };
};

/** A pod that waits for room at its budget waits for an answer, and for its last chance. */
const nextTime = (state: DrainState, now: number): number => {
  const times = [state.options.deadlineAt];
  if (state.listInFlight === undefined) times.push(state.nextListAt);
  const wave = currentWave(state);
  const room = createBudgetRoom(state);
  for (const pod of Object.values(state.pods)) {
    const due = isAsked(pod) ? dueAt(state, pod, wave) : undefined;
    if (due === undefined) continue;
    const lastChance = switchAt(state, pod);
    if (room.take(pod)) times.push(due);
    else if (lastChance > now) times.push(lastChance);
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
    return { observed: named, state: named, actions: [], nextAt: undefined };
  }
  const observed = finish(observe(state, observation, now), now);
  if (observed.finished !== undefined) return { observed, state: observed, actions: [], nextAt: undefined };
  const removals = planRemovals(observed, now);
  const list = planList(removals.state, now);
  const actions = [...removals.actions, ...list.actions];
  return { observed, state: list.state, actions, nextAt: nextTime(list.state, now) };
};
