import type { Cluster } from './clusters.ts';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';
import { timings } from './timings.ts';
import type { UpdateRecord, Updates } from './updates.ts';
import { findVersion, minorsBetween } from './versions.ts';

/**
 * UpdateClusterVersion: one minor forward, while the cluster is ACTIVE and no node is too old for the new API
 * server. After a failed update the cluster is ACTIVE on the old version.
 */
export const updateClusterVersion = (
  world: { ground: Ground; updates: Updates },
  cluster: Cluster,
  change: { version: string; force: boolean; token: string | undefined },
): UpdateRecord => {
  const scope = { clusterName: cluster.name };
  const target = findVersion(change.version);
  const request = {
    scope,
    type: 'VersionUpdate',
    params: [
      { type: 'Version', value: change.version },
      { type: 'PlatformVersion', value: target?.platformVersion ?? '' },
    ],
    token: change.token,
  } as const;
  const before = world.updates.repeated(request);
  if (before !== undefined) return before;
  if (cluster.status !== 'ACTIVE')
    throw new Refusal('ResourceInUseException', `Cluster ${cluster.name} is already being updated.`, scope);
  if (target === undefined)
    throw new Refusal('InvalidParameterException', `unsupported Kubernetes version`, scope);
  const hops = minorsBetween(cluster.version, change.version);
  if (hops === 0)
    throw new Refusal('InvalidParameterException', `Cluster is already at the desired configuration.`, scope);
  if (hops !== 1)
    throw new Refusal(
      'InvalidParameterException',
      `Unsupported Kubernetes minor version update from ${cluster.version} to ${change.version}`,
      scope,
    );
  refuseOldNodes(cluster, change.version);
  refuseFailingInsights(cluster, change.force);

  const update = world.updates.start(request);
  cluster.status = 'UPDATING';
  world.ground.after(timings.controlPlaneUpdate, () => {
    cluster.status = 'ACTIVE';
    const failure = world.updates.plannedFailure(scope);
    if (failure !== undefined) {
      world.updates.fail(update, failure);
      return;
    }
    cluster.version = target.minor;
    cluster.platformVersion = target.platformVersion;
    cluster.kubernetes.version = target.minor;
    world.updates.succeed(update);
  });
  return update;
};

/** Kubernetes lets a kubelet be three minors older than the API server (version skew policy). */
const refuseOldNodes = (cluster: Cluster, version: string): void => {
  for (const group of cluster.nodeGroups.values())
    if (minorsBetween(group.version, version) > 3)
      throw new Refusal(
        'InvalidRequestException',
        `Nodegroup ${group.name} must be updated to match cluster version ${cluster.version} before updating cluster version`,
        { clusterName: cluster.name, nodegroupName: group.name },
      );
};

/** `force` overrides readiness checks that block an upgrade (UpdateClusterVersion, EKS API reference). */
const refuseFailingInsights = (cluster: Cluster, force: boolean): void => {
  const failing = cluster.insights.all.filter(
    ({ category, status }) => category === 'UPGRADE_READINESS' && status === 'ERROR',
  );
  if (force || failing.length === 0) return;
  throw new Refusal(
    'InvalidRequestException',
    `Cluster ${cluster.name} has upgrade insights in status ERROR: ${failing.map(({ name }) => name).join(', ')}. Resolve them, or use force.`,
    { clusterName: cluster.name },
  );
};
