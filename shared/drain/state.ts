import type { ClassifyOptions, SkipReason } from './classify.ts';
import type { DrainNode, PodRef } from './types.ts';

export interface DrainOptions extends ClassifyOptions {
  readonly node: DrainNode;
  readonly cluster: string;
  /** Epoch milliseconds: whatever is left then is reported, nothing is done after it. */
  readonly deadlineAt: number;
  /** Seconds before `grace` runs into the deadline at which evictions turn into deletes. */
  readonly marginSeconds: number;
  /** Delete, past the budgets, what evictions could not move in time. */
  readonly deleteAtDeadline: boolean;
  /** Nothing takes the node away at the deadline: no pod's grace is shortened for it. */
  readonly outlivesDeadline?: boolean;
  /** Seconds after the start before "empty" is believed: the scheduler may bind a pod after the cordon. Default 5. */
  readonly settleSeconds?: number;
  /** Seconds between the start and the first eviction: load balancers take the node out meanwhile. Default 0. */
  readonly evictAfterSeconds?: number;
  /** `by-priority`: pods of a lower priority are gone before those of a higher one are asked. Default `at-once`. */
  readonly order?: 'at-once' | 'by-priority';
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
  /** Unready pods may be let go by a budget that is full (`unhealthyPodEvictionPolicy`). */
  readonly ready: boolean;
  /** Pods of a lower wave go first. */
  readonly wave: number;
  /** Its owners do not want it deleted past its budgets. */
  readonly evictOnly?: true;
  /** Names of the budgets that select it, where they were read. */
  readonly budgets?: readonly string[];
  /** By which of our requests it was removed. */
  readonly removedBy?: RemovalVerb;
  readonly attempts: number;
  /** It was asked for itself, and not only held by what its budget said to another. */
  readonly wasAsked?: true;
  readonly lastVerb?: RemovalVerb;
  readonly inFlight: boolean;
  /** The answer to the last request never came: it may well have been applied. */
  readonly unanswered?: true;
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

/** A budget that refused: until then nobody asks, then one pod asks for all that it holds. */
export interface BudgetGate {
  /** Epoch milliseconds. */
  readonly closedUntil: number;
  /** Current back-off. */
  readonly delayMs: number;
  /** How many pods may ask at the same time: one after a refusal, twice as many after each pod that was let go. */
  readonly atOnce: number;
  /** What it said. */
  readonly message: string;
}

export type FinishedOutcome = 'empty' | 'blocked' | 'deadline' | 'node-gone';

/** Everything that a drain knows, as plain JSON: it goes into an item and on to the next worker. */
export interface DrainState {
  readonly options: DrainOptions;
  readonly startedAt: number;
  readonly pods: Readonly<Record<string, PodProgress>>;
  /** By `<namespace>/<budget>`: those that refused when last asked. */
  readonly gates: Readonly<Record<string, BudgetGate>>;
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
  readonly finished?: { readonly at: number; readonly outcome: FinishedOutcome };
}

const leaves = (pod: PodProgress): boolean =>
  pod.status === 'pending' || pod.status === 'accepted' || pod.status === 'waiting';

/** Pods that are still on the node and ought to leave. */
export const remainingPods = (state: DrainState): PodProgress[] => Object.values(state.pods).filter(leaves);

export const startDrain = (options: DrainOptions, now: number): DrainState => ({
  options,
  startedAt: now,
  pods: {},
  gates: {},
  lists: 0,
  nextListAt: now,
  listFailures: 0,
  pausedUntil: 0,
});

/** Nobody knows whether it was sent, or what came of it. */
const LOST = { inFlight: false, wasAsked: true, unanswered: true } as const;

/**
 * The state as another worker may go on with it: answers that were under way are lost, so every pod that was
 * being asked about is looked at in a fresh list before it is asked about again.
 */
export const resumeDrain = (state: DrainState, now: number): DrainState => {
  const { listInFlight: _lost, ...rest } = state;
  const pods = Object.fromEntries(
    Object.entries(state.pods).map(([uid, pod]) => [
      uid,
      pod.inFlight ? { ...pod, ...LOST, listedAfter: state.lists } : pod,
    ]),
  );
  return { ...rest, pods, nextListAt: now };
};
