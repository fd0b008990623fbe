import type { LocalKubernetes } from '../kubernetes/server.ts';
import type { AddonCatalogue } from './addons.ts';
import { Refusal } from './refusal.ts';
import type { ScalingGroup } from './scaling-groups.ts';
import type { InsightSpec } from './spec.ts';
import type { Subnet } from './subnets.ts';

export interface Cluster {
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly createdAt: number;
  readonly vpcId: string;
  readonly securityGroupId: string;
  readonly roleArn: string;
  readonly subnets: readonly Subnet[];
  readonly authenticationMode: 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';
  readonly supportType: 'STANDARD' | 'EXTENDED';
  readonly tags: Map<string, string>;
  readonly nodeGroups: Map<string, NodeGroup>;
  readonly addons: Map<string, Addon>;
  readonly insights: Insights;
  readonly kubernetes: LocalKubernetes;
  /** What DescribeCluster says about reaching its Kubernetes API. */
  readonly address: { readonly endpoint: string; readonly certificateAuthority: string };
  readonly catalogue: AddonCatalogue;
  readonly issues: HealthIssue[];
  version: string;
  platformVersion: string;
  status: 'ACTIVE' | 'UPDATING';
}

export interface HealthIssue {
  readonly code: string;
  readonly message: string;
  readonly resourceIds: readonly string[];
}

/** An EKS managed node group. Its size is that of its Auto Scaling group: there is one truth. */
export interface NodeGroup {
  readonly name: string;
  readonly arn: string;
  readonly clusterName: string;
  readonly amiType: string;
  readonly spot: boolean;
  readonly instanceType: string;
  readonly nodeRole: string;
  readonly createdAt: number;
  readonly scaling: ScalingGroup;
  readonly labels: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly issues: HealthIssue[];
  updateConfig: { readonly maxUnavailable?: number; readonly maxUnavailablePercentage?: number };
  modifiedAt: number;
  status: 'ACTIVE' | 'UPDATING' | 'DEGRADED';
  version: string;
  releaseVersion: string;
}

export interface Addon {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  readonly issues: HealthIssue[];
  version: string;
  modifiedAt: number;
  status: 'ACTIVE' | 'UPDATING' | 'UPDATE_FAILED' | 'DEGRADED';
  configurationValues?: string;
  serviceAccountRoleArn?: string;
  podIdentityAssociations: readonly string[];
}

export interface Insight extends InsightSpec {
  readonly id: string;
  readonly category: 'UPGRADE_READINESS' | 'MISCONFIGURATION';
  readonly lastTransitionAt: number;
}

export interface Insights {
  readonly all: readonly Insight[];
  refresh: { readonly startedAt: number; readonly endedAt?: number };
}

export const getNodeGroup = (cluster: Cluster, name: string): NodeGroup => {
  const group = cluster.nodeGroups.get(name);
  if (group === undefined)
    throw new Refusal('ResourceNotFoundException', `No node group found for name: ${name}.`, {
      clusterName: cluster.name,
      nodegroupName: name,
    });
  return group;
};

export const getAddon = (cluster: Cluster, name: string): Addon => {
  const addon = cluster.addons.get(name);
  if (addon === undefined)
    throw new Refusal('ResourceNotFoundException', `No addon: ${name} found in cluster: ${cluster.name}`, {
      clusterName: cluster.name,
      addonName: name,
    });
  return addon;
};
