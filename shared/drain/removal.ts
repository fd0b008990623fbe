import { gateOf } from './gates.ts';
import type { DrainState, PodProgress, RemovalVerb } from './state.ts';
import { remainingPods } from './state.ts';
import type { RemovalRequest } from './types.ts';

/** The deadline planner: when a pod is asked to leave, how, and with which grace. Pure. */

/** From here on waiting for a budget, or for anything else, would cost the pod part of its grace. Epoch ms. */
export const switchAt = ({ options }: DrainState, pod: PodProgress): number =>
  options.deadlineAt - (pod.graceSeconds + options.marginSeconds) * 1000;

/** Budgets are asked first even where the grace is longer than the time left: they may well allow it. */
const mayDelete = (state: DrainState, pod: PodProgress): boolean =>
  state.options.deleteAtDeadline && pod.evictOnly !== true && pod.wasAsked === true;

/** What a pod waits for by our own choice costs it no more than half of the time that it has. Epoch ms. */
const waitsUntil = (state: DrainState, pod: PodProgress): number =>
  state.startedAt + Math.max(0, (switchAt(state, pod) - state.startedAt) / 2);

/** The lowest wave that is still on the node; the others wait for it. */
export const currentWave = (state: DrainState): number =>
  Math.min(...remainingPods(state).map(({ wave }) => wave));

/** When its turn comes at the latest, as far as load balancers and pods of a lower priority are concerned. */
const turnAt = (state: DrainState, pod: PodProgress, wave: number): number => {
  const limit = waitsUntil(state, pod);
  if (pod.wave > wave) return limit;
  return Math.min(state.startedAt + (state.options.evictAfterSeconds ?? 0) * 1000, limit);
};

/** When the pod is to be asked (again); undefined where a fresh list has to come first. */
export const dueAt = (state: DrainState, pod: PodProgress, wave: number): number | undefined => {
  if (pod.listedAfter >= (state.listed?.number ?? 0)) return undefined;
  const lastChance = switchAt(state, pod);
  const gate = gateOf(state, pod)?.closedUntil ?? 0;
  const inTurn = Math.max(pod.notBefore, gate, turnAt(state, pod, wave));
  // Behind another pod's refusal it was not asked for itself yet: it is, before it may be deleted.
  const atLast = pod.wasAsked !== true ? Math.max(pod.notBefore, lastChance) : lastChance;
  const hasLastChance = pod.wasAsked !== true || (mayDelete(state, pod) && pod.lastVerb === 'evict');
  return Math.max(hasLastChance ? Math.min(inTurn, atLast) : inTurn, state.pausedUntil);
};

export const removalVerb = (state: DrainState, pod: PodProgress, now: number): RemovalVerb =>
  mayDelete(state, pod) && now >= switchAt(state, pod) ? 'delete' : 'evict';

/** Does it go whatever its budget's gate says? */
export const isLastChance = (state: DrainState, pod: PodProgress, now: number): boolean =>
  state.options.deleteAtDeadline && pod.evictOnly !== true && now >= switchAt(state, pod);

/**
 * The request for a pod: its own grace where that fits into the time left, clamped where it does not and the node goes
 * then. A clamped request also names the resourceVersion, so that it cannot shorten an end that has begun meanwhile.
 * Never grace 0, which would take the pod off the API while it still runs.
 */
export const removalRequest = (state: DrainState, pod: PodProgress, now: number): RemovalRequest => {
  const leftSeconds = Math.max(1, Math.floor((state.options.deadlineAt - now) / 1000));
  const { namespace, name, uid } = pod;
  if (state.options.outlivesDeadline !== true && leftSeconds < pod.graceSeconds) {
    return { namespace, name, uid, graceSeconds: leftSeconds, resourceVersion: pod.resourceVersion };
  }
  return { namespace, name, uid, ...(pod.graceSeconds < 1 ? { graceSeconds: 1 } : {}) };
};
