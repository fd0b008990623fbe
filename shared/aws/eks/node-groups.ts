import type { EKSClient, Nodegroup } from '@aws-sdk/client-eks';
import {
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
  UpdateNodegroupConfigCommand,
} from '@aws-sdk/client-eks';
import { isAwsError } from '../clients.ts';

/** EKS: 0 <= min <= desired <= max and max >= 1. */
export interface NodeGroupSizes {
  readonly min: number;
  readonly desired: number;
  readonly max: number;
}

/** A managed node group as DescribeNodegroup tells it. */
export interface NodeGroup {
  /** Has a part that is new for every group: one that was deleted and made again has another ARN. */
  readonly arn: string;
  readonly cluster: string;
  readonly name: string;
  /** `ACTIVE`, `UPDATING`, `DEGRADED`, ...; whatever EKS says. */
  readonly status: string;
  readonly sizes: NodeGroupSizes;
  readonly autoScalingGroups: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface ResizeRequest {
  readonly cluster: string;
  readonly nodeGroup: string;
  readonly sizes: NodeGroupSizes;
  /** clientRequestToken: the same request sent twice with it is carried out once. */
  readonly token: string;
}

/** Managed node groups of a cluster. Everything throws the SDK's errors, by name. */
export interface NodeGroups {
  /** Names, all pages. */
  list(cluster: string): Promise<readonly string[]>;
  /** Undefined when there is no such group (any more). */
  describe(cluster: string, name: string): Promise<NodeGroup | undefined>;
  /** UpdateNodegroupConfig with all three sizes; asynchronous, `updateId` is for DescribeUpdate. */
  resize(request: ResizeRequest): Promise<{ readonly updateId: string }>;
}

const toNodeGroup = (cluster: string, name: string, group: Nodegroup): NodeGroup => {
  const { nodegroupArn, scalingConfig } = group;
  if (nodegroupArn === undefined || scalingConfig === undefined) {
    throw new Error(
      `EKS described node group ${name} of cluster ${cluster} without ARN or sizes; try again later`,
    );
  }
  const { minSize = 0, desiredSize = 0, maxSize = 0 } = scalingConfig;
  return {
    arn: nodegroupArn,
    cluster,
    name,
    status: group.status ?? 'UNKNOWN',
    sizes: { min: minSize, desired: desiredSize, max: maxSize },
    autoScalingGroups: (group.resources?.autoScalingGroups ?? []).flatMap((one) => one.name ?? []),
    tags: group.tags ?? {},
  };
};

export const createNodeGroups = (client: EKSClient): NodeGroups => ({
  list: async (cluster) => {
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListNodegroupsCommand({
          clusterName: cluster,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      names.push(...(page.nodegroups ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return names;
  },
  describe: async (cluster, name) => {
    try {
      const { nodegroup } = await client.send(
        new DescribeNodegroupCommand({ clusterName: cluster, nodegroupName: name }),
      );
      return toNodeGroup(cluster, name, nodegroup ?? {});
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  },
  resize: async ({ cluster, nodeGroup, sizes, token }) => {
    const { update } = await client.send(
      new UpdateNodegroupConfigCommand({
        clusterName: cluster,
        nodegroupName: nodeGroup,
        scalingConfig: { minSize: sizes.min, desiredSize: sizes.desired, maxSize: sizes.max },
        clientRequestToken: token,
      }),
    );
    if (update?.id === undefined) {
      throw new Error(
        `EKS took the new sizes of node group ${nodeGroup} without an update id; it is asked again`,
      );
    }
    return { updateId: update.id };
  },
});

/** The group is being changed by somebody, ourselves included: to be tried at a later tick. */
export const isNodeGroupBusy = (error: unknown): boolean => isAwsError(error, 'ResourceInUseException');

/**
 * AWS asks to slow down. EKS also says it as `InvalidRequestException: Request limit exceeded`, when a service
 * that it calls itself was throttled.
 */
export const isThrottled = (error: unknown): boolean =>
  isAwsError(
    error,
    'TooManyRequestsException',
    'ThrottlingException',
    'Throttling',
    'RequestLimitExceeded',
    'ServiceUnavailableException',
  ) ||
  (isAwsError(error, 'InvalidRequestException') && /request limit exceeded/i.test(error.message));
