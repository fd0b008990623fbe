import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  PutLifecycleHookCommand,
  PutScheduledUpdateGroupActionCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateLaunchTemplateCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
} from '@aws-sdk/client-ec2';
import { CreateRepositoryCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { startMoto as startMotoServer } from '../support/moto.ts';
import type { Clients, Side } from './side.ts';
import { createClients, destroyClients } from './side.ts';
import type { ImageData, QueueData } from './world.ts';
import {
  ACCOUNT,
  AMI_TYPE,
  BUCKET,
  CLUSTER,
  FUNCTION,
  groupTags,
  INSTANCE_TYPE,
  NODE_GROUPS,
  QUEUES,
  REGION,
  REPOSITORIES,
  RULE,
  SCALING_GROUPS,
  STACK,
  TABLE,
  TOPIC,
} from './world.ts';

const arnOf = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/${CLUSTER.name}`;

/** The first call of a service makes moto load it, which takes seconds on a busy machine. */
const FIRST_CALL_MS = 60_000;

/** moto is asked for ids that a service's model lets it leave out. */
const given = (value: string | undefined, what: string): string => {
  if (value === undefined) throw new Error(`moto made ${what} without an id`);
  return value;
};

const createNetwork = async ({ ec2 }: Clients) => {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const vpcId = given(Vpc?.VpcId, 'a VPC');
  const subnetIds: string[] = [];
  for (const [index, zone] of CLUSTER.zones.entries()) {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: `10.0.${index * 16}.0/20`,
        AvailabilityZone: zone,
      }),
    );
    subnetIds.push(given(Subnet?.SubnetId, 'a subnet'));
  }
  await ec2.send(
    new CreateTagsCommand({
      Resources: subnetIds,
      Tags: [{ Key: `kubernetes.io/cluster/${CLUSTER.name}`, Value: 'shared' }],
    }),
  );
  return { vpcId, subnetIds };
};

const createGroups = async ({ autoScaling, ec2 }: Clients, subnetIds: readonly string[]): Promise<void> => {
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  for (const group of SCALING_GROUPS) {
    const LaunchTemplateName = `${group.name}-template`;
    await ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName,
        LaunchTemplateData: { InstanceType: INSTANCE_TYPE, ImageId: given(Images?.[0]?.ImageId, 'an image') },
      }),
    );
    await autoScaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: group.name,
        MinSize: group.min,
        MaxSize: group.max,
        DesiredCapacity: group.desired,
        LaunchTemplate: { LaunchTemplateName, Version: '1' },
        VPCZoneIdentifier: subnetIds.join(','),
        Tags: Object.entries(groupTags(group)).map(([Key, Value]) => ({
          Key,
          Value,
          ResourceId: group.name,
          ResourceType: 'auto-scaling-group',
          PropagateAtLaunch: true,
        })),
      }),
    );
    if (group.hook !== undefined)
      await autoScaling.send(
        new PutLifecycleHookCommand({
          AutoScalingGroupName: group.name,
          LifecycleHookName: group.hook.name,
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
          HeartbeatTimeout: group.hook.heartbeatSeconds,
          DefaultResult: 'CONTINUE',
        }),
      );
    if (group.scheduledAction !== undefined)
      await autoScaling.send(
        new PutScheduledUpdateGroupActionCommand({
          AutoScalingGroupName: group.name,
          ScheduledActionName: group.scheduledAction.name,
          Recurrence: group.scheduledAction.recurrence,
          DesiredCapacity: group.scheduledAction.desired,
        }),
      );
  }
};

const createCluster = async ({ eks }: Clients, subnetIds: readonly string[]): Promise<void> => {
  await eks.send(
    new CreateClusterCommand({
      name: CLUSTER.name,
      version: CLUSTER.version,
      roleArn: ROLE,
      resourcesVpcConfig: { subnetIds: [...subnetIds] },
      tags: CLUSTER.tags,
    }),
  );
  for (const group of NODE_GROUPS)
    await eks.send(
      new CreateNodegroupCommand({
        clusterName: CLUSTER.name,
        nodegroupName: group.name,
        scalingConfig: { minSize: group.min, desiredSize: group.desired, maxSize: group.max },
        subnets: [...subnetIds],
        instanceTypes: [INSTANCE_TYPE],
        amiType: AMI_TYPE,
        nodeRole: ROLE,
        version: CLUSTER.version,
        releaseVersion: `${CLUSTER.version}.0-20261101`,
        labels: group.labels,
        tags: group.tags,
      }),
    );
};

const createRegistry = async (clients: Clients, endpoint: string): Promise<void> => {
  for (const { name, images } of REPOSITORIES) {
    await clients.ecr.send(new CreateRepositoryCommand({ repositoryName: name }));
    for (const { manifest, digest, tags } of images)
      for (const imageTag of tags.length === 0 ? [undefined] : tags)
        await clients.ecr.send(
          new PutImageCommand({
            repositoryName: name,
            imageManifest: manifest,
            imageDigest: digest,
            imageTag,
          }),
        );
    for (const image of images) await giveFindings(endpoint, name, image);
  }
};

/** moto's own way to say what a scan is to find. */
const giveFindings = async (endpoint: string, repositoryName: string, image: ImageData): Promise<void> => {
  const findingSeverityCounts: Record<string, number> = {};
  for (const { severity } of image.findings)
    findingSeverityCounts[severity] = (findingSeverityCounts[severity] ?? 0) + 1;
  const result = {
    registryId: ACCOUNT,
    repositoryName,
    imageId: { imageDigest: image.digest },
    imageScanStatus: { status: 'COMPLETE', description: 'The scan was completed successfully.' },
    imageScanFindings: {
      imageScanCompletedAt: Math.floor(Date.now() / 1000),
      vulnerabilitySourceUpdatedAt: Math.floor(Date.now() / 1000),
      findingSeverityCounts,
      findings: image.findings.map((finding) => ({
        name: finding.name,
        uri: `https://nvd.nist.gov/vuln/detail/${finding.name}`,
        severity: finding.severity,
        attributes: [
          { key: 'package_name', value: finding.packageName },
          { key: 'package_version', value: finding.packageVersion },
          ...(finding.fixedInVersion === undefined
            ? []
            : [{ key: 'fixed_in_version', value: finding.fixedInVersion }]),
        ],
      })),
    },
  };
  await configure(endpoint, '/moto-api/static/ecr/scan-finding-results', {
    region: REGION,
    results: [result],
  });
};

const configure = async (endpoint: string, path: string, body: object): Promise<void> => {
  const response = await fetch(`${endpoint}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`moto refused ${path}: ${response.status} ${await response.text()}`);
};

const createQueues = async ({ sqs }: Clients): Promise<ReadonlyMap<string, string>> => {
  const urls = new Map<string, string>();
  for (const { name, visibilitySeconds, redrive } of QUEUES as readonly QueueData[]) {
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: {
          VisibilityTimeout: String(visibilitySeconds),
          ...(redrive === undefined
            ? {}
            : {
                RedrivePolicy: JSON.stringify({
                  deadLetterTargetArn: arnOf('sqs', redrive.to),
                  maxReceiveCount: redrive.maxReceives,
                }),
              }),
        },
      }),
    );
    urls.set(name, given(QueueUrl, `the queue ${name}`));
  }
  return urls;
};

const createRest = async ({ dynamo, events, s3, sns }: Clients): Promise<string> => {
  await s3.send(
    new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
  await dynamo.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  await events.send(
    new PutRuleCommand({
      Name: RULE.name,
      EventPattern: JSON.stringify({ source: [RULE.source], 'detail-type': RULE.detailTypes }),
    }),
  );
  await events.send(
    new PutTargetsCommand({ Rule: RULE.name, Targets: [{ Id: 'queue', Arn: arnOf('sqs', 'events') }] }),
  );
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: TOPIC }));
  return given(TopicArn, 'a topic');
};

/** The function and the role that it has to have come with the stack. */
const createStack = async ({ cloudFormation }: Clients): Promise<void> => {
  await cloudFormation.send(
    new CreateStackCommand({
      StackName: STACK.name,
      TemplateBody: JSON.stringify({
        Resources: {
          Role: {
            Type: 'AWS::IAM::Role',
            Properties: {
              AssumeRolePolicyDocument: {
                Version: '2012-10-17',
                Statement: [
                  {
                    Effect: 'Allow',
                    Principal: { Service: 'lambda.amazonaws.com' },
                    Action: 'sts:AssumeRole',
                  },
                ],
              },
            },
          },
          Function: {
            Type: 'AWS::Lambda::Function',
            Properties: {
              FunctionName: FUNCTION,
              Description: FUNCTION,
              Runtime: 'nodejs24.x',
              Handler: 'index.handler',
              Timeout: 10,
              MemorySize: 128,
              Architectures: ['arm64'],
              Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
              Code: { ZipFile: 'export const handler = async () => ({ done: true });\n' },
            },
          },
        },
        Outputs: Object.fromEntries(Object.entries(STACK.outputs).map(([key, Value]) => [key, { Value }])),
      }),
    }),
  );
};

/** moto with the world of the cases. Its functions answer without being run: it would need containers for that. */
export const startMoto = async (): Promise<Side> => {
  const moto = await startMotoServer();
  await moto.reset();
  const credentials = { accessKeyId: 'AKIAMOTO', secretAccessKey: 'moto' };
  const clients = createClients(moto.endpoint, credentials, FIRST_CALL_MS);
  await configure(moto.endpoint, '/moto-api/config', { lambda: { use_docker: false } });
  const { vpcId, subnetIds } = await createNetwork(clients);
  await createGroups(clients, subnetIds);
  await createCluster(clients, subnetIds);
  await createRegistry(clients, moto.endpoint);
  const queueUrls = await createQueues(clients);
  const topicArn = await createRest(clients);
  await createStack(clients);
  const { AutoScalingGroups } = await clients.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['pool'] }),
  );
  const path = '/aws/service/ami-amazon-linux-latest';
  return {
    name: 'moto',
    endpoint: moto.endpoint,
    clients,
    drawn: {
      vpcId,
      subnetIds,
      poolInstances: (AutoScalingGroups?.[0]?.Instances ?? [])
        .map(({ InstanceId }) => given(InstanceId, 'an instance'))
        .sort(),
      topicArn,
      functionArn: arnOf('lambda', `function:${FUNCTION}`),
      queueUrl: (name) => given(queueUrls.get(name), `the queue ${name}`),
      parameters: { path, name: `${path}/al2023-ami-kernel-6.1-x86_64` },
    },
    pass: (seconds) => sleep(seconds * 1000),
    // moto does everything at once.
    settle: async () => {},
    close: async () => {
      destroyClients(clients);
      await moto.close();
    },
  };
};
