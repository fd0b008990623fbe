/** What the decisions are made of: plain data, filled by `gather` and `records`. */

export interface Sizes {
  readonly min: number;
  readonly desired: number;
  readonly max: number;
}

/** A managed node group as EKS describes it. */
export interface DescribedGroup {
  readonly arn: string;
  readonly cluster: string;
  readonly name: string;
  readonly status: string;
  readonly sizes: Sizes;
  readonly autoScalingGroups: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Where a node group stands. `awake` and `asleep` are at rest; the others are under way:
 * awake -> draining -> resizing -> verifying -> asleep -> waking -> readying -> awake.
 * From `draining`, `resizing` and `verifying` it may turn back to `waking`.
 */
export type Phase = 'awake' | 'draining' | 'resizing' | 'verifying' | 'asleep' | 'waking' | 'readying';

/** One night of a group: from the save of its sizes until it is awake again. */
export interface Cycle {
  /** ISO 8601: the instant from which the schedule wants it asleep. */
  readonly id: string;
  /** First time (epoch ms) that the cluster answered and the drain began; its deadline counts from here. */
  readonly drainStartedAt?: number | undefined;
  readonly evicted: number;
  /** Counts requests for new sizes, so that each attempt has a request token of its own. */
  readonly attempt: number;
  /** Updates that EKS gave up on, on the way that the group is on. */
  readonly failures: number;
  /** The update that EKS carries out for us. */
  readonly updateId?: string | undefined;
  /** Epoch ms at which its last instance was gone. */
  readonly asleepAt?: number | undefined;
  readonly wakeStartedAt?: number | undefined;
  /** Somebody else gave it a size while it slept: theirs is kept. */
  readonly kept?: Sizes | undefined;
}

/** What the table knows about a node group that opted in. */
export interface GroupRecord {
  readonly arn: string;
  readonly cluster: string;
  readonly nodeGroup: string;
  /** Undefined once it no longer opts in: it is woken and then forgotten. */
  readonly schedule?: string | undefined;
  readonly source: 'configuration' | 'tag';
  readonly autoScalingGroups: readonly string[];
  /** Epoch ms. */
  readonly knownSince: number;
  readonly phase: Phase;
  readonly cycle?: Cycle | undefined;
  /** Epoch ms before which it is not tried again. */
  readonly retryAt?: number | undefined;
  /** The night in which it stays awake, because somebody else woke it. */
  readonly skippedCycle?: string | undefined;
  /** Observe mode: the plan that was reported, so that it is reported once. */
  readonly planned?: string | undefined;
  /** Notifications sent, by kind: the cycle for which it was. */
  readonly notices: Readonly<Record<string, string>>;
}
