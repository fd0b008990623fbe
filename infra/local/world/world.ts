import type { WorldClock } from '../clock.ts';
import { createWorldClock } from '../clock.ts';
import type { AutoScaling } from './auto-scaling.ts';
import { createAutoScaling } from './auto-scaling.ts';
import type { Cluster } from './clusters.ts';
import type { StartedCluster } from './create-cluster.ts';
import { createCluster } from './create-cluster.ts';
import type { AwsEvent, InterruptionAction, PlannedChange } from './events.ts';
import { rebalanceRecommendation, scheduledChange, spotInterruption } from './events.ts';
import type { Ground } from './ground.ts';
import { createGround } from './ground.ts';
import type { Instance, Instances } from './instances.ts';
import { createInstances } from './instances.ts';
import type { LifecycleActions } from './lifecycle-actions.ts';
import { createLifecycleActions } from './lifecycle-actions.ts';
import { drainManagedScaleIn } from './managed-scale-in.ts';
import { runNodes } from './node-lifecycle.ts';
import type { PublicParameter } from './parameters.ts';
import { publicParameters } from './parameters.ts';
import type { Identity, Principal } from './principals.ts';
import { administrator, authenticateWith } from './principals.ts';
import { createProvisioners } from './provisioners.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import { createRegistry } from './registry.ts';
import type { WorldSpec } from './spec.ts';
import type { Buckets, PublishedNotification, Topics } from './stores.ts';
import { createBuckets, createTopics } from './stores.ts';
import { timings } from './timings.ts';
import type { Updates } from './updates.ts';
import { createUpdates } from './updates.ts';

/** An account with its clusters: state and behaviour, no wire formats. */
export interface World {
  readonly spec: WorldSpec;
  readonly clock: WorldClock;
  readonly ground: Ground;
  readonly accountId: string;
  readonly region: string;
  /** By access key id. Whoever hosts functions adds one for each. */
  readonly principals: Map<string, Principal>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly instances: Instances;
  readonly autoScaling: AutoScaling;
  readonly lifecycle: LifecycleActions;
  readonly updates: Updates;
  readonly registry: Registry;
  readonly parameters: ReadonlyMap<string, PublicParameter>;
  readonly topics: Topics;
  /** What was published to any topic, in order. */
  readonly notifications: readonly PublishedNotification[];
  readonly buckets: Buckets;
  /** Throws ResourceNotFoundException. */
  cluster(name: string): Cluster;
  /** Whether the instance's node is there and Ready. */
  isReady(instance: Instance): boolean;
  authenticate(clusterName: string, token: string): Identity;
  /** AWS's events, as EventBridge would deliver them. Answers a function that ends it. */
  onEvent(listener: (event: AwsEvent) => void): () => void;
  /**
   * A spot notice; the instance goes two minutes later, whatever anybody does. One that is hibernated gets no such
   * time: it is frozen at once.
   */
  interrupt(instanceId: string, action?: InterruptionAction): void;
  /** AWS Health announces, moves, or (status `closed`) ends what is planned for instances. What is planned is up to the caller. */
  planChange(change: PlannedChange): void;
  rebalance(instanceId: string): void;
  /** Auto Scaling replaces the instance (a rebalance of zones, an instance refresh) through its terminate hooks. */
  terminateByAsg(instanceId: string): void;
  close(): Promise<void>;
}

/** How long before `spec.startAt` a world has to begin, so that its nodes and pods are up by then. */
export const settlingMs = 15 * 60_000;

/** The clock to make a world on: `createWorld` moves it to `spec.startAt`. */
export const worldClockFor = (spec: WorldSpec): WorldClock => createWorldClock(spec.startAt - settlingMs);

/** Answers when every node is Ready, the pods run and the clock stands at `spec.startAt`. */
export const createWorld = async (spec: WorldSpec, clock: WorldClock): Promise<World> => {
  const { accountId, region } = spec;
  const ground = createGround({ accountId, region, seed: `${accountId}/${spec.startAt}`, clock });
  const principals = new Map<string, Principal>([[administrator.accessKeyId, administrator]]);
  const authenticate = authenticateWith(ground, principals);
  const instances = createInstances(ground);
  const lifecycle = createLifecycleActions(ground);
  const autoScaling = createAutoScaling(ground, instances, lifecycle);
  const updates = createUpdates(ground);
  const registry = createRegistry(ground, spec.repositories);
  const topics = createTopics(ground);
  const clusters = new Map<string, Cluster>();

  const cluster = (name: string): Cluster => {
    const found = clusters.get(name);
    if (found === undefined)
      throw new Refusal('ResourceNotFoundException', `No cluster found for name: ${name}.`, {
        clusterName: name,
      });
    return found;
  };
  const { isReady } = runNodes({
    ground,
    instances,
    clusterOf: (instance) => cluster(instance.clusterName),
    groupOf: (instance) => autoScaling.get(instance.groupName),
  });
  drainManagedScaleIn({ ground, lifecycle, cluster });
  const provisioners = createProvisioners({
    ground,
    clusterOf: (instance) => cluster(instance.clusterName),
    groupOf: (instance) => autoScaling.get(instance.groupName),
  });

  const started: StartedCluster[] = [];
  const site = { startAt: spec.startAt, ground, autoScaling, registry, authenticate, clusters };
  const close = async () => {
    clock.stop();
    await Promise.all([...clusters.values()].map(({ kubernetes }) => kubernetes.close()));
  };
  try {
    for (const [index, clusterSpec] of spec.clusters.entries())
      started.push(await createCluster(site, { spec: clusterSpec, index }));
    await reach(clock, spec.startAt - settlingMs / 2);
    for (const { deploy } of started) deploy();
    await reach(clock, spec.startAt);
    for (const { finish } of started) finish();
  } catch (error) {
    await close(); // a specification that cannot be made leaves no server behind
    throw error;
  }

  return {
    spec,
    clock,
    ground,
    accountId,
    region,
    principals,
    clusters,
    instances,
    autoScaling,
    lifecycle,
    updates,
    registry,
    parameters: publicParameters(),
    topics,
    notifications: topics.published,
    buckets: createBuckets(ground),
    cluster,
    isReady,
    authenticate,
    onEvent: ground.onEvent,
    interrupt: (instanceId, action = 'terminate') => {
      const instance = instances.get(instanceId);
      ground.emit(spotInterruption(instance.id, instance.subnet.zone, action));
      provisioners.told(instance);
      ground.after(action === 'hibernate' ? 0 : timings.spotNotice, () => {
        if (action === 'terminate')
          instances.shutDown(instance, {
            code: 'Server.SpotInstanceTermination',
            message: 'Server.SpotInstanceTermination: Spot instance termination',
          });
        else instances.stop(instance);
      });
    },
    planChange: (change) => {
      const at = { accountId, region, now: clock.now(), communicationId: ground.newHex(40) };
      for (const event of scheduledChange(change, at)) ground.emit(event);
      for (const id of change.status === 'closed' ? [] : change.instanceIds) {
        const instance = instances.find(id);
        if (instance !== undefined) provisioners.told(instance);
      }
    },
    rebalance: (instanceId) => {
      const instance = instances.get(instanceId);
      ground.emit(rebalanceRecommendation(instance.id, instance.subnet.zone));
    },
    terminateByAsg: (instanceId) => {
      autoScaling.terminate(instances.get(instanceId), {
        shrink: false,
        cause: 'an instance was taken out of service to replace it.',
      });
    },
    close,
  };
};

/** Lets everything happen that is due until `at`, giving controllers a turn of the event loop in between. */
const reach = async (clock: WorldClock, at: number): Promise<void> => {
  for (let due = clock.nextDue(); due !== undefined && due < at; due = clock.nextDue()) {
    clock.jumpTo(due);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  clock.jumpTo(at);
};
