import type { EKSClient } from '@aws-sdk/client-eks';
import {
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
  UpdateNodegroupVersionCommand,
} from '@aws-sdk/client-eks';
import { isAwsError } from '../clients.ts';
import type { HealthIssue } from './clusters.ts';
import { toHealthIssue, updateIdOf } from './clusters.ts';

/** The facts about a managed node group that a version update turns on. */
export interface NodeGroupVersionFacts {
  readonly name: string;
  /** Kubernetes minor, for example `1.34`. */
  readonly version: string;
  /** AMI release, or the AMI's id where the launch template names its own. */
  readonly releaseVersion: string;
  /** For example `AL2023_x86_64_STANDARD`; `CUSTOM` where the launch template names its own AMI. */
  readonly amiType: string;
  readonly status: string;
  readonly desired: number;
  readonly issues: readonly HealthIssue[];
}

/** A rolling update; there is no `force`: disruption budgets are kept. */
export interface NodeGroupVersionRequest {
  readonly cluster: string;
  readonly nodeGroup: string;
  readonly version: string;
  readonly releaseVersion?: string;
  readonly clientRequestToken: string;
}

export interface NodeGroupVersionPort {
  list(cluster: string): Promise<readonly string[]>;
  /** Undefined for a node group that is not there. */
  describe(cluster: string, nodeGroup: string): Promise<NodeGroupVersionFacts | undefined>;
  /** Starts the rolling update and answers its id. */
  updateVersion(request: NodeGroupVersionRequest): Promise<string>;
}

export const createNodeGroupVersionPort = (client: EKSClient): NodeGroupVersionPort => ({
  list: async (clusterName) => {
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListNodegroupsCommand({ clusterName, ...(nextToken === undefined ? {} : { nextToken }) }),
      );
      names.push(...(page.nodegroups ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return names;
  },
  describe: async (clusterName, nodegroupName) => {
    try {
      const { nodegroup } = await client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
      if (nodegroup === undefined) return undefined;
      return {
        name: nodegroupName,
        version: nodegroup.version ?? '',
        releaseVersion: nodegroup.releaseVersion ?? '',
        amiType: nodegroup.amiType ?? 'CUSTOM',
        status: nodegroup.status ?? 'Unknown',
        desired: nodegroup.scalingConfig?.desiredSize ?? 0,
        issues: (nodegroup.health?.issues ?? []).map(toHealthIssue),
      };
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  },
  updateVersion: async ({ cluster, nodeGroup, ...request }) => {
    const { update } = await client.send(
      new UpdateNodegroupVersionCommand({ clusterName: cluster, nodegroupName: nodeGroup, ...request }),
    );
    return updateIdOf('UpdateNodegroupVersion', update);
  },
});
