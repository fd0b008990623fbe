import type { AutoScaling } from './auto-scaling.ts';
import type { Cluster, NodeGroup } from './clusters.ts';
import { getNodeGroup } from './clusters.ts';
import type { Ground } from './ground.ts';
import type { Instance, LaunchImage } from './instances.ts';
import { cordon, drainNode } from './node-drain.ts';
import { refuseBusy } from './node-groups.ts';
import { Refusal } from './refusal.ts';
import { timings } from './timings.ts';
import type { UpdateError, UpdateRecord, Updates } from './updates.ts';
import {
  findVersion,
  imageId,
  latestReleaseDate,
  minorsBetween,
  releaseVersion,
  startReleaseDate,
} from './versions.ts';

export interface RolloutWorld {
  readonly ground: Ground;
  readonly updates: Updates;
  readonly autoScaling: AutoScaling;
  readonly isReady: (instance: Instance) => boolean;
}

export interface RolloutRequest {
  readonly name: string;
  /** The cluster's, where left out. */
  readonly version?: string | undefined;
  readonly releaseVersion?: string | undefined;
  readonly force: boolean;
  readonly token?: string | undefined;
}

/**
 * UpdateNodegroupVersion, in the phases of the EKS user guide ("Managed node group update behavior"): set up a new
 * launch template, scale up, move nodes over (at most `maxUnavailable` at a time), scale down.
 */
export const updateNodeGroupVersion = (
  world: RolloutWorld,
  cluster: Cluster,
  request: RolloutRequest,
): UpdateRecord => {
  const group = getNodeGroup(cluster, request.name);
  const scope = { clusterName: cluster.name, nodeGroupName: group.name };
  const version = request.version ?? cluster.version;
  const release = request.releaseVersion ?? releaseVersion(group.amiType, version, latestReleaseDate);
  const asked = {
    scope,
    type: 'VersionUpdate',
    params: [
      { type: 'Version', value: version },
      { type: 'ReleaseVersion', value: release },
    ],
    token: request.token,
  } as const;
  const before = world.updates.repeated(asked);
  if (before !== undefined) return before;
  refuseBusy(cluster, group);
  const date = releaseDate(cluster, group, { version, release });

  const update = world.updates.start(asked);
  group.status = 'UPDATING';
  const { image } = group.scaling;
  const template = image.launchTemplate;
  world.ground.after(timings.rolloutSetup, () => {
    group.scaling.image = {
      imageId: imageId(group.amiType, version, date),
      minor: version,
      releaseVersion: release,
      launchTemplate: { ...template, version: String(Number(template.version) + 1) },
    };
    roll({ world, cluster, group, update, before: image, force: request.force });
  });
  return update;
};

const releaseDate = (
  cluster: Cluster,
  group: NodeGroup,
  target: { version: string; release: string },
): string => {
  const refuse = (message: string): never => {
    throw new Refusal('InvalidParameterException', message, {
      clusterName: cluster.name,
      nodegroupName: group.name,
    });
  };
  if (findVersion(target.version) === undefined)
    return refuse(`Requested Nodegroup version ${target.version} is not supported`);
  if (minorsBetween(cluster.version, target.version) > 0)
    return refuse(
      `Nodegroup Kubernetes version ${target.version} is greater than cluster version ${cluster.version}`,
    );
  if (minorsBetween(group.version, target.version) < 0)
    return refuse(
      `Nodegroup Kubernetes version cannot be decreased from ${group.version} to ${target.version}`,
    );
  const date = [latestReleaseDate, startReleaseDate].find(
    (known) => releaseVersion(group.amiType, target.version, known) === target.release,
  );
  return (
    date ??
    refuse(
      `Requested release version ${target.release} is not valid for kubernetes version ${target.version}.`,
    )
  );
};

interface Rollout {
  readonly world: RolloutWorld;
  readonly cluster: Cluster;
  readonly group: NodeGroup;
  readonly update: UpdateRecord;
  /** What the group launched before. */
  readonly before: LaunchImage;
  readonly force: boolean;
}

const roll = (rollout: Rollout): void => {
  const { world, group } = rollout;
  const { ground, autoScaling } = world;
  const { scaling } = group;
  const size = { min: scaling.min, desired: scaling.desired, max: scaling.max };
  const members = () => autoScaling.members(scaling);
  const isOld = (instance: Instance) =>
    instance.image.launchTemplate.version !== scaling.image.launchTemplate.version;
  const parallel = maxUnavailable(group, size.desired);
  // A group of size zero has nobody to move: only its launch template changes.
  const surge = size.desired === 0 ? 0 : Math.max(2 * scaling.subnets.length, parallel);
  const startedAt = ground.clock.now();

  const settle = () => {
    autoScaling.resize(scaling, size, 'Amazon EKS restored the desired capacity after an update.');
    group.status = 'ACTIVE';
    group.modifiedAt = ground.clock.now();
  };

  const succeed = () => {
    settle();
    group.version = scaling.image.minor;
    group.releaseVersion = scaling.image.releaseVersion;
    world.updates.succeed(rollout.update);
  };

  /** The group goes on with its old image; of the nodes that came on top, the new ones leave. */
  const fail = (error: UpdateError) => {
    const extra = members().filter(
      (instance) => !isOld(instance) && !instance.lifecycle.startsWith('Terminating'),
    );
    scaling.image = rollout.before;
    for (const instance of extra.slice(0, scaling.desired - size.desired))
      autoScaling.terminate(instance, { shrink: true, cause: 'Amazon EKS rolled an update back.' });
    settle();
    world.updates.fail(rollout.update, error);
  };

  const replace = () => {
    const old = members().filter((instance) => isOld(instance) && instance.lifecycle === 'InService');
    const batch = old.slice(0, parallel);
    if (batch.length === 0) {
      scaleDown();
      return;
    }
    let open = batch.length;
    let failed: UpdateError | undefined;
    for (const instance of batch)
      drainNode(
        { ground, kubernetes: rollout.cluster.kubernetes },
        { name: instance.hostname, force: rollout.force },
        ({ left }) => {
          if (left.length > 0) {
            failed = evictionFailure(instance, left);
            cordon(rollout.cluster.kubernetes, instance.hostname, false);
          } else
            autoScaling.terminate(instance, {
              shrink: false,
              cause: 'Amazon EKS replaced an outdated node.',
            });
          open--;
          if (open > 0) return;
          if (failed === undefined) whenReady(scaling.desired, replace);
          else fail(failed);
        },
      );
  };

  const scaleDown = () => {
    autoScaling.resize(scaling, size, 'Amazon EKS scaled down after an update.');
    whenReady(size.desired, succeed);
  };

  const whenReady = (count: number, next: () => void) => {
    const since = ground.clock.now();
    const look = () => {
      const ready = members().filter(
        (instance) => instance.lifecycle === 'InService' && world.isReady(instance),
      );
      if (ready.length >= count) next();
      else if (ground.clock.now() - since >= timings.nodeCreationLimit * 1000) fail(creationFailure(group));
      else ground.after(timings.evictionRetry, look);
    };
    look();
  };

  autoScaling.resize(
    scaling,
    { max: Math.max(size.max, size.desired + surge), desired: size.desired + surge },
    `Amazon EKS started an update at ${new Date(startedAt).toISOString()}.`,
  );
  whenReady(size.desired + surge, () => {
    const planned = world.updates.plannedFailure(rollout.update.scope);
    if (planned === undefined) replace();
    else fail(planned);
  });
};

/** A percentage is rounded up, and at least one node moves. */
const maxUnavailable = (group: NodeGroup, desired: number): number => {
  const { maxUnavailable: count, maxUnavailablePercentage: share } = group.updateConfig;
  return Math.max(1, share === undefined ? (count ?? 1) : Math.ceil((desired * share) / 100));
};

const evictionFailure = (instance: Instance, left: readonly string[]): UpdateError => ({
  errorCode: 'PodEvictionFailure',
  errorMessage: `Reached max retries while trying to evict pods from nodes in node group: ${left.join(', ')}`,
  resourceIds: [instance.hostname],
});

const creationFailure = (group: NodeGroup): UpdateError => ({
  errorCode: 'NodeCreationFailure',
  errorMessage: `Couldn't proceed with upgrade process as new nodes are not joining node group ${group.name}`,
  resourceIds: [group.name],
});
