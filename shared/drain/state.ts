import type { SkipReason } from './classify.ts';
import type { DrainNode, PodRef } from './types.ts';

export interface DrainOptions {
  readonly node: DrainNode;
  readonly cluster: string;
  /** Epoch milliseconds: whatever is left then is reported, nothing is done after it. */
  readonly deadlineAt: number;
  /** Seconds before `grace` runs into the deadline at which evictions turn into deletes. */
  readonly marginSeconds: number;
  /** Delete, past the budgets, what evictions could not move in time. */
  readonly deleteAtDeadline: boolean;
  /** Keys of the NoSchedule taints on the node: a pod that tolerates all of them would come straight back. */
  readonly taintKeys: readonly string[];
  /** Seconds after the start before "empty" is believed: the scheduler may bind a pod after the cordon. Default 5. */
  readonly settleSeconds?: number;
}

/**
 * - `pending`: to be evicted
 * - `accepted`: the API server took our eviction or delete, the pod is stopping
 * - `waiting`: somebody else's deletion is under way, nothing to be done but wait
 * - `skipped`: stays where it is, with its reason
 * - `gone`: its UID is no longer on the node (final: a UID never comes back)
 */
export type PodStatus = 'pending' | 'accepted' | 'waiting' | 'skipped' | 'gone';

export type RemovalVerb = 'evict' | 'delete';

export interface PodProgress extends PodRef {
  readonly status: PodStatus;
  readonly skipReason?: SkipReason;
  /** The pod's own grace period. */
  readonly graceSeconds: number;
  readonly resourceVersion: string;
  /** By which of our requests it was removed. */
  readonly removedBy?: RemovalVerb;
  readonly attempts: number;
  readonly lastVerb?: RemovalVerb;
  readonly inFlight: boolean;
  /** Current back-off. */
  readonly delayMs: number;
  /** Epoch milliseconds before which it is not tried again. */
  readonly notBefore: number;
  /** Its state is not known (an answer was lost, it changed): not tried before a list above this number. */
  readonly listedAfter: number;
  /** Set while, and as long as, budgets hold it; names may be unknown. */
  readonly held?: { readonly budgets: readonly string[]; readonly message: string };
  /** The last refusal that was no budget. */
  readonly error?: string;
  /** That refusal was a missing right. */
  readonly forbidden?: true;
}

/** Everything a drain knows, as plain JSON: it goes into an item and on to the next worker. */
export interface DrainState {
  readonly options: DrainOptions;
  readonly startedAt: number;
  readonly pods: Readonly<Record<string, PodProgress>>;
  /** Lists issued so far; they are numbered from 1. */
  readonly lists: number;
  readonly listInFlight?: { readonly number: number; readonly issuedAt: number };
  /** The newest list that was answered. */
  readonly listed?: { readonly number: number; readonly issuedAt: number };
  readonly nextListAt: number;
  readonly listFailures: number;
  /** The API server asked for a pause. */
  readonly pausedUntil: number;
  /** Since when nothing is left to move. */
  readonly emptySince?: number;
  readonly lastError?: string;
  readonly finished?: { readonly at: number; readonly outcome: 'empty' | 'blocked' | 'deadline' };
}

const leaves = (pod: PodProgress): boolean =>
  pod.status === 'pending' || pod.status === 'accepted' || pod.status === 'waiting';

/** Pods that are still on the node and ought to leave. */
export const remainingPods = (state: DrainState): PodProgress[] => Object.values(state.pods).filter(leaves);

export const startDrain = (options: DrainOptions, now: number): DrainState => ({
  options,
  startedAt: now,
  pods: {},
  lists: 0,
  nextListAt: now,
  listFailures: 0,
  pausedUntil: 0,
});

/**
 * The state as another worker may go on with it: answers that were under way are lost, so every pod that was
 * being asked about is looked at in a fresh list before it is asked about again.
 */
export const resumeDrain = (state: DrainState, now: number): DrainState => {
  const { listInFlight: _lost, ...rest } = state;
  const pods = Object.fromEntries(
    Object.entries(state.pods).map(([uid, pod]) => [
      uid,
      pod.inFlight ? { ...pod, inFlight: false, listedAfter: state.lists } : pod,
    ]),
  );
  return { ...rest, pods, nextListAt: now };
};
