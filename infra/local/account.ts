import type { Config } from '../../functions/index.ts';
import type { Scope } from '../../shared/core/automation.ts';
import type { PlacedEntry } from '../entries.ts';
import { entriesOf } from '../entries.ts';
import { DEFAULT_STACK_NAME } from '../names.ts';
import { kubernetesManifests } from '../rbac.ts';
import type { WorldClock } from './clock.ts';
import type { Deployment } from './deployment.ts';
import { planDeployment, sdkEnvironment } from './deployment.ts';
import type { Caller } from './iam/authorize.ts';
import { authorized } from './iam/authorize.ts';
import type { Fault } from './protocol/faults.ts';
import type { Exchange } from './protocol/server.ts';
import { startProtocolServer } from './protocol/server.ts';
import type { Input } from './protocol/service.ts';
import { createConductor } from './runtime/conductor.ts';
import type { InvocationRecord } from './runtime/function-pool.ts';
import { createFunctionPool } from './runtime/function-pool.ts';
import type { KillPoint } from './runtime/messages.ts';
import { worldServices } from './services/aws-services.ts';
import { cloudFormationService } from './services/cloudformation.ts';
import type { DynamoDb } from './services/dynamodb/service.ts';
import { startDynamoDb } from './services/dynamodb/service.ts';
import { eventsService } from './services/events/service.ts';
import type { Execution } from './services/lambda/durable/execution.ts';
import { createFunctions } from './services/lambda/functions.ts';
import { lambdaService } from './services/lambda/service.ts';
import { sqsService } from './services/sqs/service.ts';
import type { Queues } from './triggers.ts';
import { createQueues, startTriggers } from './triggers.ts';
import type { AwsEvent } from './world/events.ts';
import { administrator, sessionArn } from './world/principals.ts';
import type { WorldSpec } from './world/spec.ts';
import type { PublishedNotification } from './world/stores.ts';
import type { World } from './world/world.ts';
import { createWorld, worldClockFor } from './world/world.ts';

export interface AccountOptions {
  readonly spec: WorldSpec;
  /** Folder of the build: `<automation>/index.mjs`. */
  readonly bundles: string;
  readonly config: Config;
  /** Whether ticks fire by themselves. Default true; without them a test invokes by hand. */
  readonly schedules?: boolean;
  /** `held` (default): time stands still but for `runUntil` and its like. `running`: as the machine's. */
  readonly time?: 'held' | 'running';
  /** Of the AWS endpoint; any free one where left out. */
  readonly port?: number;
  /** What is deployed instead of the automations' manifests. */
  readonly entries?: (scope: Scope) => readonly PlacedEntry[];
  /** Real seconds without progress after which moving time is given up. Default 30. */
  readonly stuckAfterSeconds?: number;
}

export interface InvokeResult {
  readonly ok: boolean;
  /** The handler's result, or `{ errorType, errorMessage, trace }`. */
  readonly payload: unknown;
  readonly logs: readonly string[];
}

/** An AWS account with clusters and the deployed product, all in this process and its children. */
export interface Account {
  readonly endpoint: string;
  readonly world: World;
  readonly clock: WorldClock;
  readonly deployment: Deployment;
  readonly queues: Queues;
  /** What the function of an entry sees: what the stack sets, endpoint, region, credentials. */
  environment(entryId: string): Readonly<Record<string, string>>;
  /** Endpoint, region and credentials of the administrator. */
  readonly admin: Readonly<Record<string, string>>;
  /** Invokes and waits, moving time meanwhile. A durable function is run to its end. */
  invoke(entryId: string, event: object): Promise<InvokeResult>;
  /** Puts an event on the default bus as an AWS service would. */
  putEvent(event: AwsEvent): void;
  /** Straight into the product's queue. */
  sendMessage(body: string): void;
  /** Moves time to `at` (epoch ms); everything that is due by then has been done. */
  runUntil(at: number): Promise<void>;
  /** Moves time until the condition holds. Rejects where it does not within so many seconds of the world's time. */
  runUntilTrue(condition: () => boolean, withinSeconds: number): Promise<void>;
  /** Moves time until no function runs or is going to be retried, and the product's queue is empty. */
  settle(): Promise<void>;
  /** Starts environments ahead, so that a storm of events does not wait for them. */
  prewarm(entryId: string, count: number): Promise<void>;
  /** The next invocation of the entry is killed at that request. */
  killAt(entryId: string, point: KillPoint): void;
  /** Kills what runs of the entry now. Answers how many invocations that ended. */
  kill(entryId: string): number;
  failNext(service: string, operation: string, fault: Fault, times?: number): void;
  /** Every item of the product's table, in DynamoDB's JSON. */
  table(): Promise<readonly Input[]>;
  /** Events that the product put on the bus. */
  readonly published: readonly AwsEvent[];
  readonly notifications: readonly PublishedNotification[];
  /** Every invocation that has ended, with its logs. */
  readonly invocations: readonly InvocationRecord[];
  onInvocation(listener: (record: InvocationRecord) => void): () => void;
  /** Invocations that run, or wait for a free environment. */
  readonly running: number;
  readonly executions: readonly Execution[];
  /** Every AWS call that goes over the wire. */
  onExchange(listener: (exchange: Exchange) => void): () => void;
  close(): Promise<void>;
}

/** Everything that has to be ended, the latest first; also when starting fails half-way. */
const createEnding = () => {
  const ends: (() => void | Promise<void>)[] = [];
  return {
    add: (end: () => void | Promise<void>) => void ends.unshift(end),
    run: async () => {
      for (const end of ends.splice(0)) await end();
    },
  };
};

export const startAccount = async (options: AccountOptions): Promise<Account> => {
  const ending = createEnding();
  try {
    return await start(options, ending);
  } catch (error) {
    await ending.run();
    throw error;
  }
};

const start = async (options: AccountOptions, ending: ReturnType<typeof createEnding>): Promise<Account> => {
  const { spec } = options;
  const clock = worldClockFor(spec);
  clock.hold(true);
  ending.add(clock.stop);
  const world = await createWorld(spec, clock);
  ending.add(world.close);
  const dynamo = await startDynamoDb({ accountId: world.accountId, region: world.region });
  ending.add(dynamo.close);
  const server = await startProtocolServer({
    clock,
    region: world.region,
    services: [],
    knowsKey: (key) => world.principals.has(key),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  ending.add(server.close);

  const deployment = planDeployment({
    entries: options.entries ?? ((scope) => entriesOf(options.config, scope)),
    bundles: options.bundles,
    accountId: world.accountId,
    region: world.region,
    endpoint: server.endpoint,
  });
  const callers = await create(deployment, world, dynamo);
  const definitions = deployment.entries.map(({ definition }) => definition);
  const queues = createQueues(clock, deployment);
  const pool = createFunctionPool({ clock, definitions });
  ending.add(pool.close);
  const { stuckAfterSeconds } = options;
  const conductor = createConductor({
    clock,
    pool,
    ...(stuckAfterSeconds === undefined ? {} : { stuckAfterSeconds }),
  });
  ending.add(conductor.stop);
  const functions = createFunctions({ clock, pool, failures: queues.failures });
  const { schedules = true } = options;
  const triggers = startTriggers({ clock, deployment, queues, pool, functions, schedules });
  ending.add(triggers.stop);
  ending.add(world.onEvent(triggers.bus.deliver));

  const whileWaiting = async <T>(work: Promise<T>): Promise<T> => {
    if (!clock.held) return work;
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    await Promise.all([conductor.drive({ done: () => done }), finished]);
    return finished;
  };

  const place = { accountId: world.accountId, region: world.region };
  const deployedAt = clock.now();
  const services = [
    ...worldServices(world),
    dynamo.service,
    sqsService({
      clock,
      accountId: world.accountId,
      endpoint: () => server.endpoint,
      queues: Object.values(queues).filter((queue) => queue !== undefined),
    }),
    eventsService({ bus: triggers.bus, ...place }),
    lambdaService({ functions, definitions, whileWaiting, deployedAt }),
    cloudFormationService({ name: DEFAULT_STACK_NAME, outputs: deployment.outputs, deployedAt, ...place }),
  ];
  for (const service of services)
    server.register(authorized(service, { place, callerOf: (key) => callers.get(key) }));

  const invocations: InvocationRecord[] = [];
  pool.onInvocation((record) => invocations.push(record));
  clock.hold(options.time !== 'running');

  const requireHeld = () => {
    if (!clock.held)
      throw new Error('the time of this account runs by itself: start it with time "held" to move it');
  };
  const runUntilTrue: Account['runUntilTrue'] = async (condition, withinSeconds) => {
    requireHeld();
    const limit = clock.now() + withinSeconds * 1000;
    await conductor.drive({ done: condition, limit });
    if (!condition())
      throw new Error(`the condition did not hold within ${withinSeconds} s of the world's time`);
  };
  const queueIsEmpty = () => {
    const { visible = 0, delayed = 0, inFlight = 0 } = queues.intake?.counts() ?? {};
    return visible + delayed + inFlight === 0;
  };

  return {
    endpoint: server.endpoint,
    world,
    clock,
    deployment,
    queues,
    environment: (entryId) => {
      const found = deployment.entries.find(({ entry }) => entry.id === entryId);
      if (found === undefined) throw new Error(`no entry ${entryId} is deployed`);
      return found.definition.environment;
    },
    admin: sdkEnvironment(server.endpoint, world.region, administrator),
    invoke: async (entryId, event) => {
      const target = functions.resolve(deployment.scope.functionArn(entryId));
      const qualifier = target.definition.durable === undefined ? undefined : '1';
      const work = functions.invoke({ ...target, qualifier }, JSON.stringify(event));
      const { ok, payload, logs } = await whileWaiting(work);
      return { ok, payload: JSON.parse(payload), logs };
    },
    putEvent: triggers.bus.deliver,
    sendMessage: (body) => {
      if (queues.intake === undefined) throw new Error('no entry of this deployment is fed by the queue');
      queues.intake.send(body);
    },
    runUntil: async (at) => {
      requireHeld();
      await conductor.drive({ done: () => false, limit: at });
    },
    runUntilTrue,
    settle: async () => {
      requireHeld();
      await conductor.drive({
        done: () => pool.inFlight.length === 0 && functions.pendingAsync === 0 && queueIsEmpty(),
      });
    },
    prewarm: pool.prewarm,
    killAt: pool.killAt,
    kill: pool.kill,
    failNext: server.failNext,
    table: () => dynamo.items(deployment.names.table),
    published: triggers.bus.published,
    notifications: world.topics.published,
    invocations,
    onInvocation: pool.onInvocation,
    get running() {
      return pool.inFlight.length;
    },
    get executions() {
      return functions.durable.executions;
    },
    onExchange: server.onExchange,
    close: ending.run,
  };
};

/** What a deployment makes in the account and its clusters. Answers who may do what, by access key. */
const create = async (
  deployment: Deployment,
  world: World,
  dynamo: DynamoDb,
): Promise<ReadonlyMap<string, Caller>> => {
  const { names, entries } = deployment;
  await dynamo.createTable(names.table);
  world.buckets.create(names.bucket);
  world.topics.create(names.topic);
  const callers = new Map<string, Caller>([
    [administrator.accessKeyId, { arn: sessionArn(world.ground, administrator), statements: 'everything' }],
  ]);
  for (const { entry, principal } of entries) {
    world.principals.set(principal.accessKeyId, principal);
    callers.set(principal.accessKeyId, {
      arn: sessionArn(world.ground, principal),
      statements: entry.statements,
    });
  }
  const manifests = kubernetesManifests(entries.map(({ entry }) => entry));
  for (const { kubernetes } of world.clusters.values())
    for (const manifest of manifests)
      if (manifest.kind === 'ClusterRole') kubernetes.objects.create('clusterroles', manifest);
      else kubernetes.objects.create('clusterrolebindings', manifest);
  return callers;
};
