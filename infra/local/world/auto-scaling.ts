import type { Ground } from './ground.ts';
import type { Instance, Instances } from './instances.ts';
import type { LifecycleActions } from './lifecycle-actions.ts';
import { Refusal } from './refusal.ts';
import type { Activity, ScalingGroup } from './scaling-groups.ts';
import { timings } from './timings.ts';

export interface AutoScaling {
  add(group: ScalingGroup): void;
  groups(): readonly ScalingGroup[];
  /** Throws ValidationError. */
  get(name: string): ScalingGroup;
  members(group: ScalingGroup): readonly Instance[];
  /** Changes the size and moves towards it. `min` and `max` without `desired` clamp it, as Auto Scaling does. */
  resize(group: ScalingGroup, size: { min?: number; max?: number; desired?: number }, cause: string): void;
  /** Ends an instance through the group's hooks; without `shrink` another one takes its place. */
  terminate(instance: Instance, options: { shrink: boolean; cause: string }): void;
}

/** Launches and terminates until each group has its desired number, as EC2 Auto Scaling does. */
export const createAutoScaling = (
  ground: Ground,
  instances: Instances,
  lifecycle: LifecycleActions,
): AutoScaling => {
  const groups = new Map<string, ScalingGroup>();

  const members = (group: ScalingGroup) =>
    instances
      .all()
      .filter((instance) => instance.groupName === group.name && instance.lifecycle !== 'Terminated');

  const present = (group: ScalingGroup) =>
    members(group).filter(({ lifecycle: state }) => state === 'Pending' || state === 'InService');

  const record = (
    group: ScalingGroup,
    activity: Pick<Activity, 'description' | 'cause' | 'zone'>,
  ): Activity => {
    const made: Activity = {
      ...activity,
      id: ground.newUuid(),
      startedAt: ground.clock.now(),
      status: 'InProgress',
    };
    group.activities.unshift(made);
    return made;
  };

  const close = (activity: Activity, status: 'Successful' | 'Failed', message?: string) => {
    activity.status = status;
    activity.endedAt = ground.clock.now();
    if (message !== undefined) activity.message = message;
  };

  const launch = (group: ScalingGroup, cause: string): boolean => {
    const subnet = [...group.subnets].sort(
      (left, right) => inZone(present(group), left.zone) - inZone(present(group), right.zone),
    )[0];
    if (subnet === undefined) throw new Error(`Auto Scaling group ${group.name} has no subnet`);
    const problem = launchProblem(group, subnet);
    if (problem !== undefined) {
      const activity = record(group, {
        description: 'Launching a new EC2 instance.',
        cause,
        zone: subnet.zone,
      });
      close(activity, 'Failed', problem);
      ground.after(timings.launchRetry, () => converge(group, cause));
      return false;
    }
    const instance = instances.launch({
      clusterName: group.clusterName,
      groupName: group.name,
      type: group.instanceType,
      spot: group.spot,
      subnet,
      image: group.image,
      tags: instanceTags(group),
    });
    const activity = record(group, {
      description: `Launching a new EC2 instance: ${instance.id}`,
      cause,
      zone: subnet.zone,
    });
    launching.set(instance.id, activity);
    return true;
  };
  const launching = new Map<string, Activity>();

  /** Chooses in Auto Scaling's order: the fullest zone, the older launch template, then the older instance. */
  const scaleIn = (group: ScalingGroup, count: number, cause: string) => {
    for (let left = count; left > 0; left--) {
      const candidates = present(group);
      const [chosen] = candidates
        .filter(({ protectedFromScaleIn }) => !protectedFromScaleIn)
        .sort(
          (a, b) =>
            inZone(candidates, b.subnet.zone) - inZone(candidates, a.subnet.zone) ||
            Number(a.image.launchTemplate.version) - Number(b.image.launchTemplate.version) ||
            a.launchedAt - b.launchedAt ||
            a.id.localeCompare(b.id),
        );
      if (chosen === undefined) return;
      end(group, chosen, cause);
    }
  };

  const end = (group: ScalingGroup, instance: Instance, cause: string) => {
    const activity = record(group, {
      description: `Terminating EC2 instance: ${instance.id}`,
      cause,
      zone: instance.subnet.zone,
    });
    terminating.set(instance.id, activity);
    instance.lifecycle = group.hooks.length > 0 ? 'Terminating:Wait' : 'Terminating';
    lifecycle.start(group, instance, () => {
      instance.lifecycle = group.hooks.length > 0 ? 'Terminating:Proceed' : 'Terminating';
      instances.shutDown(instance, {
        code: 'Client.UserInitiatedShutdown',
        message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      });
    });
  };
  const terminating = new Map<string, Activity>();

  const converge = (group: ScalingGroup, cause: string) => {
    if (!groups.has(group.name)) return;
    const missing = group.desired - present(group).length;
    if (missing < 0 && !group.suspendedProcesses.has('Terminate')) scaleIn(group, -missing, cause);
    if (missing > 0 && !group.suspendedProcesses.has('Launch'))
      for (let left = missing; left > 0; left--) if (!launch(group, cause)) return;
  };

  instances.watch({
    running: (instance) => {
      if (instance.lifecycle === 'Pending') instance.lifecycle = 'InService';
      const activity = launching.get(instance.id);
      if (activity !== undefined) close(activity, 'Successful');
    },
    paused: (instance) => {
      const group = groups.get(instance.groupName);
      if (group === undefined || instance.lifecycle !== 'InService' || group.provisioner !== undefined)
        return;
      // A stopped instance is unhealthy: its group ends and replaces it, unless it was told not to.
      if (group.suspendedProcesses.has('HealthCheck') || group.suspendedProcesses.has('ReplaceUnhealthy'))
        return;
      instance.healthy = false;
      const cause = `${at(ground)} an instance was taken out of service in response to an EC2 instance status check failure.`;
      end(group, instance, cause);
      converge(group, cause);
    },
    stopping: (instance) => {
      const group = groups.get(instance.groupName);
      if (group === undefined || instance.lifecycle.startsWith('Terminating')) return;
      // Something else took it (a spot interruption, a person): the group notices and replaces it.
      instance.lifecycle = 'Terminating';
      converge(
        group,
        `${at(ground)} an instance was taken out of service in response to an EC2 health check.`,
      );
    },
    terminated: (instance) => {
      instance.lifecycle = 'Terminated';
      lifecycle.forget(instance);
      const activity = terminating.get(instance.id);
      if (activity !== undefined) close(activity, 'Successful');
      const group = groups.get(instance.groupName);
      if (group !== undefined) converge(group, `${at(ground)} an instance has terminated.`);
    },
  });

  return {
    add: (group) => {
      groups.set(group.name, group);
      converge(group, `${at(ground)} a user request created an AutoScalingGroup.`);
    },
    groups: () => [...groups.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    get: (name) => {
      const group = groups.get(name);
      if (group === undefined)
        throw new Refusal(
          'ValidationError',
          `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`,
        );
      return group;
    },
    members,
    resize: (group, size, cause) => {
      const min = size.min ?? group.min;
      const max = size.max ?? group.max;
      const desired = size.desired ?? Math.min(Math.max(group.desired, min), max);
      checkBounds({ min, max, desired });
      Object.assign(group, { min, max, desired });
      converge(group, `${at(ground)} ${cause}`);
    },
    terminate: (instance, { shrink, cause }) => {
      const group = groups.get(instance.groupName);
      if (group === undefined || instance.state === 'terminated')
        throw new Refusal(
          'ValidationError',
          `Instance Id not found - No managed instance found for ${instance.id}`,
        );
      if (shrink) {
        if (group.desired - 1 < group.min)
          throw new Refusal(
            'ValidationError',
            `Currently, desiredSize equals minSize (${group.min}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
          );
        group.desired--;
      }
      if (!instance.lifecycle.startsWith('Terminating')) end(group, instance, `${at(ground)} ${cause}`);
      converge(group, `${at(ground)} ${cause}`);
    },
  };
};

const inZone = (instances: readonly Instance[], zone: string): number =>
  instances.filter(({ subnet }) => subnet.zone === zone).length;

const launchProblem = (
  group: ScalingGroup,
  subnet: { id: string; freeAddresses: number },
): string | undefined => {
  if (subnet.freeAddresses <= 0)
    return `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances. Launching EC2 instance failed.`;
  if (group.failing === undefined || group.failing.times <= 0) return undefined;
  group.failing.times--;
  return group.failing.message;
};

const checkBounds = ({ min, max, desired }: { min: number; max: number; desired: number }) => {
  if (min < 0 || max < 0 || desired < 0)
    throw new Refusal('ValidationError', 'Group sizes must be greater than or equal to 0.');
  if (min > max)
    throw new Refusal(
      'ValidationError',
      `Max bound, ${max}, must be greater than or equal to min bound, ${min}`,
    );
  if (desired < min)
    throw new Refusal(
      'ValidationError',
      `Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`,
    );
  if (desired > max)
    throw new Refusal(
      'ValidationError',
      `New SetDesiredCapacity value ${desired} is above max value ${max} for the AutoScalingGroup.`,
    );
};

/** The group's tags that propagate, and those that Auto Scaling and the launch template put on an instance. */
const instanceTags = (group: ScalingGroup): Map<string, string> => {
  const { launchTemplate } = group.image;
  // Karpenter and Auto Mode launch by EC2's fleets: there is no group to be named.
  if (group.provisioner !== undefined)
    return new Map([...group.tags].map(([key, { value }]) => [key, value]));
  return new Map([
    ...[...group.tags]
      .filter(([, { propagateAtLaunch }]) => propagateAtLaunch)
      .map(([key, { value }]) => [key, value] as const),
    ['aws:autoscaling:groupName', group.name],
    ['aws:ec2launchtemplate:id', launchTemplate.id],
    ['aws:ec2launchtemplate:version', launchTemplate.version],
  ]);
};

/** Auto Scaling begins every cause with the time. */
const at = (ground: Ground): string =>
  `At ${new Date(ground.clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z')}`;
