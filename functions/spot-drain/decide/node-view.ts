/** What a decision needs to know about a node. */
export interface NodeView {
  readonly uid: string;
  readonly isReady: boolean;
  readonly isUnschedulable: boolean;
  /** Keys of its NoSchedule taints. */
  readonly taints: readonly string[];
  /** Key of the taint for which the product cordoned it, if it did. */
  readonly cordonedFor?: string;
  /** Who set `spec.unschedulable` last, where the API server says it (`metadata.managedFields`). */
  readonly unschedulableBy?: string;
  readonly bootId?: string;
  readonly isBeingDeleted: boolean;
}

/** Under which name the API server knows our writes: the user agent of our client. */
const OUR_MANAGER = 'eks-caretaker';

/** Karpenter's taint on a node that it is about to end, now and before its API was v1. */
const DISRUPTION_TAINTS = ['karpenter.sh/disrupted', 'karpenter.sh/disruption'];

/** Does Karpenter, or Auto Mode, act on the node? */
export const ownerActs = (node: NodeView): boolean =>
  node.isBeingDeleted || node.taints.some((key) => DISRUPTION_TAINTS.includes(key));

/**
 * Is our cordon on the node as we left it? Whoever took our taint away, or cordoned the node anew, has a reason that
 * we do not know. A node that somebody made schedulable again still has our taint, which goes then.
 */
export const isCordonOurs = (node: NodeView, taints: readonly string[]): boolean => {
  const own = node.taints.filter((key) => taints.includes(key));
  if (own.length === 0) return false;
  const isMarked = node.cordonedFor !== undefined && taints.includes(node.cordonedFor);
  if (!isMarked || !node.isUnschedulable) return true;
  return node.unschedulableBy === undefined || node.unschedulableBy === OUR_MANAGER;
};
