import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EKSClient } from '@aws-sdk/client-eks';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientSettings } from '../../../shared/aws/clients.ts';
import { REGION } from './world.ts';

/** The SDK's clients as the product makes them, but with one attempt: a refusal is to be seen as it came. */
export const createClients = (
  endpoint: string,
  credentials: { accessKeyId: string; secretAccessKey: string },
  requestTimeoutMs?: number,
) => {
  const settings = {
    endpoint,
    region: REGION,
    credentials,
    ...clientSettings({ maxAttempts: 1, ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }) }),
  };
  return {
    autoScaling: new AutoScalingClient(settings),
    cloudFormation: new CloudFormationClient(settings),
    dynamo: new DynamoDBClient(settings),
    ec2: new EC2Client(settings),
    ecr: new ECRClient(settings),
    eks: new EKSClient(settings),
    events: new EventBridgeClient(settings),
    lambda: new LambdaClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sns: new SNSClient(settings),
    sqs: new SQSClient(settings),
    ssm: new SSMClient(settings),
  };
};

export type Clients = ReturnType<typeof createClients>;

export const destroyClients = (clients: Clients): void => {
  for (const client of Object.values(clients)) client.destroy();
};

/** Ids that a side drew for the things of the world. */
export interface Drawn {
  readonly vpcId: string;
  /** In the order of the cluster's zones. */
  readonly subnetIds: readonly string[];
  /** Of the group `pool`, sorted. */
  readonly poolInstances: readonly string[];
  readonly topicArn: string;
  readonly functionArn: string;
  readonly queueUrl: (name: string) => string;
  /** Folder of public parameters below which both sides have some of AWS's own, and one of them. */
  readonly parameters: { readonly path: string; readonly name: string };
}

/** An account that the cases run against: ours, or somebody else's. */
export interface Side {
  readonly name: 'embedded' | 'moto';
  readonly endpoint: string;
  readonly clients: Clients;
  readonly drawn: Drawn;
  /** Lets so many seconds of this side's time go by. */
  pass(seconds: number): Promise<void>;
  /** Lets everything happen that the side does by itself: instances start and end, updates and scans finish. */
  settle(): Promise<void>;
  close(): Promise<void>;
}
