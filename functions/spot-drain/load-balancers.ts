import { describeError } from '../../shared/core/errors.ts';
import type { CordonOptions } from '../../shared/kubernetes/nodes.ts';
import { cordon, getNode } from '../../shared/kubernetes/nodes.ts';
import type { SpotDrainConfig } from './config.ts';
import { causeOf, taintOf } from './decide/record.ts';
import type { Want } from './decide/recorded-notice.ts';
import type { NodeWork } from './drain-node.ts';
import type { NodeLease } from './lease.ts';
import type { WorkerDeps } from './worker.ts';

/** A cordon's patch; that of a node that is to be drained takes it out of its load balancers too, where that is asked for. */
export const cordonOptions = (
  { excludeFromLoadBalancers }: Pick<SpotDrainConfig, 'excludeFromLoadBalancers'>,
  taint: string,
  wanted: Want,
): CordonOptions => ({
  taint,
  ...(excludeFromLoadBalancers && wanted === 'drain' ? { excludeFromLoadBalancers } : {}),
});

/**
 * Has external load balancers take the node out, where the configuration asks for it. The cordon's own patch has
 * done it as a rule. What fails is said and holds up nothing: the pods have to leave either way.
 */
export const leaveLoadBalancers = async (
  deps: Pick<WorkerDeps, 'section' | 'logger'>,
  work: Pick<NodeWork, 'api'>,
  { record }: Pick<NodeLease, 'record'>,
): Promise<void> => {
  if (!deps.section.excludeFromLoadBalancers) return;
  try {
    const node = await getNode(work.api, record.node.name);
    if (node === undefined || node.metadata?.uid !== record.node.uid) return;
    await cordon(work.api, node, { taint: taintOf(causeOf(record)), excludeFromLoadBalancers: true });
  } catch (error) {
    deps.logger.warn('a node could not be labelled for its load balancers', {
      node: record.node.name,
      error: describeError(error),
    });
  }
};
