import type { DescribeSubnets } from '../../shared/aws/ec2-subnets.ts';
import type { AddOnPort } from '../../shared/aws/eks/add-ons.ts';
import type { ClusterPort } from '../../shared/aws/eks/clusters.ts';
import type { InsightPort } from '../../shared/aws/eks/insights.ts';
import type { NodeGroupVersionPort } from '../../shared/aws/eks/node-group-versions.ts';
import type { ListRunningUpdates } from '../../shared/aws/eks/running-updates.ts';
import type { DescribeUpdate } from '../../shared/aws/eks/updates.ts';
import type { VersionPort } from '../../shared/aws/eks/versions.ts';
import type { GetParameter } from '../../shared/aws/ssm.ts';
import type { NodeSnapshot } from './decide/snapshot.ts';

/** A disruption budget that lets nothing go, with the pods it holds and the nodes they are on. */
export interface HoldingBudget {
  /** `namespace/name` */
  readonly budget: string;
  readonly pods: readonly string[];
  readonly nodes: readonly string[];
}

/** A cluster's inside, read through its API server. */
export interface ClusterView {
  nodes(cluster: string): Promise<readonly NodeSnapshot[]>;
  /** Budgets without a disruption left that select pods on the given nodes. */
  holdingBudgets(cluster: string, nodeNames: readonly string[]): Promise<readonly HoldingBudget[]>;
}

/** What planning and carrying out touch. */
export interface UpgradePorts {
  readonly clusters: ClusterPort;
  readonly versions: VersionPort;
  readonly insights: InsightPort;
  readonly nodeGroups: NodeGroupVersionPort;
  readonly addOns: AddOnPort;
  readonly describeUpdate: DescribeUpdate;
  readonly runningUpdates: ListRunningUpdates;
  readonly subnets: DescribeSubnets;
  readonly parameter: GetParameter;
  readonly inside: ClusterView;
}
