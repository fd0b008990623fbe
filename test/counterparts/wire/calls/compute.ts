import {
  CompleteLifecycleActionCommand,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  DescribeTagsCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { CallContext } from '../sdk.ts';
import { call, refused } from '../sdk.ts';

const groupOf = ({ account }: CallContext) => {
  const group = account.world.autoScaling.groups().find(({ nodeGroupName }) => nodeGroupName === undefined);
  if (group === undefined) throw new Error('the world has no group of its own');
  return group;
};
const group = (context: CallContext) => ({ AutoScalingGroupName: groupOf(context).name });
const firstOf = (context: CallContext): string =>
  context.account.world.autoScaling.members(groupOf(context))[0]?.id ?? '';
const action = (context: CallContext) => ({
  ...group(context),
  LifecycleHookName: groupOf(context).hooks[0]?.name ?? '',
  InstanceId: firstOf(context),
});
const tag = (context: CallContext) => ({
  ResourceId: groupOf(context).name,
  ResourceType: 'auto-scaling-group',
  Key: 'team',
  Value: 'shop',
  PropagateAtLaunch: true,
});

const autoScaling = [
  call('autoscaling DescribeAutoScalingGroups', ({ as }) =>
    as.autoscaling.send(new DescribeAutoScalingGroupsCommand({ MaxRecords: 1 })),
  ),
  call('autoscaling DescribeAutoScalingInstances', ({ as }) =>
    as.autoscaling.send(new DescribeAutoScalingInstancesCommand({})),
  ),
  call('autoscaling DescribeLifecycleHooks', (context) =>
    context.as.autoscaling.send(new DescribeLifecycleHooksCommand(group(context))),
  ),
  call('autoscaling DescribeScheduledActions', ({ as }) =>
    as.autoscaling.send(new DescribeScheduledActionsCommand({})),
  ),
  call('autoscaling CreateOrUpdateTags', (context) =>
    context.as.autoscaling.send(new CreateOrUpdateTagsCommand({ Tags: [tag(context)] })),
  ),
  call('autoscaling DescribeTags', ({ as }) =>
    as.autoscaling.send(new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['team'] }] })),
  ),
  call('autoscaling DeleteTags', (context) =>
    context.as.autoscaling.send(new DeleteTagsCommand({ Tags: [tag(context)] })),
  ),
  call('autoscaling UpdateAutoScalingGroup', (context) =>
    context.as.autoscaling.send(new UpdateAutoScalingGroupCommand({ ...group(context), MaxSize: 3 })),
  ),
  call('autoscaling SetDesiredCapacity', (context) =>
    context.as.autoscaling.send(new SetDesiredCapacityCommand({ ...group(context), DesiredCapacity: 2 })),
  ),
  call('autoscaling TerminateInstanceInAutoScalingGroup', (context) =>
    context.as.autoscaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: firstOf(context),
        ShouldDecrementDesiredCapacity: false,
      }),
    ),
  ),
  call('autoscaling RecordLifecycleActionHeartbeat', (context) =>
    context.as.autoscaling.send(new RecordLifecycleActionHeartbeatCommand(action(context))),
  ),
  call('autoscaling CompleteLifecycleAction', (context) =>
    context.as.autoscaling.send(
      new CompleteLifecycleActionCommand({ ...action(context), LifecycleActionResult: 'CONTINUE' }),
    ),
  ),
  call('autoscaling DescribeScalingActivities', ({ as }) =>
    as.autoscaling.send(new DescribeScalingActivitiesCommand({})),
  ),
  refused('autoscaling RecordLifecycleActionHeartbeat', 'ValidationError', (context) =>
    context.as.autoscaling.send(new RecordLifecycleActionHeartbeatCommand(action(context))),
  ),
  refused('autoscaling SetDesiredCapacity', 'ValidationError', (context) =>
    context.as.autoscaling.send(new SetDesiredCapacityCommand({ ...group(context), DesiredCapacity: 99 })),
  ),
  refused('autoscaling DescribeLifecycleHooks', 'ValidationError', ({ as }) =>
    as.autoscaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'nowhere' })),
  ),
  refused('autoscaling DescribeTags', 'AccessDenied', ({ asCleanup }) =>
    asCleanup.autoscaling.send(new DescribeTagsCommand({})),
  ),
];

const ec2 = [
  call('ec2 DescribeInstances', ({ as }) => as.ec2.send(new DescribeInstancesCommand({}))),
  call('ec2 DescribeSubnets', ({ as }) => as.ec2.send(new DescribeSubnetsCommand({}))),
  call('ec2 DescribeSecurityGroups', ({ as }) => as.ec2.send(new DescribeSecurityGroupsCommand({}))),
  call('ec2 DescribeInstanceTypes', ({ as }) => as.ec2.send(new DescribeInstanceTypesCommand({}))),
  call('ec2 TerminateInstances', ({ as, account }) =>
    as.ec2.send(
      new TerminateInstancesCommand({ InstanceIds: [account.world.instances.all().at(-1)?.id ?? ''] }),
    ),
  ),
  refused('ec2 TerminateInstances', 'DryRunOperation', ({ as, account }) =>
    as.ec2.send(
      new TerminateInstancesCommand({
        InstanceIds: [account.world.instances.all()[0]?.id ?? ''],
        DryRun: true,
      }),
    ),
  ),
  refused('ec2 DescribeInstances', 'InvalidInstanceID.NotFound', ({ as }) =>
    as.ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-0123456789abcdef0'] })),
  ),
  refused('ec2 DescribeInstances', 'InvalidInstanceID.Malformed', ({ as }) =>
    as.ec2.send(new DescribeInstancesCommand({ InstanceIds: ['web'] })),
  ),
  refused('ec2 DescribeInstances', 'InvalidParameterValue', ({ as }) =>
    as.ec2.send(new DescribeInstancesCommand({ NextToken: 'forged' })),
  ),
  refused('ec2 DescribeSubnets', 'InvalidSubnetID.NotFound', ({ as }) =>
    as.ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-0'] })),
  ),
  refused('ec2 DescribeSecurityGroups', 'InvalidGroup.NotFound', ({ as }) =>
    as.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-0'] })),
  ),
  refused('ec2 DescribeInstances', 'UnauthorizedOperation', ({ asCleanup }) =>
    asCleanup.ec2.send(new DescribeInstancesCommand({})),
  ),
];

export const computeCalls = [...autoScaling, ...ec2];
