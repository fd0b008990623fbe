import type { V1Pod } from '@kubernetes/client-node';
import type { Classification } from './classify.ts';
import { classify } from './classify.ts';
import type { DrainState, PodProgress, RemovalVerb } from './state.ts';
import { remainingPods } from './state.ts';
import type { RemovalOutcome } from './types.ts';

/** What a drain learns. Each answer names the question, so that a second copy of it changes nothing. */
export type Observation =
  | { readonly kind: 'pods'; readonly list: number; readonly pods: readonly V1Pod[] }
  | { readonly kind: 'list-failed'; readonly list: number; readonly message: string }
  | {
      readonly kind: 'outcome';
      readonly uid: string;
      readonly attempt: number;
      readonly verb: RemovalVerb;
      readonly outcome: RemovalOutcome;
    }
  /** Names of the budgets of held pods, by pod UID. */
  | { readonly kind: 'budgets'; readonly byUid: ReadonlyMap<string, readonly string[]> }
  /** Nothing new but the time. */
  | { readonly kind: 'time' };

export const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** For refusals that asking again soon does not change (two budgets, a missing right). */
const SLOW_RETRY_MS = 30_000;
const PRESSURE_PAUSE_SECONDS = 1;
const DEFAULT_GRACE_SECONDS = 30; // Kubernetes' own default
const DEFAULT_SETTLE_SECONDS = 5;

export const settledAt = ({ options, startedAt }: DrainState): number =>
  startedAt + (options.settleSeconds ?? DEFAULT_SETTLE_SECONDS) * 1000;

/** Rounds get rarer the longer a drain lasts: a node of a lifecycle hook may take minutes. */
const roundMs = (state: DrainState, now: number): number => {
  const seconds = (now - state.startedAt) / 1000;
  if (seconds < 15) return 1_000;
  return seconds < 180 ? 2_000 : 5_000;
};

const firstSeen = (pod: V1Pod, uid: string, now: number): PodProgress => ({
  namespace: pod.metadata?.namespace ?? '',
  name: pod.metadata?.name ?? '',
  uid,
  status: 'pending',
  graceSeconds: DEFAULT_GRACE_SECONDS,
  resourceVersion: '',
  attempts: 0,
  inFlight: false,
  delayMs: FIRST_DELAY_MS,
  notBefore: now,
  listedAfter: 0,
});

const merged = (known: PodProgress, pod: V1Pod, classification: Classification): PodProgress => {
  if (known.status === 'gone') return known;
  const fresh = {
    ...known,
    graceSeconds: pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    resourceVersion: pod.metadata?.resourceVersion ?? '',
  };
  if (classification.kind === 'skip') {
    // Its containers have ended; that its object lingers does not hold up the node.
    const ended = classification.reason === 'finished' && known.status !== 'skipped' && known.attempts > 0;
    return ended
      ? { ...fresh, status: 'gone' }
      : { ...fresh, status: 'skipped', skipReason: classification.reason };
  }
  if (known.status === 'accepted') return fresh;
  if (classification.kind === 'wait') return { ...fresh, status: 'waiting' };
  return { ...fresh, status: 'pending' };
};

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
    .map((pod): PodProgress => ({ ...pod, status: 'gone' }));
  const present = [...here].map(([uid, pod]) =>
    merged(state.pods[uid] ?? firstSeen(pod, uid, now), pod, classify(pod, state.options.taintKeys)),
  );
  const next = withEmptySince(
    {
      ...rest,
      pods: Object.fromEntries([...left, ...present].map((pod) => [pod.uid, pod])),
      listed: listInFlight,
      listFailures: 0,
      nextListAt: now + roundMs(state, now),
    },
    now,
  );
  const quiet = next.emptySince !== undefined && now < settledAt(next);
  return quiet ? { ...next, nextListAt: Math.max(next.nextListAt, settledAt(next)) } : next;
};

const observeListFailure = (state: DrainState, list: number, message: string, now: number): DrainState => {
  if (state.listInFlight?.number !== list) return state;
  const { listInFlight: _failed, ...rest } = state;
  const delayMs = Math.min(500 * 2 ** state.listFailures, LONGEST_DELAY_MS);
  return { ...rest, lastError: message, listFailures: state.listFailures + 1, nextListAt: now + delayMs };
};

/** A budget that let one of its pods go has room again: the others it holds are asked at once. */
const wakeHeldBySame = (state: DrainState, released: PodProgress, now: number): DrainState => {
  const open = new Set(released.held?.budgets ?? []);
  if (open.size === 0) return state;
  const wake = (pod: PodProgress): PodProgress =>
    pod.namespace === released.namespace && pod.held?.budgets.some((budget) => open.has(budget))
      ? { ...pod, notBefore: Math.min(pod.notBefore, now), delayMs: FIRST_DELAY_MS }
      : pod;
  return {
    ...state,
    pods: Object.fromEntries(
      Object.entries(state.pods).map(([uid, pod]) => [uid, pod.status === 'pending' ? wake(pod) : pod]),
    ),
  };
};

const later = (pod: PodProgress, now: number): PodProgress => ({
  ...pod,
  notBefore: now + pod.delayMs,
  delayMs: Math.min(pod.delayMs * 2, LONGEST_DELAY_MS),
});

const observeOutcome = (
  state: DrainState,
  observation: Extract<Observation, { kind: 'outcome' }>,
  now: number,
): DrainState => {
  const asked = state.pods[observation.uid];
  if (asked === undefined || !asked.inFlight || asked.attempts !== observation.attempt) return state;
  const pod: PodProgress = { ...asked, inFlight: false };
  const put = (changed: PodProgress, base: DrainState = state): DrainState => ({
    ...base,
    pods: { ...base.pods, [changed.uid]: changed },
  });
  const { outcome } = observation;
  switch (outcome.kind) {
    case 'accepted': {
      const status = pod.status === 'gone' ? 'gone' : 'accepted';
      const next = put({ ...pod, status, removedBy: observation.verb });
      return observation.verb === 'evict' ? wakeHeldBySame(next, pod, now) : next;
    }
    case 'gone':
      return withEmptySince(put({ ...pod, status: 'gone' }), now);
    case 'conflict':
      return put(
        { ...later(pod, now), listedAfter: state.lists },
        { ...state, nextListAt: Math.min(state.nextListAt, now + pod.delayMs) },
      );
    case 'budget':
      return put({ ...later(pod, now), held: { budgets: outcome.budgets, message: outcome.message } });
    case 'budget-misconfigured':
      return put({ ...pod, notBefore: now + SLOW_RETRY_MS, held: { budgets: [], message: outcome.message } });
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
      return put({ ...later(pod, now), listedAfter: state.lists, error: outcome.message });
  }
};

const observeBudgets = (state: DrainState, byUid: ReadonlyMap<string, readonly string[]>): DrainState => ({
  ...state,
  pods: Object.fromEntries(
    Object.entries(state.pods).map(([uid, pod]) => {
      const budgets = byUid.get(uid) ?? [];
      const named = pod.held !== undefined && pod.held.budgets.length === 0 && budgets.length > 0;
      return [uid, named ? { ...pod, held: { budgets, message: pod.held?.message ?? '' } } : pod];
    }),
  ),
});

export const observe = (state: DrainState, observation: Observation, now: number): DrainState => {
  switch (observation.kind) {
    case 'pods':
      return observePods(state, observation.list, observation.pods, now);
    case 'list-failed':
      return observeListFailure(state, observation.list, observation.message, now);
    case 'outcome':
      return observeOutcome(state, observation, now);
    case 'budgets':
      return observeBudgets(state, observation.byUid);
    case 'time':
      return state;
  }
};
