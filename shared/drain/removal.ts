import type { DrainState, PodProgress, RemovalVerb } from './state.ts';
import type { RemovalRequest } from './types.ts';

/** The deadline planner: when a pod is asked to leave, how, and with which grace. Pure. */

/** From here on waiting for a budget would cost the pod part of its grace. Epoch ms. */
const switchAt = ({ options }: DrainState, pod: PodProgress): number =>
  options.deadlineAt - (pod.graceSeconds + options.marginSeconds) * 1000;

/** Budgets are asked first even where the grace is longer than the time left: they may well allow it. */
const mayDelete = (state: DrainState, pod: PodProgress): boolean =>
  state.options.deleteAtDeadline && pod.attempts > 0;

/** When the pod is to be asked (again); undefined where a fresh list has to come first. */
export const dueAt = (state: DrainState, pod: PodProgress): number | undefined => {
  if (pod.listedAfter >= (state.listed?.number ?? 0)) return undefined;
  const turnsIntoDelete = mayDelete(state, pod) && pod.lastVerb === 'evict';
  const at = turnsIntoDelete ? Math.min(pod.notBefore, switchAt(state, pod)) : pod.notBefore;
  return Math.max(at, state.pausedUntil);
};

export const removalVerb = (state: DrainState, pod: PodProgress, now: number): RemovalVerb =>
  mayDelete(state, pod) && now >= switchAt(state, pod) ? 'delete' : 'evict';

/**
 * The request for a pod: its own grace where that fits into the time left, clamped where it does not. A
 * clamped request also names the resourceVersion, so that it cannot shorten an end that has begun meanwhile.
 * Never grace 0, which would take the pod off the API while it still runs.
 */
export const removalRequest = (state: DrainState, pod: PodProgress, now: number): RemovalRequest => {
  const leftSeconds = Math.max(1, Math.floor((state.options.deadlineAt - now) / 1000));
  const { namespace, name, uid } = pod;
  if (leftSeconds < pod.graceSeconds) {
    return { namespace, name, uid, graceSeconds: leftSeconds, resourceVersion: pod.resourceVersion };
  }
  return { namespace, name, uid, ...(pod.graceSeconds < 1 ? { graceSeconds: 1 } : {}) };
};
