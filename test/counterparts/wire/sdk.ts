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
import type { Account } from '../../../infra/local/account.ts';

/** A client of each service, as one caller. Nothing is repeated: an error is what is looked at. */
export const createClients = (variables: Readonly<Record<string, string>>) => {
  const settings = {
    endpoint: variables.AWS_ENDPOINT_URL ?? '',
    region: variables.AWS_REGION ?? '',
    credentials: {
      accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '',
    },
    maxAttempts: 1,
  };
  const clients = {
    autoscaling: new AutoScalingClient(settings),
    cloudformation: new CloudFormationClient(settings),
    dynamodb: new DynamoDBClient(settings),
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
  return {
    ...clients,
    destroy: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
};

export type Clients = ReturnType<typeof createClients>;

/** What a call is made with: the administrator's clients, those of a function with few rights, and the world. */
export interface CallContext {
  readonly as: Clients;
  readonly asCleanup: Clients;
  readonly account: Account;
}

/** One call: `service Operation`, how it is made, and the error that it has to end in. */
export interface SdkCall {
  readonly name: string;
  readonly error?: string;
  make(context: CallContext): Promise<unknown>;
}

/** A call that is answered. */
export const call = (name: string, make: SdkCall['make']): SdkCall => ({ name, make });

/** A call that is refused with that code. */
export const refused = (name: string, error: string, make: SdkCall['make']): SdkCall => ({
  name,
  error,
  make,
});
