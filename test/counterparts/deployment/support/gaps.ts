import { AutoScalingClient, CompleteLifecycleActionCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient, GetRegistryScanningConfigurationCommand } from '@aws-sdk/client-ecr';
import {
  DescribeAccessEntryCommand,
  DescribeClusterVersionsCommand,
  DescribeNodegroupCommand,
  EKSClient,
  ListInsightsCommand,
} from '@aws-sdk/client-eks';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { LambdaClientConfig } from '@aws-sdk/client-lambda';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Account } from '../../../../infra/local/account.ts';
import { roleOutputOf } from '../../../../infra/names.ts';
import { adminClient } from '../../../e2e/support/invoke.ts';
import { CLUSTER, VERSION } from './scenario.ts';

type Settings = Pick<LambdaClientConfig, 'endpoint' | 'region' | 'credentials' | 'requestHandler'>;

/** Something that the deployed functions need and ministack does not have: why its services are bridged. */
export interface Gap {
  readonly behaviour: string;
  /** In a few words that stay the same. An error is its name. */
  ask(settings: Settings): Promise<string>;
  readonly ministack: string;
  readonly embedded: string;
  readonly why: string;
}

const using = async <C extends { destroy(): void }, T>(
  client: C,
  ask: (client: C) => Promise<T>,
): Promise<T> => {
  try {
    return await ask(client);
  } finally {
    client.destroy();
  }
};

const ONLY_WITH_DOCKER = 'ministack makes EKS clusters in Docker alone, and no node groups of instances';

export const gaps: readonly Gap[] = [
  {
    behaviour: 'EKS: DescribeNodegroup',
    ask: (settings) =>
      using(new EKSClient(settings), async (client) => {
        const { nodegroup } = await client.send(
          new DescribeNodegroupCommand({ clusterName: CLUSTER, nodegroupName: 'spot' }),
        );
        return nodegroup?.status ?? '';
      }),
    ministack: 'ResourceNotFoundException',
    embedded: 'ACTIVE',
    why: ONLY_WITH_DOCKER,
  },
  {
    behaviour: 'EKS: DescribeClusterVersions',
    ask: (settings) =>
      using(new EKSClient(settings), async (client) => {
        const { clusterVersions = [] } = await client.send(new DescribeClusterVersionsCommand({}));
        return clusterVersions.some(({ clusterVersion }) => clusterVersion === VERSION)
          ? `has ${VERSION}`
          : 'none';
      }),
    ministack: 'InvalidRequestException',
    embedded: `has ${VERSION}`,
    why: 'ministack has no such operation; EKS API Reference, DescribeClusterVersions',
  },
  {
    behaviour: 'EKS: ListInsights',
    ask: (settings) =>
      using(new EKSClient(settings), async (client) => {
        const { insights = [] } = await client.send(new ListInsightsCommand({ clusterName: CLUSTER }));
        return `${insights.length} insights`;
      }),
    ministack: 'InvalidRequestException',
    embedded: '0 insights',
    why: 'ministack has no such operation; EKS API Reference, ListInsights',
  },
  {
    behaviour: 'EC2: DescribeInstances, by the tag of the cluster',
    ask: (settings) =>
      using(new EC2Client(settings), async (client) => {
        const Filters = [{ Name: 'tag:eks:cluster-name', Values: [CLUSTER] }];
        const { Reservations = [] } = await client.send(new DescribeInstancesCommand({ Filters }));
        return `${Reservations.flatMap(({ Instances = [] }) => Instances).length} instances`;
      }),
    ministack: '0 instances',
    embedded: '2 instances',
    why: ONLY_WITH_DOCKER,
  },
  {
    behaviour: 'Auto Scaling: CompleteLifecycleAction of a group that is not there',
    ask: (settings) =>
      using(new AutoScalingClient(settings), async (client) => {
        await client.send(
          new CompleteLifecycleActionCommand({
            AutoScalingGroupName: 'not-there',
            LifecycleHookName: 'drain-first',
            LifecycleActionResult: 'CONTINUE',
            InstanceId: 'i-0123456789abcdef0',
          }),
        );
        return 'completed';
      }),
    ministack: 'completed',
    embedded: 'ValidationError',
    why: 'ministack takes every action for completed; Auto Scaling User Guide, "Complete a lifecycle action"',
  },
  {
    behaviour: 'ECR: GetRegistryScanningConfiguration',
    ask: (settings) =>
      using(new ECRClient(settings), async (client) => {
        const answer = await client.send(new GetRegistryScanningConfigurationCommand({}));
        return answer.scanningConfiguration?.scanType ?? '';
      }),
    ministack: 'InvalidAction',
    embedded: 'BASIC',
    why: 'ministack scans no images; ECR API Reference, GetRegistryScanningConfiguration',
  },
  {
    behaviour: "SSM: AWS's public parameters of node images",
    ask: (settings) =>
      using(new SSMClient(settings), async (client) => {
        const Name = `/aws/service/eks/optimized-ami/${VERSION}/amazon-linux-2023/x86_64/standard/recommended/release_version`;
        const { Parameter } = await client.send(new GetParameterCommand({ Name }));
        return Parameter?.Value === undefined ? 'none' : 'there';
      }),
    ministack: 'ParameterNotFound',
    embedded: 'there',
    why: 'ministack has no public parameters of EKS; EKS User Guide, "Retrieve recommended Amazon Linux AMI IDs"',
  },
];

/** Error of an event that only AWS itself may put. */
export const putAsAws = (settings: Settings): Promise<string> =>
  using(new EventBridgeClient(settings), async (client) => {
    const { Entries: [entry] = [] } = await client.send(
      new PutEventsCommand({ Entries: [{ Source: 'aws.ec2', DetailType: 'test', Detail: '{}' }] }),
    );
    return entry?.ErrorCode ?? 'taken';
  });

/** What the answer is, or the name of the error. */
export const said = async (asking: Promise<string>): Promise<string> => {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Error) return error.name;
    throw error;
  }
};

/** Kubernetes groups of an entry's role, as the embedded EKS has them. */
export const groupsOfAccessEntry = (account: Account, entryId: string): Promise<readonly string[]> => {
  const role = account.deployment.outputs[roleOutputOf(entryId)] ?? '';
  return using(new EKSClient(adminClient(account.admin)), async (client) => {
    const { accessEntry } = await client.send(
      new DescribeAccessEntryCommand({ clusterName: CLUSTER, principalArn: role }),
    );
    return accessEntry?.kubernetesGroups ?? [];
  });
};
