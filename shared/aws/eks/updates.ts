import type { EKSClient } from '@aws-sdk/client-eks';
import { DescribeUpdateCommand } from '@aws-sdk/client-eks';

/** An error of a failed update: `code` is one of EKS's ErrorCode values, for example `InsufficientFreeAddresses`. */
export interface UpdateError {
  readonly code: string;
  readonly message: string;
  readonly resourceIds: readonly string[];
}

/** An asynchronous change of a cluster, node group or add-on. */
export interface EksUpdate {
  readonly id: string;
  /** `InProgress`, `Failed`, `Cancelled` or `Successful`; a status that EKS adds later comes as it is. */
  readonly status: string;
  /** For example `ConfigUpdate`, `VersionUpdate`; empty where EKS leaves it out. */
  readonly type: string;
  readonly errors: readonly UpdateError[];
}

/** Which update: of the cluster itself, or of one of its node groups or add-ons. */
export interface UpdateRequest {
  readonly cluster: string;
  readonly updateId: string;
  readonly nodeGroup?: string;
  readonly addon?: string;
}

export type DescribeUpdate = (request: UpdateRequest) => Promise<EksUpdate>;

/** Where an update stands. Throws the SDK's error, `ResourceNotFoundException` for an id that EKS does not know. */
export const describeUpdate = async (client: EKSClient, request: UpdateRequest): Promise<EksUpdate> => {
  const { update } = await client.send(
    new DescribeUpdateCommand({
      name: request.cluster,
      updateId: request.updateId,
      ...(request.nodeGroup === undefined ? {} : { nodegroupName: request.nodeGroup }),
      ...(request.addon === undefined ? {} : { addonName: request.addon }),
    }),
  );
  return {
    id: update?.id ?? request.updateId,
    status: update?.status ?? 'Unknown',
    type: update?.type ?? '',
    errors: (update?.errors ?? []).map(({ errorCode, errorMessage, resourceIds }) => ({
      code: errorCode ?? 'Unknown',
      message: errorMessage ?? '',
      resourceIds: resourceIds ?? [],
    })),
  };
};
