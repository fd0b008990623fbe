/** EventBridge events of AWS services. Shapes: the services' own documentation of the events they send. */

export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export const envelope = (
  event: NewEvent,
  at: { accountId: string; region: string; now: number; id: string },
): AwsEvent => ({
  version: '0',
  id: at.id,
  'detail-type': event.detailType,
  source: event.source,
  account: at.accountId,
  // AWS stamps whole seconds.
  time: new Date(at.now).toISOString().replace(/\.\d{3}Z$/, 'Z'),
  region: at.region,
  resources: event.resources,
  detail: event.detail,
});

/** AWS's samples of the two spot events carry the zone where an ARN has its region. */
export const spotInterruption = (instanceId: string, zone: string): NewEvent => ({
  source: 'aws.ec2',
  detailType: 'EC2 Spot Instance Interruption Warning',
  resources: [`arn:aws:ec2:${zone}:instance/${instanceId}`],
  detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
});

export const rebalanceRecommendation = (instanceId: string, zone: string): NewEvent => ({
  source: 'aws.ec2',
  detailType: 'EC2 Instance Rebalance Recommendation',
  resources: [`arn:aws:ec2:${zone}:instance/${instanceId}`],
  detail: { 'instance-id': instanceId },
});

export const instanceStateChange = (instanceId: string, instanceArn: string, state: string): NewEvent => ({
  source: 'aws.ec2',
  detailType: 'EC2 Instance State-change Notification',
  resources: [instanceArn],
  detail: { 'instance-id': instanceId, state },
});

export const terminateLifecycleAction = (action: {
  token: string;
  groupName: string;
  groupArn: string;
  hookName: string;
  instanceId: string;
  notificationMetadata: string | undefined;
}): NewEvent => ({
  source: 'aws.autoscaling',
  detailType: 'EC2 Instance-terminate Lifecycle Action',
  resources: [action.groupArn],
  detail: {
    LifecycleActionToken: action.token,
    AutoScalingGroupName: action.groupName,
    LifecycleHookName: action.hookName,
    EC2InstanceId: action.instanceId,
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    ...(action.notificationMetadata === undefined
      ? {}
      : { NotificationMetadata: action.notificationMetadata }),
    Origin: 'AutoScalingGroup',
    Destination: 'EC2',
  },
});

export const imageScanCompleted = (scan: {
  repositoryName: string;
  repositoryArn: string;
  digest: string;
  tags: readonly string[];
  severityCounts: Readonly<Record<string, number>>;
}): NewEvent => ({
  source: 'aws.ecr',
  detailType: 'ECR Image Scan',
  resources: [scan.repositoryArn],
  detail: {
    'scan-status': 'COMPLETE',
    'repository-name': scan.repositoryName,
    'finding-severity-counts': scan.severityCounts,
    'image-digest': scan.digest,
    'image-tags': scan.tags,
  },
});
