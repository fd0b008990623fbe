import { instanceType } from '../../world/instance-types.ts';
import type { Instance } from '../../world/instances.ts';
import type { Activity, LifecycleHook, ScalingGroup, ScheduledAction } from '../../world/scaling-groups.ts';
import { longestWaitSeconds } from '../../world/scaling-groups.ts';

/** The world's Auto Scaling groups in the members of the service's model. */

const templateShape = ({ launchTemplate }: ScalingGroup['image']) => ({
  LaunchTemplateId: launchTemplate.id,
  LaunchTemplateName: launchTemplate.name,
  Version: launchTemplate.version,
});

export const groupShape = (group: ScalingGroup, members: readonly Instance[]) => ({
  AutoScalingGroupName: group.name,
  AutoScalingGroupARN: group.arn,
  MixedInstancesPolicy: {
    LaunchTemplate: {
      LaunchTemplateSpecification: templateShape(group.image),
      Overrides: [{ InstanceType: group.instanceType }],
    },
    InstancesDistribution: {
      OnDemandAllocationStrategy: 'prioritized',
      OnDemandBaseCapacity: 0,
      OnDemandPercentageAboveBaseCapacity: group.spot ? 0 : 100,
      SpotAllocationStrategy: 'price-capacity-optimized',
    },
  },
  MinSize: group.min,
  MaxSize: group.max,
  DesiredCapacity: group.desired,
  DefaultCooldown: 300,
  AvailabilityZones: group.subnets.map(({ zone }) => zone),
  LoadBalancerNames: [],
  TargetGroupARNs: [],
  HealthCheckType: 'EC2',
  HealthCheckGracePeriod: 15,
  Instances: members.map((instance) => memberShape(instance)),
  CreatedTime: new Date(group.createdAt),
  SuspendedProcesses: [...group.suspendedProcesses].map((process) => ({
    ProcessName: process,
    SuspensionReason: 'User suspended',
  })),
  VPCZoneIdentifier: group.subnets.map(({ id }) => id).join(','),
  EnabledMetrics: [],
  Tags: tagShapes(group),
  TerminationPolicies: ['AllocationStrategy', 'OldestLaunchTemplate', 'OldestInstance'],
  NewInstancesProtectedFromScaleIn: false,
  CapacityRebalance: group.spot,
});

export const tagShapes = (group: ScalingGroup) =>
  [...group.tags].map(([Key, { value, propagateAtLaunch }]) => ({
    ResourceId: group.name,
    ResourceType: 'auto-scaling-group',
    Key,
    Value: value,
    PropagateAtLaunch: propagateAtLaunch,
  }));

const memberShape = (instance: Instance) => ({
  InstanceId: instance.id,
  InstanceType: instanceType(instance.type).name,
  AvailabilityZone: instance.subnet.zone,
  LifecycleState: instance.lifecycle,
  HealthStatus: instance.healthy ? 'Healthy' : 'Unhealthy',
  LaunchTemplate: templateShape(instance.image),
  ProtectedFromScaleIn: instance.protectedFromScaleIn,
});

export const instanceDetailsShape = (instance: Instance) => ({
  ...memberShape(instance),
  AutoScalingGroupName: instance.groupName,
  // This one shape of the API writes the health in capitals.
  HealthStatus: instance.healthy ? 'HEALTHY' : 'UNHEALTHY',
});

export const activityShape = (group: ScalingGroup, activity: Activity) => ({
  ActivityId: activity.id,
  AutoScalingGroupName: group.name,
  Description: activity.description,
  Cause: activity.cause,
  StartTime: new Date(activity.startedAt),
  ...(activity.endedAt === undefined ? {} : { EndTime: new Date(activity.endedAt) }),
  StatusCode: activity.status,
  ...(activity.message === undefined ? {} : { StatusMessage: activity.message }),
  Progress: activity.status === 'InProgress' ? 50 : 100,
  Details: JSON.stringify({ 'Availability Zone': activity.zone }),
  AutoScalingGroupARN: group.arn,
});

export const hookShape = (group: ScalingGroup, hook: LifecycleHook) => ({
  LifecycleHookName: hook.name,
  AutoScalingGroupName: group.name,
  LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  ...(hook.notificationMetadata === undefined ? {} : { NotificationMetadata: hook.notificationMetadata }),
  HeartbeatTimeout: hook.heartbeatSeconds,
  GlobalTimeout: longestWaitSeconds(hook),
  DefaultResult: hook.defaultResult,
});

export const scheduledActionShape = (group: ScalingGroup, action: ScheduledAction) => ({
  AutoScalingGroupName: group.name,
  ScheduledActionName: action.name,
  ScheduledActionARN: group.arn.replace(':autoScalingGroup:', ':scheduledUpdateGroupAction:'),
  Recurrence: action.recurrence,
  MinSize: action.min,
  MaxSize: action.max,
  DesiredCapacity: action.desired,
  TimeZone: action.timeZone,
});
