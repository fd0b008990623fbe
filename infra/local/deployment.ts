import { join } from 'node:path';
import type { Entry, Resource, Scope, Trigger } from '../../shared/core/automation.ts';
import type { PlacedEntry } from '../entries.ts';
import { DEFAULT_STACK_NAME, functionNameOf, kubernetesGroupOf, outputs, roleOutputOf } from '../names.ts';
import type { FunctionDefinition } from './runtime/function.ts';
import type { Principal } from './world/principals.ts';

/** One entry as it is deployed: its function, who it is, and what its manifest says. */
export interface DeployedEntry {
  readonly entry: Entry;
  readonly definition: FunctionDefinition;
  readonly principal: Principal;
}

/** What the stack would make of the manifests in this account. Plain data; `account.ts` brings it to life. */
export interface Deployment {
  readonly names: Names;
  readonly scope: Scope;
  readonly entries: readonly DeployedEntry[];
  /** The queue's settings, where an entry is fed by it. */
  readonly intake: { readonly entryId: string; readonly trigger: QueueTrigger } | undefined;
  /** Outputs of the stack, by key. */
  readonly outputs: Readonly<Record<string, string>>;
}

export type QueueTrigger = Extract<Trigger, { kind: 'queue' }>;

export interface Names {
  readonly table: string;
  readonly bucket: string;
  readonly topic: string;
  readonly queue: string;
  readonly deadLetters: string;
  readonly failures: string;
}

const WORKER = 'spot-drain-worker';
const UPGRADE = 'cluster-upgrade';
const UPGRADE_PLAN = 'cluster-upgrade-plan';

export const planDeployment = (options: {
  entries: (scope: Scope) => readonly PlacedEntry[];
  /** `<bundles>/<automation>/index.mjs` */
  bundles: string;
  accountId: string;
  region: string;
  /** For `AWS_ENDPOINT_URL`. */
  endpoint: string;
}): Deployment => {
  const { accountId, region, endpoint } = options;
  const names: Names = {
    table: DEFAULT_STACK_NAME,
    bucket: `${DEFAULT_STACK_NAME}-${accountId}-${region}`,
    topic: DEFAULT_STACK_NAME,
    queue: DEFAULT_STACK_NAME,
    deadLetters: `${DEFAULT_STACK_NAME}-dead-letters`,
    failures: `${DEFAULT_STACK_NAME}-failures`,
  };
  const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${accountId}:${rest}`;
  const queueUrl = (name: string) => `${endpoint}/${accountId}/${name}`;
  const scope: Scope = {
    partition: 'aws',
    region,
    account: accountId,
    tableArn: arn('dynamodb', `table/${names.table}`),
    queueArn: arn('sqs', names.queue),
    topicArn: arn('sns', names.topic),
    bucketArn: `arn:aws:s3:::${names.bucket}`,
    functionArn: (entryId) => arn('lambda', `function:${functionNameOf(DEFAULT_STACK_NAME, entryId)}`),
  };

  const variables: Readonly<Record<Resource, readonly [string, string]>> = {
    table: ['CARETAKER_TABLE', names.table],
    bucket: ['CARETAKER_BUCKET', names.bucket],
    topic: ['CARETAKER_TOPIC_ARN', scope.topicArn],
    queue: ['CARETAKER_QUEUE_URL', queueUrl(names.queue)],
    worker: ['CARETAKER_WORKER', scope.functionArn(WORKER)],
  };

  const deploy = ({ automation, entry }: PlacedEntry): DeployedEntry => {
    const principal = principalOf(entry.id);
    return {
      entry,
      principal,
      definition: {
        entryId: entry.id,
        name: functionNameOf(DEFAULT_STACK_NAME, entry.id),
        arn: scope.functionArn(entry.id),
        description: entry.description,
        file: join(options.bundles, automation, 'index.mjs'),
        handler: entry.handler,
        memoryMb: entry.memoryMb,
        timeoutSeconds: entry.timeoutSeconds,
        ...(entry.reservedConcurrency === undefined
          ? {}
          : { reservedConcurrency: entry.reservedConcurrency }),
        ...(entry.durable === undefined ? {} : { durable: entry.durable }),
        environment: {
          ...sdkEnvironment(endpoint, region, principal),
          ...Object.fromEntries(entry.uses.map((resource) => variables[resource])),
        },
      },
    };
  };

  const entries = options.entries(scope).map(deploy);
  const fed = entries.find(({ entry }) => entry.trigger.kind === 'queue')?.entry;
  const has = (entryId: string) => entries.some(({ entry }) => entry.id === entryId);
  const functionName = (entryId: string) => functionNameOf(DEFAULT_STACK_NAME, entryId);

  return {
    names,
    scope,
    entries,
    intake: fed?.trigger.kind === 'queue' ? { entryId: fed.id, trigger: fed.trigger } : undefined,
    outputs: {
      [outputs.table]: names.table,
      [outputs.bucket]: names.bucket,
      [outputs.topic]: scope.topicArn,
      [outputs.failures]: queueUrl(names.failures),
      ...(fed === undefined
        ? {}
        : { [outputs.queue]: queueUrl(names.queue), [outputs.deadLetters]: queueUrl(names.deadLetters) }),
      ...(has(WORKER) ? { [outputs.worker]: scope.functionArn(WORKER) } : {}),
      ...(has(UPGRADE) ? { [outputs.upgradeFunction]: functionName(UPGRADE) } : {}),
      ...(has(UPGRADE_PLAN) ? { [outputs.upgradePlanFunction]: functionName(UPGRADE_PLAN) } : {}),
      ...Object.fromEntries(
        entries.map(({ entry, principal }) => [
          roleOutputOf(entry.id),
          `arn:aws:iam::${accountId}:role/${principal.roleName}`,
        ]),
      ),
    },
  };
};

/** These are no secrets: they open nothing but this process. */
const principalOf = (entryId: string): Principal => ({
  accessKeyId: `ASIALOCAL${entryId.toUpperCase().replaceAll('-', '')}`,
  secretAccessKey: `local-${entryId}`,
  sessionToken: `local-session-${entryId}`,
  roleName: functionNameOf(DEFAULT_STACK_NAME, entryId),
  groups: [kubernetesGroupOf(entryId)],
});

/** The variables by which any AWS SDK or the AWS CLI finds the account. */
export const sdkEnvironment = (
  endpoint: string,
  region: string,
  principal: Principal,
): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: principal.accessKeyId,
  AWS_SECRET_ACCESS_KEY: principal.secretAccessKey,
  ...(principal.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: principal.sessionToken }),
});
