import type { V1Node } from '@kubernetes/client-node';
import type { AutoScalingGroups } from '../../shared/aws/auto-scaling.ts';
import type { NodeGroups } from '../../shared/aws/eks/node-groups.ts';
import type { DescribeUpdate } from '../../shared/aws/eks/updates.ts';
import type { DrainApi } from '../../shared/drain/types.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { createDrainApi } from '../../shared/kubernetes/drain-api.ts';
import type { CordonResult } from '../../shared/kubernetes/nodes.ts';
import { cordon, listNodes, uncordon } from '../../shared/kubernetes/nodes.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import type { NodeGroupScheduleConfig } from './config.ts';

/** The taint that goes with our cordon. */
export const SLEEP_TAINT = 'eks-caretaker/sleep';
/** EKS puts it on every node of a managed node group. */
const NODE_GROUP_LABEL = 'eks.amazonaws.com/nodegroup';

/** What this automation needs of a cluster. Throws KubernetesApiError and KubernetesConnectionError. */
export interface ClusterNodes {
  list(nodeGroup: string): Promise<readonly V1Node[]>;
  cordon(node: V1Node): Promise<CordonResult>;
  uncordon(node: V1Node): Promise<CordonResult>;
  readonly drain: DrainApi;
}

export const createClusterNodes = (api: KubernetesApi): ClusterNodes => ({
  list: (nodeGroup) => listNodes(api, { labelSelector: `${NODE_GROUP_LABEL}=${nodeGroup}` }),
  cordon: (node) => cordon(api, node, { taint: SLEEP_TAINT }),
  uncordon: (node) => uncordon(api, node, { taint: SLEEP_TAINT }),
  drain: createDrainApi(api),
});

export interface ScheduleDeps
  extends Pick<
    AutomationContext<NodeGroupScheduleConfig>,
    'config' | 'section' | 'clock' | 'store' | 'notifier' | 'readMode'
  > {
  readonly nodeGroups: NodeGroups;
  readonly describeUpdate: DescribeUpdate;
  readonly autoScaling: AutoScalingGroups;
  /** Throws ClusterUnreachableError. */
  nodes(cluster: string): Promise<ClusterNodes>;
}
