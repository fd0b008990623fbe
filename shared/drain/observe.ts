import type { V1Pod } from '@kubernetes/client-node';
import { closeGates, LONGEST_DELAY_MS, longerDelay, openGates } from './gates.ts';
import { podLeft, podSeen } from './pod-seen.ts';
import { switchAt } from './removal.ts';
import type { DrainOptions, DrainState, PodProgress, RemovalVerb } from './state.ts';
import { remainingPods } from './state.ts';
import type { RemovalOutcome } from './types.ts';

/** What a drain learns. Each answer names the question, so that a second copy of it changes nothing. */
export type Observation =
  | {
      readonly kind: 'pods';
      readonly list: number;
      readonly pods: readonly V1Pod[];
      /** Names of the budgets that select them, by pod UID, where they are known. */
      readonly budgets?: ReadonlyMap<string, readonly string[]>;
    }
  | {
      readonly kind: 'list-failed';
      readonly list: number;
      readonly message: string;
      /** What a server under pressure asked for. */
      readonly retryAfterSeconds?: number;
    }
  /** Deleted, or another one of that name by now. */
  | { readonly kind: 'node-gone'; readonly list: number }
  | {
      readonly kind: 'outcome';
      readonly uid: string;
      readonly attempt: number;
      readonly verb: RemovalVerb;
      readonly outcome: RemovalOutcome;
    }
  /** What it goes by from now on: a later notice has moved the deadline. */
  | { readonly kind: 'options'; readonly options: DrainOptions }
  /** Names of the budgets that select the pods, by pod UID. */
  | { readonly kind: 'budgets'; readonly byUid: ReadonlyMap<string, readonly string[]> }
  /** Nothing new but the time. */
  | { readonly kind: 'time' };

/** For refusals that asking again soon does not change (two budgets, a missing right). */
const SLOW_RETRY_MS = 30_000;
const PRESSURE_PAUSE_SECONDS = 1;
const DEFAULT_SETTLE_SECONDS = 5;

export const settledAt = ({ options, startedAt }: DrainState): number =>
  startedAt + (options.settleSeconds ?? DEFAULT_SETTLE_SECONDS) * 1000;

/** Rounds get rarer the longer a drain lasts: a node of a lifecycle hook may take minutes. */
const roundMs = (state: DrainState, now: number): number => {
  const seconds = (now - state.startedAt) / 1000;
  if (seconds < 15) return 1_000;
  return seconds < 180 ? 2_000 : 5_000;
};

/** A server that takes its time for a list is asked less often. */
const SLOWER_BY = 16;

const answerMs = (list: DrainState['listInFlight'], now: number): number =>
  Math.min(SLOWER_BY * (now - (list?.issuedAt ?? now)), LONGEST_DELAY_MS);

const withEmptySince = (state: DrainState, now: number): DrainState => {
  if (remainingPods(state).length === 0) return { ...state, emptySince: state.emptySince ?? now };
  const { emptySince: _notAnyMore, ...rest } = state;
  return rest;
};

const observePods = (state: DrainState, list: number, found: readonly V1Pod[], now: number): DrainState => {
  if (state.listInFlight?.number !== list) return state;
  const { listInFlight, lastError: _recovered, ...rest } = state;
  const here = new Map(
    found.flatMap((pod) => {
      const uid = pod.metadata?.uid;
      return uid !== undefined && pod.spec?.nodeName === state.options.node.name ? [[uid, pod] as const] : [];
    }),
  );
  const left = Object.values(state.pods)
    .filter(({ uid }) => !here.has(uid))
    .map(podLeft);
  const present = [...here].map(([, pod]) => podSeen(state, pod, now));
  const next = withEmptySince(
    {
      ...rest,
      pods: Object.fromEntries([...left, ...present].map((pod) => [pod.uid, pod])),
      listed: listInFlight,
      listFailures: 0,
      nextListAt: now + Math.max(roundMs(state, now), answerMs(listInFlight, now)),
    },
    now,
  );
  const isQuiet = next.emptySince !== undefined;
  return isQuiet ? { ...next, nextListAt: Math.max(next.nextListAt, settledAt(next)) } : next;
};

const observeListFailure = (
  state: DrainState,
  { list, message, retryAfterSeconds }: Extract<Observation, { kind: 'list-failed' }>,
  now: number,
): DrainState => {
  if (state.listInFlight?.number !== list) return state;
  const { listInFlight: _failed, ...rest } = state;
  const backOffMs = Math.min(500 * 2 ** state.listFailures, LONGEST_DELAY_MS);
  const delayMs = Math.max(backOffMs, (retryAfterSeconds ?? 0) * 1000);
  return { ...rest, lastError: message, listFailures: state.listFailures + 1, nextListAt: now + delayMs };
};

const later = (pod: PodProgress, now: number): PodProgress => ({
  ...pod,
  notBefore: now + pod.delayMs,
  delayMs: longerDelay(pod.delayMs),
});

/** Named budgets make all their healthy pods wait together; a pod alone where the names are not known. */
const observeRefusal = (
  state: DrainState,
  pod: PodProgress,
  refusal: { readonly budgets: readonly string[]; readonly message: string; readonly now: number },
): DrainState => {
  const { message, now } = refusal;
  const budgets = refusal.budgets.length > 0 ? refusal.budgets : (pod.budgets ?? []);
  const held: PodProgress = { ...pod, held: { budgets, message } };
  const waitsBehindGate = budgets.length > 0 && pod.ready;
  const next = waitsBehindGate ? closeGates(state, held, { now, message }) : state;
  const waiting = waitsBehindGate ? { ...held, notBefore: now } : later(held, now);
  return { ...next, pods: { ...next.pods, [pod.uid]: waiting } };
};

const observeOutcome = (
  state: DrainState,
  observation: Extract<Observation, { kind: 'outcome' }>,
  now: number,
): DrainState => {
  const asked = state.pods[observation.uid];
  if (asked === undefined || !asked.inFlight || asked.attempts !== observation.attempt) return state;
  const { unanswered: _answered, ...known } = asked;
  const pod: PodProgress = { ...known, inFlight: false, wasAsked: true };
  const put = (changed: PodProgress, base: DrainState = state): DrainState => ({
    ...base,
    pods: { ...base.pods, [changed.uid]: changed },
  });
  const { outcome } = observation;
  switch (outcome.kind) {
    case 'not-sent': {
      // It stood in line for its budget until its last chance: that was its turn.
      const waited = { ...asked, inFlight: false, notBefore: now };
      return put(now < switchAt(state, asked) ? waited : { ...waited, wasAsked: true });
    }
    case 'accepted': {
      const status = pod.status === 'gone' ? 'gone' : 'accepted';
      const next = put({ ...pod, status, removedBy: observation.verb });
      return observation.verb === 'evict' ? openGates(next, pod, now) : next;
    }
    case 'gone':
      return withEmptySince(put({ ...pod, status: 'gone' }), now);
    case 'conflict':
      return put(
        { ...later(pod, now), listedAfter: state.lists },
        { ...state, nextListAt: Math.min(state.nextListAt, now + pod.delayMs) },
      );
    case 'budget':
      return observeRefusal(state, pod, { now, ...outcome });
    case 'budget-misconfigured': {
      const held = { budgets: pod.budgets ?? [], message: outcome.message };
      return put({ ...pod, notBefore: now + SLOW_RETRY_MS, held });
    }
    case 'pressure': {
      const until = now + (outcome.retryAfterSeconds ?? PRESSURE_PAUSE_SECONDS) * 1000;
      return put(
        { ...later(pod, now), notBefore: until },
        { ...state, pausedUntil: Math.max(state.pausedUntil, until) },
      );
    }
    case 'forbidden':
      return put({ ...pod, notBefore: now + SLOW_RETRY_MS, error: outcome.message, forbidden: true });
    case 'failed':
      return put({ ...later(pod, now), listedAfter: state.lists, error: outcome.message, unanswered: true });
  }
};

const observeBudgets = (state: DrainState, byUid: ReadonlyMap<string, readonly string[]>): DrainState => ({
  ...state,
  pods: Object.fromEntries(
    Object.entries(state.pods).map(([uid, pod]) => {
      const budgets = byUid.get(uid) ?? [];
      if (budgets.length === 0) return [uid, pod];
      const unnamed = pod.held !== undefined && pod.held.budgets.length === 0;
      return [uid, { ...pod, budgets, ...(unnamed ? { held: { ...pod.held, budgets } } : {}) }];
    }),
  ),
});

export const observe = (state: DrainState, observation: Observation, now: number): DrainState => {
  switch (observation.kind) {
    case 'pods': {
      const { list, pods, budgets } = observation;
      const seen = observePods(state, list, pods, now);
      return budgets === undefined || seen === state ? seen : observeBudgets(seen, budgets);
    }
    case 'list-failed':
      return observeListFailure(state, observation, now);
    case 'node-gone':
      return state.listInFlight?.number === observation.list
        ? { ...state, finished: { at: now, outcome: 'node-gone' } }
        : state;
    case 'outcome':
      return observeOutcome(state, observation, now);
    case 'options':
      return { ...state, options: observation.options };
    case 'budgets':
      return observeBudgets(state, observation.byUid);
    case 'time':
      return state;
  }
};
