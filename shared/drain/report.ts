import type { SkipReason } from './classify.ts';
import { gateKeysOf, isHeld } from './gates.ts';
import type { DrainState, FinishedOutcome, PodProgress } from './state.ts';
import { remainingPods } from './state.ts';

export interface BlockedPod {
  /** `namespace/name`. */
  readonly pod: string;
  /** Names of the budgets, in the pod's namespace. */
  readonly budgets: readonly string[];
}

export interface DrainReport {
  readonly finished: boolean;
  /** `blocked`: a budget held pods to the end; `deadline`: pods were left for another reason. */
  readonly outcome: FinishedOutcome | 'in-progress';
  readonly evicted: number;
  /** Pods deleted past the budgets because their grace would not have fitted any more. */
  readonly deleted: number;
  readonly skipped: readonly { readonly pod: string; readonly reason: SkipReason }[];
  /** Pods that no eviction moved because of budgets, those deleted in the end included. */
  readonly blocked: readonly BlockedPod[];
  readonly remaining: readonly string[];
  /** From the start of the drain. */
  readonly secondsToEmpty?: number;
  /** The node's pods could not be listed once: that none remain means nothing. */
  readonly unseen?: true;
  /** The last thing that went wrong and was not a budget. */
  readonly error?: string;
  /** Pods could not be evicted because a right is missing: what the API server said about it. */
  readonly missingRight?: string;
}

/** Names of the budgets that hold the pod, or held it until it was deleted; undefined where none did. */
export const holdingBudgets = (state: DrainState, pod: PodProgress): readonly string[] | undefined => {
  const isPast = pod.held !== undefined && pod.removedBy === 'delete';
  if (!isPast && !(pod.status === 'pending' && isHeld(state, pod))) return undefined;
  return gateKeysOf(pod).map((key) => key.slice(pod.namespace.length + 1));
};

const nameOf = ({ namespace, name }: PodProgress): string => `${namespace}/${name}`;

/** What can be said about a drain, finished or not. */
export const reportOf = (state: DrainState, now: number): DrainReport => {
  const pods = Object.values(state.pods).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const remaining = remainingPods(state).map(nameOf).sort();
  const error =
    state.lastError ?? pods.find((pod) => pod.status === 'pending' && pod.error !== undefined)?.error;
  const forbidden = pods.find((pod) => pod.forbidden === true && pod.removedBy !== 'evict');
  const empty = state.emptySince !== undefined && state.emptySince <= now;
  return {
    finished: state.finished !== undefined,
    outcome: state.finished?.outcome ?? 'in-progress',
    evicted: pods.filter((pod) => pod.removedBy === 'evict').length,
    deleted: pods.filter((pod) => pod.removedBy === 'delete').length,
    skipped: pods.flatMap((pod) =>
      pod.status === 'skipped' && pod.skipReason !== undefined
        ? [{ pod: nameOf(pod), reason: pod.skipReason }]
        : [],
    ),
    blocked: pods.flatMap((pod) => {
      const budgets = holdingBudgets(state, pod);
      return budgets === undefined ? [] : [{ pod: nameOf(pod), budgets }];
    }),
    remaining,
    ...(empty && state.emptySince !== undefined
      ? { secondsToEmpty: (state.emptySince - state.startedAt) / 1000 }
      : {}),
    ...(state.listed === undefined ? { unseen: true } : {}),
    ...(error === undefined ? {} : { error }),
    ...(forbidden?.error === undefined ? {} : { missingRight: forbidden.error }),
  };
};
