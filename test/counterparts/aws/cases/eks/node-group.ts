import { DescribeNodegroupCommand } from '@aws-sdk/client-eks';
import type { Side } from '../../side.ts';
import { CLUSTER } from '../../world.ts';

/** A node group of the cluster as EKS describes it. */
export const nodeGroup = async ({ clients }: Side, nodegroupName: string) =>
  (await clients.eks.send(new DescribeNodegroupCommand({ clusterName: CLUSTER.name, nodegroupName })))
    .nodegroup;
