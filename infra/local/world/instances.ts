import { instanceStateChange } from './events.ts';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';
import type { Subnet } from './subnets.ts';
import { timings } from './timings.ts';

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export type LifecycleState =
  | 'Pending'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed'
  | 'Terminated';

/** An EC2 instance, and what its Auto Scaling group thinks of it. */
export interface Instance {
  readonly id: string;
  readonly arn: string;
  readonly clusterName: string;
  readonly groupName: string;
  readonly type: string;
  readonly spot: boolean;
  readonly subnet: Subnet;
  readonly privateIp: string;
  /** `ip-10-0-1-2.eu-central-1.compute.internal`: the node's name, and what EC2 answers while it runs. */
  readonly hostname: string;
  readonly launchedAt: number;
  readonly image: LaunchImage;
  readonly tags: Map<string, string>;
  state: InstanceState;
  /** How often it has been booted: its node has another boot id each time. */
  boots: number;
  lifecycle: LifecycleState;
  healthy: boolean;
  protectedFromScaleIn: boolean;
  terminatedAt?: number;
  /** Why it went, as EC2 words it. */
  stateReason?: { readonly code: string; readonly message: string };
}

export interface LaunchImage {
  readonly imageId: string;
  /** Kubernetes minor and the image's release. */
  readonly minor: string;
  readonly releaseVersion: string;
  readonly launchTemplate: { readonly id: string; readonly name: string; readonly version: string };
}

export type LaunchRequest = Pick<
  Instance,
  'clusterName' | 'groupName' | 'type' | 'spot' | 'subnet' | 'image'
> & {
  readonly tags: ReadonlyMap<string, string>;
};

export interface InstanceWatcher {
  running(instance: Instance): void;
  /** From now on nothing on it can be relied on. */
  stopping(instance: Instance): void;
  terminated(instance: Instance): void;
  /** Stopped, by a person or with its spot request; it may be started again. */
  paused?(instance: Instance): void;
  rebooted?(instance: Instance): void;
}

export interface Instances {
  launch(request: LaunchRequest): Instance;
  /** Throws InvalidInstanceID.NotFound. */
  get(id: string): Instance;
  find(id: string): Instance | undefined;
  /** EC2 shows a terminated instance for about an hour. */
  all(): readonly Instance[];
  shutDown(instance: Instance, reason: { code: string; message: string }): void;
  /** Stops a running instance, or hibernates it: EC2 tells the two apart by nothing but what runs afterwards. */
  stop(instance: Instance): void;
  start(instance: Instance): void;
  /** EC2 sends no event for it. */
  reboot(instance: Instance): void;
  watch(watcher: InstanceWatcher): void;
}

const shownAfterTerminationMs = 3_600_000;

export const createInstances = (ground: Ground): Instances => {
  const instances = new Map<string, Instance>();
  const watchers: InstanceWatcher[] = [];

  const move = (instance: Instance, state: InstanceState) => {
    instance.state = state;
    ground.emit(instanceStateChange(instance.id, instance.arn, state));
  };

  const comeUp = (instance: Instance) => {
    move(instance, 'pending');
    ground.after(timings.instanceStarts, () => {
      if (instance.state !== 'pending') return;
      move(instance, 'running');
      for (const watcher of watchers) watcher.running(instance);
    });
  };

  const find = (id: string): Instance | undefined => {
    const instance = instances.get(id);
    const gone = instance?.terminatedAt;
    return gone !== undefined && ground.clock.now() - gone > shownAfterTerminationMs ? undefined : instance;
  };

  return {
    launch: (request) => {
      const id = `i-0${ground.newHex(16)}`;
      const privateIp = request.subnet.takeAddress();
      const instance: Instance = {
        ...request,
        id,
        arn: `arn:aws:ec2:${ground.region}:${ground.accountId}:instance/${id}`,
        privateIp,
        hostname: hostname(privateIp, ground.region),
        launchedAt: ground.clock.now(),
        tags: new Map(request.tags),
        state: 'pending',
        boots: 1,
        lifecycle: 'Pending',
        healthy: true,
        protectedFromScaleIn: false,
      };
      instances.set(id, instance);
      comeUp(instance);
      return instance;
    },
    get: (id) => {
      const instance = find(id);
      if (instance === undefined)
        throw new Refusal('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
      return instance;
    },
    find,
    all: () => [...instances.keys()].map(find).filter((instance) => instance !== undefined),
    shutDown: (instance, reason) => {
      if (instance.state === 'shutting-down' || instance.state === 'terminated') return;
      instance.stateReason = reason;
      instance.healthy = false;
      move(instance, 'shutting-down');
      for (const watcher of watchers) watcher.stopping(instance);
      ground.after(timings.instanceStops, () => {
        instance.terminatedAt = ground.clock.now();
        instance.subnet.freeAddress();
        move(instance, 'terminated');
        for (const watcher of watchers) watcher.terminated(instance);
      });
    },
    stop: (instance) => {
      if (instance.state !== 'running') return;
      move(instance, 'stopping');
      for (const watcher of watchers) watcher.paused?.(instance);
      ground.after(timings.instanceStops, () => {
        if (instance.state === 'stopping') move(instance, 'stopped');
      });
    },
    start: (instance) => {
      if (instance.state !== 'stopped')
        throw new Refusal(
          'IncorrectInstanceState',
          `The instance '${instance.id}' is not in a state from which it can be started.`,
        );
      instance.boots++;
      comeUp(instance);
    },
    reboot: (instance) => {
      if (instance.state !== 'running') return;
      instance.boots++;
      for (const watcher of watchers) watcher.rebooted?.(instance);
    },
    watch: (watcher) => {
      watchers.push(watcher);
    },
  };
};

/** us-east-1 has a domain of its own. */
const hostname = (ip: string, region: string): string =>
  `ip-${ip.replaceAll('.', '-')}.${region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`}`;
