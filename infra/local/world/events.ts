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

/** What EC2 does with a spot instance that it takes back, as the spot request says. */
export type InterruptionAction = 'terminate' | 'stop' | 'hibernate';

/** AWS's samples of the two spot events carry the zone where an ARN has its region. */
export const spotInterruption = (
  instanceId: string,
  zone: string,
  action: InterruptionAction = 'terminate',
): NewEvent => ({
  source: 'aws.ec2',
  detailType: 'EC2 Spot Instance Interruption Warning',
  resources: [`arn:aws:ec2:${zone}:instance/${instanceId}`],
  detail: { 'instance-id': instanceId, 'instance-action': action },
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

/** A change that AWS Health announces for instances. */
export interface PlannedChange {
  /** The last part of the event's ARN: what is said about one event has the same. */
  readonly eventId: string;
  /** For example `AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED`. */
  readonly code: string;
  readonly instanceIds: readonly string[];
  /** Epoch ms. */
  readonly startsAt: number;
  readonly endsAt?: number;
  readonly status?: 'upcoming' | 'open' | 'closed';
  /** Entities a page; a real one holds 256 KB. Default: all on one. */
  readonly pageSize?: number;
}

const rfc1123 = (ms: number): string => new Date(ms).toUTCString();

const pagesOf = (ids: readonly string[], size: number): readonly (readonly string[])[] =>
  Array.from({ length: Math.max(1, Math.ceil(ids.length / size)) }, (_, index) =>
    ids.slice(index * size, (index + 1) * size),
  );

/** One event a page. Source: AWS Health user guide, "AWS Health events Amazon EventBridge schema". */
export const scheduledChange = (
  change: PlannedChange,
  at: { accountId: string; region: string; now: number; communicationId: string },
): readonly NewEvent[] => {
  const pages = pagesOf(change.instanceIds, change.pageSize ?? Math.max(1, change.instanceIds.length));
  return pages.map((ids, index) => ({
    source: 'aws.health',
    detailType: 'AWS Health Event',
    resources: ids,
    detail: {
      eventArn: `arn:aws:health:${at.region}::event/EC2/${change.code}/${change.code}_${change.eventId}`,
      service: 'EC2',
      eventScopeCode: 'ACCOUNT_SPECIFIC',
      communicationId: `${at.communicationId}-${index + 1}`,
      eventTypeCode: change.code,
      eventTypeCategory: 'scheduledChange',
      startTime: rfc1123(change.startsAt),
      endTime: rfc1123(change.endsAt ?? change.startsAt),
      lastUpdatedTime: rfc1123(at.now),
      statusCode: change.status ?? 'upcoming',
      eventRegion: at.region,
      eventDescription: [{ language: 'en_US', latestDescription: 'A description of the event.' }],
      affectedEntities: ids.map((entityValue) => ({
        entityValue,
        lastUpdatedTime: rfc1123(at.now),
        status: 'PENDING',
        tags: {},
      })),
      affectedAccount: at.accountId,
      page: String(index + 1),
      totalPages: String(pages.length),
    },
  }));
};
