import {
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  DescribeTagsCommand,
} from '@aws-sdk/client-auto-scaling';
import { createAutoScalingGroups } from '../../../../../shared/aws/auto-scaling.ts';
import { createLifecycleActions } from '../../../../../shared/aws/auto-scaling-lifecycle.ts';
import type { Case } from '../../comparison.ts';
import type { Side } from '../../side.ts';
import { CLUSTER } from '../../world.ts';
import { group } from './group.ts';

const UNKNOWN = 'nobody';

const byName = (left: { Key?: string | undefined }, right: { Key?: string | undefined }) =>
  (left.Key ?? '').localeCompare(right.Key ?? '');

const groupsBy = async ({ clients }: Side, Filters: { Name: string; Values: string[] }[]) => {
  const { AutoScalingGroups = [] } = await clients.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ Filters }),
  );
  return AutoScalingGroups.map(({ AutoScalingGroupName = '' }) => AutoScalingGroupName).sort();
};

const actionOf = ({ drawn }: Side) => ({
  group: 'pool',
  hook: 'drain-first',
  token: '9f0e2c1a-5a5c-4c3e-9d5a-0a1b2c3d4e5f',
  instanceId: drawn.poolInstances[0] ?? '',
});

export const groupCases: readonly Case[] = [
  {
    behaviour: 'AutoScalingGroups.instances: of the groups that are there, nothing for those that are not',
    run: async ({ clients }) =>
      (await createAutoScalingGroups(clients.autoScaling).instances(['pool', 'idle', UNKNOWN]))
        .map(({ zone, ...instance }) => ({
          ...instance,
          zone: CLUSTER.zones.some((known) => known === zone),
        }))
        .sort((left, right) => left.id.localeCompare(right.id)),
  },
  {
    behaviour: 'AutoScalingGroups.instances: more names than fit one request',
    run: async ({ clients }) => {
      const names = [...Array.from({ length: 120 }, (_, index) => `group-${index}`), 'pool'];
      return (await createAutoScalingGroups(clients.autoScaling).instances(names)).length;
    },
  },
  {
    behaviour: 'AutoScalingGroups.instances: nothing is asked for no names',
    run: async ({ clients }) => createAutoScalingGroups(clients.autoScaling).instances([]),
  },
  {
    behaviour: 'DescribeAutoScalingGroups: the members of a group',
    run: async (side) => {
      const found = await group(side, 'pool');
      return {
        name: found?.AutoScalingGroupName,
        arn: found?.AutoScalingGroupARN,
        sizes: [found?.MinSize, found?.DesiredCapacity, found?.MaxSize],
        zones: found?.AvailabilityZones?.toSorted(),
        subnets: side.drawn.subnetIds.every((id) => found?.VPCZoneIdentifier?.split(',').includes(id)),
        healthCheck: found?.HealthCheckType,
        created: found?.CreatedTime,
        suspended: found?.SuspendedProcesses,
        cooldown: found?.DefaultCooldown,
        protects: found?.NewInstancesProtectedFromScaleIn,
        tags: found?.Tags?.toSorted(byName),
        instance: Object.keys(found?.Instances?.[0] ?? {}).sort(),
      };
    },
  },
  {
    behaviour: 'DescribeAutoScalingGroups by an unknown name finds nothing and is no error',
    run: async ({ clients }) => {
      const { $metadata, ...answer } = await clients.autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [UNKNOWN] }),
      );
      return [$metadata.httpStatusCode, answer];
    },
  },
  {
    behaviour: 'DescribeAutoScalingGroups in pages of one',
    run: async ({ clients }) => {
      const pages: (string | undefined)[][] = [];
      let NextToken: string | undefined;
      do {
        const page = await clients.autoScaling.send(
          new DescribeAutoScalingGroupsCommand({
            AutoScalingGroupNames: ['pool', 'idle'],
            MaxRecords: 1,
            NextToken,
          }),
        );
        pages.push((page.AutoScalingGroups ?? []).map(({ AutoScalingGroupName }) => AutoScalingGroupName));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return pages;
    },
  },
  ...(
    [
      ['tag-key', ['stage']],
      ['tag-value', ['live']],
      ['tag:stage', ['test', 'live']],
      ['tag:stage', ['nobody']],
    ] as const
  ).map(
    ([Name, Values]): Case => ({
      behaviour: `DescribeAutoScalingGroups with the filter ${Name} = ${Values.join(' or ')}`,
      run: (side) => groupsBy(side, [{ Name, Values: [...Values] }]),
    }),
  ),
  {
    behaviour: 'DescribeAutoScalingGroups with two filters: both have to match',
    run: (side) =>
      groupsBy(side, [
        { Name: 'tag-key', Values: ['stage'] },
        { Name: 'tag:Name', Values: ['idle'] },
      ]),
  },
  {
    behaviour: 'DescribeAutoScalingInstances by id: whose they are, health in capitals',
    differs: {
      documented: [
        ['<pool 1>', 'pool', 'InService', 'HEALTHY', false],
        ['<pool 2>', 'pool', 'InService', 'HEALTHY', false],
      ],
      because: "moto writes Healthy; the API reference's example of DescribeAutoScalingInstances has HEALTHY",
    },
    run: async ({ clients, drawn }) => {
      const { AutoScalingInstances = [] } = await clients.autoScaling.send(
        new DescribeAutoScalingInstancesCommand({
          InstanceIds: [...drawn.poolInstances, 'i-0123456789abcdef0'],
        }),
      );
      return AutoScalingInstances.map((instance) => [
        instance.InstanceId ?? '',
        instance.AutoScalingGroupName,
        instance.LifecycleState,
        instance.HealthStatus,
        instance.ProtectedFromScaleIn,
      ]).sort();
    },
  },
  {
    behaviour: 'DescribeLifecycleHooks of a group that has one',
    differs: {
      documented: [
        {
          AutoScalingGroupName: 'pool',
          LifecycleHookName: 'drain-first',
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
          HeartbeatTimeout: 300,
          GlobalTimeout: 30_000,
          DefaultResult: 'CONTINUE',
        },
      ],
      because:
        'moto makes up a notification target and a role, and always says 48 hours; API reference, LifecycleHook: GlobalTimeout is 48 hours or 100 heartbeats, whichever is smaller',
    },
    run: async ({ clients }) => {
      const { LifecycleHooks } = await clients.autoScaling.send(
        new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'pool' }),
      );
      return LifecycleHooks;
    },
  },
  {
    behaviour: 'DescribeLifecycleHooks of a group that has none',
    run: async ({ clients }) =>
      (await clients.autoScaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'idle' })))
        .LifecycleHooks,
  },
  {
    behaviour: 'DescribeLifecycleHooks of an unknown group',
    differs: {
      documented: { error: 'ValidationError', status: 400 },
      because:
        'moto answers no hooks; hashicorp/terraform-provider-aws, autoscaling/lifecycle_hook.go, reads the ValidationError "not found" that AWS answers',
    },
    run: ({ clients }) =>
      clients.autoScaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: UNKNOWN })),
  },
  {
    behaviour: 'LifecycleActions.complete: an action that nobody waits for is over',
    differs: {
      documented: 'over',
      because:
        'moto has no CompleteLifecycleAction; aws/aws-node-termination-handler handles the ValidationError "No active Lifecycle Action found" that AWS answers',
    },
    run: (side) => createLifecycleActions(side.clients.autoScaling).complete(actionOf(side)),
  },
  {
    behaviour: 'LifecycleActions.heartbeat: an action that nobody waits for is over',
    differs: {
      documented: 'over',
      because:
        'moto has no RecordLifecycleActionHeartbeat; the ValidationError is the one of CompleteLifecycleAction',
    },
    run: (side) => createLifecycleActions(side.clients.autoScaling).heartbeat(actionOf(side)),
  },
  {
    behaviour: 'LifecycleActions.isHeld: an instance in service, and one that there is not, are not',
    run: async ({ clients, drawn }) => {
      const actions = createLifecycleActions(clients.autoScaling);
      const [instance = ''] = drawn.poolInstances;
      return [await actions.isHeld(instance), await actions.isHeld('i-0123456789abcdef0')];
    },
  },
  {
    behaviour: 'LifecycleActions.hookTimes: of a hook that is there, and of one that is not',
    differs: {
      documented: [{ heartbeatSeconds: 300, globalSeconds: 30_000 }, undefined],
      because:
        'moto always says 48 hours; API reference, LifecycleHook: GlobalTimeout is 48 hours or 100 heartbeats, whichever is smaller',
    },
    run: async ({ clients }) => {
      const actions = createLifecycleActions(clients.autoScaling);
      return [
        await actions.hookTimes({ group: 'pool', hook: 'drain-first' }),
        await actions.hookTimes({ group: 'pool', hook: 'nothing-of-the-kind' }),
      ];
    },
  },
  {
    behaviour: 'DescribeScheduledActions of a group',
    run: async ({ clients }) => {
      const { ScheduledUpdateGroupActions = [] } = await clients.autoScaling.send(
        new DescribeScheduledActionsCommand({ AutoScalingGroupName: 'pool' }),
      );
      return ScheduledUpdateGroupActions.map((action) => [
        action.AutoScalingGroupName,
        action.ScheduledActionName,
        action.Recurrence,
        action.MinSize,
        action.DesiredCapacity,
        action.MaxSize,
      ]);
    },
  },
  {
    behaviour: 'DescribeScalingActivities of a group that has launched instances',
    differs: {
      documented: [
        ['Launching a new EC2 instance: <pool 1>', 'Successful'],
        ['Launching a new EC2 instance: <pool 2>', 'Successful'],
      ],
      because: 'moto answers an empty list for every group; API reference, DescribeScalingActivities',
    },
    run: async ({ clients }) => {
      const { Activities = [] } = await clients.autoScaling.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName: 'pool' }),
      );
      return Activities.map(({ Description, StatusCode }) => [Description, StatusCode]).sort();
    },
  },
  {
    behaviour: 'CreateOrUpdateTags, DescribeTags and DeleteTags of a group',
    run: async ({ clients }) => {
      const tag = { ResourceId: 'idle', ResourceType: 'auto-scaling-group', Key: 'owner' };
      const tags = async () => {
        const { Tags = [] } = await clients.autoScaling.send(
          new DescribeTagsCommand({
            Filters: [
              { Name: 'auto-scaling-group', Values: ['idle'] },
              { Name: 'key', Values: ['owner'] },
            ],
          }),
        );
        return Tags;
      };
      const write = (Value: string) =>
        clients.autoScaling.send(
          new CreateOrUpdateTagsCommand({ Tags: [{ ...tag, Value, PropagateAtLaunch: false }] }),
        );
      await write('first');
      const first = await tags();
      await write('second');
      const second = await tags();
      await clients.autoScaling.send(new DeleteTagsCommand({ Tags: [tag] }));
      return [first, second, await tags()];
    },
  },
  {
    behaviour: 'CreateOrUpdateTags of an unknown group',
    differs: {
      documented: { error: 'ValidationError', status: 400 },
      because: 'moto fails (500); API reference, Common Errors: ValidationError',
    },
    run: ({ clients }) =>
      clients.autoScaling.send(
        new CreateOrUpdateTagsCommand({
          Tags: [{ ResourceId: UNKNOWN, ResourceType: 'auto-scaling-group', Key: 'a', Value: 'b' }],
        }),
      ),
  },
];
