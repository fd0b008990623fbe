import type { EKSClient } from '@aws-sdk/client-eks';
import { DescribeClusterCommand } from '@aws-sdk/client-eks';

/** Endpoint and CA of a cluster. Throws the SDK's error, or one that says what the cluster lacks. */
export const describeClusterAddress = async (
  client: EKSClient,
  name: string,
): Promise<{ endpoint: string; certificateAuthority: string }> => {
  const { cluster } = await client.send(new DescribeClusterCommand({ name }));
  const endpoint = cluster?.endpoint;
  const certificateAuthority = cluster?.certificateAuthority?.data;
  if (endpoint === undefined || certificateAuthority === undefined) {
    throw new Error(`EKS gives no endpoint for it yet (status ${cluster?.status ?? 'unknown'})`);
  }
  return { endpoint, certificateAuthority };
};
