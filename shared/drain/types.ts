import type { V1Pod } from '@kubernetes/client-node';
import { CaretakerError } from '../core/errors.ts';

/** The node that is emptied: a node that is deleted and registered again has another UID. */
export interface DrainNode {
  readonly name: string;
  readonly uid: string;
}

/** A pod by what makes it that pod and no other. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface RemovalRequest extends PodRef {
  /** Left out: the pod's own grace period. Never 0. */
  readonly graceSeconds?: number;
  /** A second precondition besides the UID, for a request that shortens the grace. */
  readonly resourceVersion?: string;
}

/** What the API server said to an eviction or a delete. */
export type RemovalOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'gone' }
  /** 409: another pod of that name, or it changed meanwhile. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'budget'; readonly budgets: readonly string[]; readonly message: string }
  /** 500: more than one disruption budget selects the pod; asking again soon is of no use. */
  | { readonly kind: 'budget-misconfigured'; readonly message: string }
  | { readonly kind: 'pressure'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'forbidden'; readonly message: string }
  /** Its turn did not come in time. */
  | { readonly kind: 'not-sent' }
  /** `struggling`: no answer, or a server's fault. Whether it was applied is not known. */
  | { readonly kind: 'failed'; readonly message: string; readonly struggling?: true };

/** The server asks everybody to slow down and did not look at a list. */
export class PressureError extends CaretakerError {
  readonly retryAfterSeconds: number | undefined;
  constructor(message: string, options: { retryAfterSeconds: number | undefined; cause?: unknown }) {
    super('PressureError', message, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** What the drain needs of a cluster; `shared/kubernetes/drain-api.ts` implements it. */
export interface DrainApi {
  /** Every pod bound to the node, in one list. Throws PressureError, and whatever else went wrong. */
  listPods(nodeName: string): Promise<readonly V1Pod[]>;
  evict(request: RemovalRequest): Promise<RemovalOutcome>;
  deletePod(request: RemovalRequest): Promise<RemovalOutcome>;
  /** Is the node there still, the same and no other? Where it is left out it is taken to be. */
  isThere?(node: DrainNode): Promise<boolean>;
  /** Begins to read what `budgetsOf` will need. */
  prepare?(): void;
  /** Names of the budgets that select each pod, by pod UID. Asked often: what was read is kept for a while. */
  budgetsOf(pods: readonly V1Pod[]): Promise<ReadonlyMap<string, readonly string[]>>;
}
