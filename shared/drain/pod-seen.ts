import type { V1Pod } from '@kubernetes/client-node';
import { classify, isDaemonSetPod, isEvictOnly } from './classify.ts';
import { FIRST_DELAY_MS } from './gates.ts';
import type { DrainOptions, DrainState, PodProgress } from './state.ts';

/** What a list says about a pod, put to what is known about it. Pure. */

const DEFAULT_GRACE_SECONDS = 30; // Kubernetes' own default
/** Pods of DaemonSets serve the others (network, logs): they go when nobody else is left. */
const LAST_WAVE = Number.MAX_SAFE_INTEGER;
/** The clocks of the API server and of the function may differ by so much. */
const SKEW_MS = 2_000;

const isReady = (pod: V1Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

const waveOf = (pod: V1Pod, options: DrainOptions): number => {
  if (options.includeDaemonSets === true && isDaemonSetPod(pod)) return LAST_WAVE;
  return options.order === 'by-priority' ? (pod.spec?.priority ?? 0) : 0;
};

const firstSeen = (pod: V1Pod, options: DrainOptions, now: number): PodProgress => ({
  namespace: pod.metadata?.namespace ?? '',
  name: pod.metadata?.name ?? '',
  uid: pod.metadata?.uid ?? '',
  status: 'pending',
  graceSeconds: DEFAULT_GRACE_SECONDS,
  resourceVersion: '',
  ready: false,
  wave: waveOf(pod, options),
  attempts: 0,
  inFlight: false,
  delayMs: FIRST_DELAY_MS,
  notBefore: now,
  listedAfter: 0,
});

/** An eviction since the drain began, as the API server marks it (condition DisruptionTarget, KEP-3329). */
const wasEvicted = (pod: V1Pod, since: number): boolean =>
  pod.status?.conditions?.some(
    ({ type, status, reason, lastTransitionTime }) =>
      type === 'DisruptionTarget' &&
      status === 'True' &&
      reason === 'EvictionByEvictionAPI' &&
      Date.parse(String(lastTransitionTime)) >= since - SKEW_MS,
  ) ?? false;

/** Whose work its end is: ours where we asked and did not hear, or where another worker of ours did. */
const endedBy = (known: PodProgress, pod: V1Pod, state: DrainState): Pick<PodProgress, 'removedBy'> => {
  if (known.removedBy !== undefined) return {};
  if (known.unanswered === true && known.lastVerb !== undefined) return { removedBy: known.lastVerb };
  return wasEvicted(pod, state.startedAt) ? { removedBy: 'evict' } : {};
};

/** The pod as the newest list shows it. */
export const podSeen = (state: DrainState, pod: V1Pod, now: number): PodProgress => {
  const { options } = state;
  const known = state.pods[pod.metadata?.uid ?? ''] ?? firstSeen(pod, options, now);
  if (known.status === 'gone') return known;
  const classification = classify(pod, options);
  const fresh: PodProgress = {
    ...known,
    graceSeconds: pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    resourceVersion: pod.metadata?.resourceVersion ?? '',
    ready: isReady(pod),
    ...(isEvictOnly(pod, options) ? { evictOnly: true } : {}),
  };
  if (classification.kind === 'skip') {
    // Its containers have ended; that its object lingers does not hold up the node.
    const ended = classification.reason === 'finished' && known.status !== 'skipped' && known.attempts > 0;
    return ended
      ? { ...fresh, status: 'gone', ...endedBy(known, pod, state) }
      : { ...fresh, status: 'skipped', skipReason: classification.reason };
  }
  if (known.status === 'accepted') return fresh;
  if (classification.kind === 'wait') return { ...fresh, status: 'waiting', ...endedBy(known, pod, state) };
  return { ...fresh, status: 'pending' };
};

/** It is no longer on the node. */
export const podLeft = (pod: PodProgress): PodProgress => {
  const unheard = pod.unanswered === true && pod.removedBy === undefined && pod.lastVerb !== undefined;
  return { ...pod, status: 'gone', ...(unheard ? { removedBy: pod.lastVerb } : {}) };
};
