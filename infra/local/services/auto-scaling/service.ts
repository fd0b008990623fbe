import { flag, optionalInteger, optionalText, text, texts } from '../../protocol/input.ts';
import { page } from '../../protocol/paging.ts';
import { awsQuery } from '../../protocol/query.ts';
import type { Input, Service } from '../../protocol/service.ts';
import { notImplemented } from '../../protocol/service.ts';
import type { ActionRef } from '../../world/lifecycle-actions.ts';
import { Refusal } from '../../world/refusal.ts';
import type { ScalingGroup } from '../../world/scaling-groups.ts';
import type { World } from '../../world/world.ts';
import { translatedOperations } from '../refusals.ts';
import {
  activityShape,
  groupShape,
  hookShape,
  instanceDetailsShape,
  scheduledActionShape,
} from './shapes.ts';
import { hasTags, tagOperations } from './tags.ts';

/** EC2 Auto Scaling (query, 2011-01-01). */
export const autoScalingService = (world: World): Service =>
  awsQuery(
    'autoscaling',
    'http://autoscaling.amazonaws.com/doc/2011-01-01/',
    translatedOperations({
      ...groupOperations(world),
      ...lifecycleOperations(world),
      ...tagOperations(world),
    }),
    { withoutResult: ['CreateOrUpdateTags', 'DeleteTags', 'SetDesiredCapacity', 'UpdateAutoScalingGroup'] },
  );

const groupOperations = (world: World) => ({
  DescribeAutoScalingGroups: (input: Input) => {
    const names = texts(input, 'AutoScalingGroupNames');
    // Names that are not known are left out, without an error.
    const groups = world.autoScaling
      .groups()
      .filter((group) => (names.length === 0 || names.includes(group.name)) && hasTags(group, input));
    const { items, rest } = scalingPage(groups, input);
    return {
      AutoScalingGroups: items.map((group) => groupShape(group, world.autoScaling.members(group))),
      ...rest,
    };
  },
  DescribeAutoScalingInstances: (input: Input) => {
    const ids = texts(input, 'InstanceIds');
    const members = world.autoScaling.groups().flatMap((group) => world.autoScaling.members(group));
    const { items, rest } = scalingPage(
      members.filter(({ id }) => ids.length === 0 || ids.includes(id)),
      input,
      50,
    );
    return { AutoScalingInstances: items.map(instanceDetailsShape), ...rest };
  },
  UpdateAutoScalingGroup: (input: Input) => {
    for (const member of ['LaunchTemplate', 'MixedInstancesPolicy', 'LaunchConfigurationName'])
      if (input[member] !== undefined)
        throw notImplemented('autoscaling', `UpdateAutoScalingGroup with ${member}`);
    const min = optionalInteger(input, 'MinSize');
    const max = optionalInteger(input, 'MaxSize');
    const desired = optionalInteger(input, 'DesiredCapacity');
    world.autoScaling.resize(
      groupOf(world, input),
      {
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(desired === undefined ? {} : { desired }),
      },
      `a user request update of AutoScalingGroup constraints to min: ${min}, max: ${max}, desired: ${desired}.`,
    );
    return {};
  },
  SetDesiredCapacity: (input: Input) => {
    const group = groupOf(world, input);
    const desired = optionalInteger(input, 'DesiredCapacity') ?? 0;
    world.autoScaling.resize(
      group,
      { desired },
      `a user request explicitly set group desired capacity changing the desired capacity from ${group.desired} to ${desired}.`,
    );
    return {};
  },
  DescribeScalingActivities: (input: Input) => {
    const name = optionalText(input, 'AutoScalingGroupName');
    const groups = name === undefined ? world.autoScaling.groups() : [world.autoScaling.get(name)];
    const activities = groups
      .flatMap((group) => group.activities.map((activity) => ({ group, activity })))
      .sort((left, right) => right.activity.startedAt - left.activity.startedAt);
    const { items, rest } = scalingPage(activities, input);
    return { Activities: items.map(({ group, activity }) => activityShape(group, activity)), ...rest };
  },
  DescribeScheduledActions: (input: Input) => {
    const name = optionalText(input, 'AutoScalingGroupName');
    const groups = name === undefined ? world.autoScaling.groups() : [world.autoScaling.get(name)];
    const actions = groups.flatMap((group) =>
      group.scheduledActions.map((action) => scheduledActionShape(group, action)),
    );
    const { items, rest } = scalingPage(actions, input);
    return { ScheduledUpdateGroupActions: items, ...rest };
  },
  TerminateInstanceInAutoScalingGroup: (input: Input) => {
    const id = text(input, 'InstanceId');
    const instance = world.instances.find(id);
    if (instance === undefined)
      throw new Refusal('ValidationError', `Instance Id not found - No managed instance found for ${id}`);
    world.autoScaling.terminate(instance, {
      shrink: flag(input, 'ShouldDecrementDesiredCapacity'),
      cause: `instance ${id} was taken out of service in response to a user request.`,
    });
    const group = world.autoScaling.get(instance.groupName);
    const activity = group.activities.find(({ description }) => description.endsWith(id));
    return activity === undefined ? {} : { Activity: activityShape(group, activity) };
  },
});

const lifecycleOperations = (world: World) => ({
  DescribeLifecycleHooks: (input: Input) => {
    const group = groupOf(world, input);
    const names = texts(input, 'LifecycleHookNames');
    return {
      LifecycleHooks: group.hooks
        .filter(({ name }) => names.length === 0 || names.includes(name))
        .map((hook) => hookShape(group, hook)),
    };
  },
  RecordLifecycleActionHeartbeat: (input: Input) => {
    world.lifecycle.heartbeat(actionOf(world, input));
    return {};
  },
  CompleteLifecycleAction: (input: Input) => {
    const result = text(input, 'LifecycleActionResult');
    if (result !== 'CONTINUE' && result !== 'ABANDON')
      throw new Refusal('ValidationError', 'LifecycleActionResult must be either CONTINUE or ABANDON.');
    world.lifecycle.complete(actionOf(world, input));
    return {};
  },
});

const groupOf = (world: World, input: Input): ScalingGroup =>
  world.autoScaling.get(text(input, 'AutoScalingGroupName'));

const actionOf = (world: World, input: Input): ActionRef => ({
  groupName: groupOf(world, input).name,
  hookName: text(input, 'LifecycleHookName'),
  instanceId: optionalText(input, 'InstanceId'),
  token: optionalText(input, 'LifecycleActionToken'),
});

const scalingPage = <T>(all: readonly T[], input: Input, most = 100) => {
  const { items, nextToken } = page(all, {
    token: optionalText(input, 'NextToken'),
    limit: optionalInteger(input, 'MaxRecords') ?? 50,
    most,
  });
  return { items, rest: nextToken === undefined ? {} : { NextToken: nextToken } };
};
