import type { EKSClient } from '@aws-sdk/client-eks';
import { DescribeClusterCommand, UpdateClusterVersionCommand } from '@aws-sdk/client-eks';
import { isAwsError } from '../clients.ts';

/** A problem that EKS reports about a cluster, node group or add-on. */
export interface HealthIssue {
  readonly code: string;
  readonly message: string;
  readonly resourceIds: readonly string[];
}

/** The facts about a control plane that an upgrade turns on. */
export interface ClusterFacts {
  readonly name: string;
  readonly arn: string;
  /** Kubernetes minor, for example `1.34`. */
  readonly version: string;
  /** For example `eks.12`. */
  readonly platformVersion: string;
  /** `ACTIVE`, `UPDATING`, ... ACTIVE alone does not mean that an update succeeded. */
  readonly status: string;
  readonly subnetIds: readonly string[];
  readonly issues: readonly HealthIssue[];
}

export interface ClusterPort {
  /** Undefined for a cluster that EKS does not know. */
  describe(name: string): Promise<ClusterFacts | undefined>;
  /** Starts the update and answers its id. Never forced: readiness checks of EKS stay in force. */
  updateVersion(request: { cluster: string; version: string; clientRequestToken: string }): Promise<string>;
}

/** EKS leaves members out as it likes; an issue keeps what it has. */
export const toHealthIssue = (issue: {
  code?: string | undefined;
  message?: string | undefined;
  resourceIds?: readonly string[] | undefined;
}): HealthIssue => ({
  code: issue.code ?? 'Unknown',
  message: issue.message ?? '',
  resourceIds: issue.resourceIds ?? [],
});

/** An answer of an update call without an id cannot be followed, so it counts as failed. */
export const updateIdOf = (operation: string, update: { id?: string | undefined } | undefined): string => {
  if (update?.id !== undefined) return update.id;
  throw new Error(`${operation} answered without an update id; look the update up with ListUpdates`);
};

export const createClusterPort = (client: EKSClient): ClusterPort => ({
  describe: async (name) => {
    try {
      const { cluster } = await client.send(new DescribeClusterCommand({ name }));
      if (cluster === undefined) return undefined;
      return {
        name,
        arn: cluster.arn ?? '',
        version: cluster.version ?? '',
        platformVersion: cluster.platformVersion ?? '',
        status: cluster.status ?? 'Unknown',
        subnetIds: cluster.resourcesVpcConfig?.subnetIds ?? [],
        issues: (cluster.health?.issues ?? []).map(toHealthIssue),
      };
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  },
  updateVersion: async ({ cluster, version, clientRequestToken }) => {
    const { update } = await client.send(
      new UpdateClusterVersionCommand({ name: cluster, version, clientRequestToken }),
    );
    return updateIdOf('UpdateClusterVersion', update);
  },
});
