import type { AutoScaling } from './auto-scaling.ts';
import type { Cluster, NodeGroup } from './clusters.ts';
import { getNodeGroup } from './clusters.ts';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';
import { timings } from './timings.ts';
import type { UpdateRecord, Updates } from './updates.ts';

export interface NodeGroupChange {
  readonly min?: number | undefined;
  readonly desired?: number | undefined;
  readonly max?: number | undefined;
  readonly updateConfig?: NodeGroup['updateConfig'] | undefined;
  readonly addLabels?: Readonly<Record<string, string>> | undefined;
  readonly removeLabels?: readonly string[] | undefined;
  readonly token?: string | undefined;
}

/**
 * UpdateNodegroupConfig. Bounds: 0 <= min <= desired <= max and max >= 1; only while the group is ACTIVE
 * (ResourceInUseException otherwise). The update is over when the Auto Scaling group has its new size, not when
 * the instances have gone or come.
 */
export const updateNodeGroupConfig = (
  world: { ground: Ground; updates: Updates; autoScaling: AutoScaling },
  cluster: Cluster,
  target: { name: string; change: NodeGroupChange },
): UpdateRecord => {
  const { ground, updates, autoScaling } = world;
  const { change } = target;
  const group = getNodeGroup(cluster, target.name);
  const scope = { clusterName: cluster.name, nodeGroupName: group.name };
  const request = { scope, type: 'ConfigUpdate', params: paramsOf(change), token: change.token } as const;
  const before = updates.repeated(request);
  if (before !== undefined) return before;
  refuseBusy(cluster, group);
  const size = {
    min: change.min ?? group.scaling.min,
    desired: change.desired ?? group.scaling.desired,
    max: change.max ?? group.scaling.max,
  };
  checkBounds(cluster, group, size);

  const update = updates.start(request);
  group.status = 'UPDATING';
  const failure = updates.plannedFailure(scope);
  ground.after(timings.groupConfigApplied, () => {
    if (failure !== undefined) return;
    autoScaling.resize(
      group.scaling,
      size,
      `a user request update of AutoScalingGroup constraints to min: ${size.min}, max: ${size.max}, desired: ${size.desired} changing the desired capacity.`,
    );
    if (change.updateConfig !== undefined) group.updateConfig = change.updateConfig;
    for (const [key, value] of Object.entries(change.addLabels ?? {})) {
      group.labels.set(key, value);
      group.scaling.nodeLabels.set(key, value);
    }
    for (const key of change.removeLabels ?? []) {
      group.labels.delete(key);
      group.scaling.nodeLabels.delete(key);
    }
  });
  ground.after(timings.groupConfigUpdate, () => {
    group.status = 'ACTIVE';
    group.modifiedAt = ground.clock.now();
    if (failure === undefined) updates.succeed(update);
    else updates.fail(update, failure);
  });
  return update;
};

export const refuseBusy = (cluster: Cluster, group: NodeGroup): void => {
  if (group.status === 'UPDATING')
    throw new Refusal(
      'ResourceInUseException',
      `Nodegroup cannot be updated as it is currently not in Active State`,
      { clusterName: cluster.name, nodegroupName: group.name },
    );
};

const checkBounds = (
  cluster: Cluster,
  group: NodeGroup,
  { min, desired, max }: { min: number; desired: number; max: number },
): void => {
  const refuse = (message: string) => {
    throw new Refusal('InvalidParameterException', message, {
      clusterName: cluster.name,
      nodegroupName: group.name,
    });
  };
  if (max < 1) refuse(`Invalid Parameter Value: maxSize must be at least 1, was ${max}`);
  if (min < 0) refuse(`Invalid Parameter Value: minSize must not be negative, was ${min}`);
  if (min > max) refuse(`Minimum capacity ${min} can't be greater than maximum size ${max}`);
  if (desired < min) refuse(`Minimum capacity ${min} can't be greater than desired size ${desired}`);
  if (desired > max) refuse(`Desired capacity ${desired} can't be greater than max size ${max}`);
};

const paramsOf = (change: NodeGroupChange): { type: string; value: string }[] => {
  const values: readonly (readonly [string, unknown])[] = [
    ['MinSize', change.min],
    ['MaxSize', change.max],
    ['DesiredSize', change.desired],
    ['MaxUnavailable', change.updateConfig?.maxUnavailable],
    ['MaxUnavailablePercentage', change.updateConfig?.maxUnavailablePercentage],
    ['LabelsToAdd', change.addLabels && JSON.stringify(change.addLabels)],
    ['LabelsToRemove', change.removeLabels && JSON.stringify(change.removeLabels)],
  ];
  return values.flatMap(([type, value]) => (value === undefined ? [] : [{ type, value: String(value) }]));
};
