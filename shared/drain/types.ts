import type { V1Pod } from '@kubernetes/client-node';

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
  | { readonly kind: 'failed'; readonly message: string };

/** What the drain needs of a cluster; `shared/kubernetes/drain-api.ts` implements it. */
export interface DrainApi {
  /** Every pod bound to the node, in one list. */
  listPods(nodeName: string): Promise<readonly V1Pod[]>;
  evict(request: RemovalRequest): Promise<RemovalOutcome>;
  deletePod(request: RemovalRequest): Promise<RemovalOutcome>;
  /** Names of the budgets that select each pod, by pod UID; asked for the report only. */
  budgetsOf(pods: readonly V1Pod[]): Promise<ReadonlyMap<string, readonly string[]>>;
}
