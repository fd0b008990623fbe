import { randomUUID } from 'node:crypto';
import type { AwsEvent } from '../../../infra/local/world/events.ts';
import { envelope, spotInterruption } from '../../../infra/local/world/events.ts';
import type { Instance } from '../../../infra/local/world/instances.ts';
import type { Scene } from './scene.ts';
import { only, startScene } from './scene.ts';
import { clusterSpec, nodeGroup, START, workload } from './specs.ts';

export const SPOT_DRAIN = only('spotDrain');

/** A spot group `spot` of two nodes with two pods of `shop/cart`, one on each, unless said otherwise. */
export const sceneWith = (
  cluster: Parameters<typeof clusterSpec>[0] = {},
  config: string = SPOT_DRAIN,
): Promise<Scene> =>
  startScene({
    config,
    spec: {
      clusters: [clusterSpec({ nodeGroups: [nodeGroup()], workloads: [workload()], ...cluster })],
    },
  });

export const instancesOf = (scene: Scene, clusterName = 'staging'): readonly Instance[] =>
  scene.account.world.instances
    .all()
    .filter((instance) => instance.clusterName === clusterName && instance.state === 'running');

export const firstOf = (scene: Scene, clusterName?: string): Instance => {
  const [first] = instancesOf(scene, clusterName);
  if (first === undefined) throw new Error('no instance runs');
  return first;
};

/** Pods on a node that a drain has to move. */
export const podsOn = (scene: Scene, { hostname, clusterName }: Instance) =>
  scene
    .kubernetes(clusterName)
    .objects.podsOn(hostname)
    .filter(({ metadata }) => metadata.ownerReferences?.[0]?.kind !== 'DaemonSet');

export const nodeOf = (scene: Scene, { hostname, clusterName }: Instance) => {
  const node = scene.kubernetes(clusterName).objects.get('nodes', undefined, hostname);
  if (node === undefined) throw new Error(`the node ${hostname} is gone`);
  return node;
};

export const placeOf = ({ account }: Scene) => ({
  accountId: account.world.accountId,
  region: account.world.region,
  now: account.clock.now(),
});

export const warning = (scene: Scene, instanceId: string, overrides: Partial<AwsEvent> = {}): AwsEvent => ({
  ...envelope(spotInterruption(instanceId, 'eu-central-1a'), { ...placeOf(scene), id: randomUUID() }),
  ...overrides,
});

export const secondsSince = (scene: Scene, at: number = START) => (scene.account.clock.now() - at) / 1000;

/** The drain's verdict on a node. */
export const drainVerdict = (scene: Scene, instance: Instance) =>
  scene
    .verdicts({ target: `node/${instance.hostname}` })
    .find(({ detail }) => detail !== undefined && 'remaining' in detail);
