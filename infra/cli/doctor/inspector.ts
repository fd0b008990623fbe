import { clientSettings, isAwsError } from '../../../shared/aws/clients.ts';
import type { DescribeStack } from '../deployment.ts';
import type { ClusterFacts } from './facts.ts';

/** What the doctor asks AWS, with the credentials of whoever runs it. Nothing is changed. */
export interface Inspector {
  /** Outputs of a stack; undefined where there is none. */
  outputs: DescribeStack;
  cluster(name: string): Promise<ClusterFacts | undefined>;
  /** Kubernetes groups of a role's access entry; undefined where there is none. */
  accessGroups(cluster: string, roleArn: string): Promise<readonly string[] | undefined>;
}

/** Loads the EKS client with the first use: no other command needs it. */
export const createInspector = async (outputs: DescribeStack): Promise<Inspector> => {
  const { DescribeAccessEntryCommand, DescribeClusterCommand, EKSClient } = await import(
    '@aws-sdk/client-eks'
  );
  const client = new EKSClient(clientSettings());
  const unlessMissing = async <Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> => {
    try {
      return await ask();
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  };
  return {
    outputs,
    cluster: async (name) => {
      const cluster = (await unlessMissing(() => client.send(new DescribeClusterCommand({ name }))))?.cluster;
      const vpc = cluster?.resourcesVpcConfig;
      return cluster === undefined
        ? undefined
        : {
            status: cluster.status ?? 'unknown',
            // Clusters from before access entries name no mode.
            authenticationMode: cluster.accessConfig?.authenticationMode ?? 'CONFIG_MAP',
            publicAccess: vpc?.endpointPublicAccess ?? true,
            privateAccess: vpc?.endpointPrivateAccess ?? false,
            publicAccessCidrs: vpc?.publicAccessCidrs ?? [],
            vpcId: vpc?.vpcId ?? '',
            securityGroupId: vpc?.clusterSecurityGroupId,
          };
    },
    accessGroups: async (clusterName, principalArn) => {
      const answer = await unlessMissing(() =>
        client.send(new DescribeAccessEntryCommand({ clusterName, principalArn })),
      );
      return answer === undefined ? undefined : (answer.accessEntry?.kubernetesGroups ?? []);
    },
  };
};
