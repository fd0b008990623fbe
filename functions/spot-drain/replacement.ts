import type { V1Node } from '@kubernetes/client-node';
import { takeLease } from '../../shared/core/lease.ts';
import { instanceIdOf, listNodes } from '../../shared/kubernetes/nodes.ts';
import { groupOf } from './decide/owner.ts';
import type { IntakeDeps } from './intake.ts';
import { viewOf } from './node-view.ts';
import type { StepWork } from './step-work.ts';

/** Longer than any drain after a rebalance recommendation waits. */
const KEPT_SECONDS = 86_400;

const createdAt = ({ metadata }: V1Node): number => new Date(metadata?.creationTimestamp ?? 0).getTime();

/** Nodes that came since then and take pods, the oldest first. */
const newcomers = (nodes: readonly V1Node[], since: number): readonly string[] =>
  nodes
    .filter((node) => {
      const { isReady, isUnschedulable } = viewOf(node);
      return createdAt(node) >= since && isReady && !isUnschedulable;
    })
    .sort(
      (a, b) => createdAt(a) - createdAt(b) || (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''),
    )
    .flatMap((node) => instanceIdOf(node) ?? []);

/**
 * Has a node of the same group come in the place of this one? Each newcomer stands in for one node alone: a lease on
 * it says for which. One list of the nodes, and one look at EC2 for the groups of those that are new.
 */
export const findReplacement = async (
  { instances, store, clock }: Pick<IntakeDeps, 'instances' | 'store' | 'clock'>,
  { record, api }: Pick<StepWork, 'record' | 'api'>,
  since: number,
): Promise<boolean> => {
  const ids = newcomers(await listNodes(await api()), since);
  const facts = await instances.describe(ids);
  for (const id of ids) {
    const tags = facts.get(id)?.tags;
    if (tags === undefined || groupOf(tags) !== record.group) continue;
    const taken = await takeLease(store, clock, {
      resource: `replacement/${record.cluster}/${id}`,
      holder: `spot-drain/${record.instanceId}`,
      seconds: KEPT_SECONDS,
    });
    if (taken.held) return true;
  }
  return false;
};
