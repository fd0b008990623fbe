import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolServer } from '../../../infra/local/protocol/server.ts';
import { startProtocolServer } from '../../../infra/local/protocol/server.ts';
import type { FunctionDefinition } from '../../../infra/local/runtime/function.ts';
import { createFunctionPool } from '../../../infra/local/runtime/function-pool.ts';
import { worldServices } from '../../../infra/local/services/aws-services.ts';
import { cloudFormationService } from '../../../infra/local/services/cloudformation.ts';
import { startDynamoDb } from '../../../infra/local/services/dynamodb/service.ts';
import { createEventBus } from '../../../infra/local/services/events/rules.ts';
import { eventsService } from '../../../infra/local/services/events/service.ts';
import { createFunctions } from '../../../infra/local/services/lambda/functions.ts';
import { lambdaService } from '../../../infra/local/services/lambda/service.ts';
import type { Queue } from '../../../infra/local/services/sqs/queue.ts';
import { createQueue } from '../../../infra/local/services/sqs/queue.ts';
import { sqsService } from '../../../infra/local/services/sqs/service.ts';
import { administrator } from '../../../infra/local/world/principals.ts';
import type { WorldSpec } from '../../../infra/local/world/spec.ts';
import { createWorld, worldClockFor } from '../../../infra/local/world/world.ts';
import { temporaryFolder } from '../support/folders.ts';
import type { Side } from './side.ts';
import { createClients, destroyClients } from './side.ts';
import type { QueueData } from './world.ts';
import {
  ACCOUNT,
  AMI_TYPE,
  BUCKET,
  CLUSTER,
  FUNCTION,
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

const START = Date.UTC(2026, 10, 19, 21);
const DAY_MS = 86_400_000;
const SETTLES_IN_SECONDS = 20 * 60;

const spec: WorldSpec = {
  accountId: ACCOUNT,
  region: REGION,
  startAt: START,
  clusters: [
    {
      ...CLUSTER,
      freeAddressesPerSubnet: 200,
      nodeGroups: NODE_GROUPS.map((group) => ({
        ...group,
        instanceType: INSTANCE_TYPE,
        spot: false,
        amiType: AMI_TYPE,
      })),
      selfManagedGroups: SCALING_GROUPS.map(({ hook, scheduledAction, ...group }) => ({
        ...group,
        instanceType: INSTANCE_TYPE,
        spot: false,
        labels: {},
        ...(hook === undefined
          ? {}
          : { terminateHook: hook.name, terminateHookSeconds: hook.heartbeatSeconds }),
        ...(scheduledAction === undefined ? {} : { scheduledActions: [scheduledAction] }),
      })),
      addons: [{ name: 'vpc-cni', version: 'v1.20.4-eksbuild.1' }],
      insights: [{ name: 'Deprecated APIs', status: 'PASSING', reason: 'No deprecated API usage' }],
      workloads: [],
      failedPods: [],
    },
  ],
  repositories: REPOSITORIES.map(({ name, images }) => ({
    name,
    scanOnPush: false,
    images: images.map(({ digest, tags, findings }) => ({
      digest,
      tags,
      pushedAt: START - 30 * DAY_MS,
      findings: findings.map((finding) => ({ ...finding, knownFrom: 0 })),
    })),
  })),
};

const arnOf = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

export interface EmbeddedSide extends Side {
  /** Makes the next call of an operation fail: so that a comparison can be seen to fail. */
  readonly failNext: ProtocolServer['failNext'];
}

/** The embedded account with the world of the cases: every service of it that needs no deployed product. */
export const startEmbedded = async (): Promise<EmbeddedSide> => {
  const clock = worldClockFor(spec);
  const world = await createWorld(spec, clock);
  const dynamo = await startDynamoDb({ accountId: ACCOUNT, region: REGION });
  await dynamo.createTable(TABLE);
  world.buckets.create(BUCKET);
  const topicArn = world.topics.create(TOPIC);

  const queues = new Map<string, Queue>();
  for (const data of QUEUES as readonly QueueData[]) {
    const { name, visibilitySeconds, redrive } = data;
    const target = redrive === undefined ? undefined : queues.get(redrive.to);
    const options = { name, arn: arnOf('sqs', name), visibilitySeconds };
    queues.set(
      name,
      createQueue(clock, {
        ...options,
        ...(redrive === undefined || target === undefined
          ? {}
          : { redrive: { queue: target, maxReceives: redrive.maxReceives } }),
      }),
    );
  }
  const queue = (name: string): Queue => {
    const found = queues.get(name);
    if (found === undefined) throw new Error(`the world of the cases has no queue ${name}`);
    return found;
  };
  const bus = createEventBus({
    clock,
    accountId: ACCOUNT,
    region: REGION,
    rules: [
      {
        name: RULE.name,
        pattern: { source: [RULE.source], detailType: RULE.detailTypes },
        deliver: (event) => void queue('events').send(JSON.stringify(event)),
      },
    ],
  });

  const folder = temporaryFolder('contract');
  const file = join(folder, 'index.mjs');
  writeFileSync(file, 'export const handler = async () => ({ done: true });\n');
  const definition: FunctionDefinition = {
    entryId: FUNCTION,
    name: FUNCTION,
    arn: arnOf('lambda', `function:${FUNCTION}`),
    description: FUNCTION,
    file,
    handler: 'handler',
    memoryMb: 128,
    timeoutSeconds: 10,
    environment: {},
  };
  const pool = createFunctionPool({ clock, definitions: [definition] });
  const functions = createFunctions({ clock, pool, failures: queue('dead') });

  const place = { accountId: ACCOUNT, region: REGION };
  const server = await startProtocolServer({
    clock,
    region: REGION,
    services: [
      ...worldServices(world),
      dynamo.service,
      sqsService({
        clock,
        accountId: ACCOUNT,
        endpoint: () => server.endpoint,
        queues: [...queues.values()],
      }),
      eventsService({ bus, ...place }),
      lambdaService({
        functions,
        definitions: [definition],
        whileWaiting: (work) => work,
        deployedAt: clock.now(),
      }),
      cloudFormationService({
        name: STACK.name,
        outputs: STACK.outputs,
        deployedAt: clock.now(),
        ...place,
      }),
    ],
    knowsKey: (key) => world.principals.has(key),
  });
  const clients = createClients(server.endpoint, administrator);
  const { vpcId, subnets } = world.cluster(CLUSTER.name);
  const path = '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended';
  const pass = async (seconds: number) => clock.jumpTo(clock.now() + seconds * 1000);

  return {
    name: 'embedded',
    endpoint: server.endpoint,
    clients,
    drawn: {
      vpcId,
      subnetIds: subnets.map(({ id }) => id),
      poolInstances: world.autoScaling
        .members(world.autoScaling.get('pool'))
        .map(({ id }) => id)
        .sort(),
      topicArn,
      functionArn: definition.arn,
      queueUrl: (name) => `${server.endpoint}/${ACCOUNT}/${name}`,
      parameters: { path, name: `${path}/image_id` },
    },
    pass,
    settle: () => pass(SETTLES_IN_SECONDS),
    failNext: server.failNext,
    close: async () => {
      destroyClients(clients);
      await server.close();
      await pool.close();
      await dynamo.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
