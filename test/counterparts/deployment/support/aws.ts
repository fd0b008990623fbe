import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClientConfig } from '@aws-sdk/client-lambda';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Ministack } from '../../support/ministack.ts';

/** ministack takes an account's number for the access key of its root user, whose signature it does not check. */
export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
const SECRET = 'test';
const TIMEOUT_MS = 30_000;

export interface RawRequest {
  /** As in a signature's scope. */
  readonly service: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A presigned request, or one without anybody's key. */
  readonly unsigned?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** The deployed account as its administrator sees it. */
export interface Aws {
  readonly lambda: LambdaClient;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly events: EventBridgeClient;
  readonly s3: S3Client;
  /** For a client that is needed once. */
  readonly settings: LambdaClientConfig;
  /** For services without a client in this project, and members that a client would not send. */
  raw(request: RawRequest): Promise<RawAnswer>;
  /** Variables for a process: the CDK, the command line. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

export const createAws = ({ endpoint, authority }: Ministack): Aws => {
  const agent = new Agent({ keepAlive: true, ...(authority === undefined ? {} : { ca: authority.pem }) });
  const settings = {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: SECRET },
    requestHandler: { httpsAgent: agent, requestTimeout: TIMEOUT_MS },
  };
  const clients = {
    lambda: new LambdaClient(settings),
    dynamodb: new DynamoDBClient(settings),
    sqs: new SQSClient(settings),
    sns: new SNSClient(settings),
    events: new EventBridgeClient(settings),
    s3: new S3Client(settings),
  };
  const raw = ({ service, method, path, headers, body, unsigned = false }: RawRequest): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const scope = `${ACCOUNT}/20260101/${REGION}/${service}/aws4_request`;
      const options = {
        method,
        timeout: TIMEOUT_MS,
        // Node would take it from the Host header, which a presigned request brings along.
        servername: 'localhost',
        headers: {
          ...(unsigned
            ? {}
            : {
                authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
              }),
          ...headers,
        },
      };
      const url = new URL(path, endpoint);
      const sent =
        url.protocol === 'https:' ? httpsRequest(url, { ...options, agent }) : httpRequest(url, options);
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.once('error', reject);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
        );
      });
      sent.end(body);
    });
  return {
    ...clients,
    settings,
    raw,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCOUNT,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority.file }),
    },
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
      agent.destroy();
    },
  };
};
