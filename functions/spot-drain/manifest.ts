import type {
  Entry,
  EventPattern,
  IamStatement,
  KubernetesRule,
  Scope,
} from '../../shared/core/automation.ts';
import type { SharedConfig } from '../../shared/core/config.ts';
import { configuredMode } from '../../shared/core/config.ts';
import { strictestMode } from '../../shared/core/mode.ts';
import {
  busStatement,
  clusterStatement,
  tableStatement,
  topicStatement,
} from '../../shared/core/statements.ts';
import type { SpotDrainConfig } from './config.ts';
import { DEPARTURES, STATES } from './decide/recorded-notice.ts';
import { settingsFor } from './decide/settings.ts';
import { WORTH_WAITING_MS } from './rest.ts';

const VISIBILITY_SECONDS = 60;
/** Half an hour: a cluster, EC2 or the table may be away for so long, and no notice is lost. */
const MOST_RECEIVES = 30;

const EC2_EVENTS: EventPattern = {
  source: ['aws.ec2'],
  detailType: ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
};
/** That an instance runs matters to those that come back with our cordon; where nothing acts there are none. */
const stateChanges = (acts: boolean): EventPattern => ({
  source: ['aws.ec2'],
  detailType: ['EC2 Instance State-change Notification'],
  detail: { state: acts ? [...STATES] : [...DEPARTURES] },
});
const HEALTH_EVENTS: EventPattern = {
  source: ['aws.health'],
  detailType: ['AWS Health Event'],
  detail: { service: ['EC2'], eventTypeCategory: ['scheduledChange'] },
};
const LIFECYCLE_EVENTS: EventPattern = {
  source: ['aws.autoscaling'],
  detailType: ['EC2 Instance-terminate Lifecycle Action'],
};

const core = (resource: string, ...verbs: string[]): KubernetesRule => ({
  apiGroups: [''],
  resources: [resource],
  verbs,
});

/** The intake finds and cordons nodes, and counts the pods that go down with one; it never touches a pod. */
const intakeRules = (acts: boolean): KubernetesRule[] =>
  acts
    ? [core('nodes', 'get', 'list', 'patch'), core('pods', 'list'), core('events', 'create')]
    : [core('nodes', 'get', 'list'), core('pods', 'list')];

const workerRules = (settings: readonly SpotDrainConfig[], acts: boolean): KubernetesRule[] => {
  const mayDelete = settings.some(({ deleteAtDeadline }) => deleteAtDeadline);
  const namespaces = settings.some(({ namespaceOptOuts }) => namespaceOptOuts)
    ? [core('namespaces', 'list')]
    : [];
  if (!acts) return [core('pods', 'list'), ...namespaces];
  return [
    core('nodes', 'get', 'patch'),
    core('pods', 'list', ...(mayDelete ? ['delete'] : [])),
    core('pods/eviction', 'create'),
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
    core('events', 'create'),
    ...namespaces,
  ];
};

/** Holding hooks and letting them go. Descriptions cannot be limited to groups; of hooks they serve long waits alone. */
const hookStatements = (settings: readonly SpotDrainConfig[], scope: Scope): IamStatement[] => {
  const holding = settings.filter(({ lifecycleHooks }) => lifecycleHooks.length > 0);
  if (holding.length === 0) return [];
  const rests = holding.some(({ lifecycleHoldMinutes }) => lifecycleHoldMinutes * 60_000 > WORTH_WAITING_MS);
  return [
    {
      actions: ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
      resources: [
        `arn:${scope.partition}:autoscaling:${scope.region}:${scope.account}:autoScalingGroup:*:autoScalingGroupName/*`,
      ],
    },
    {
      actions: [
        'autoscaling:DescribeAutoScalingInstances',
        ...(rests ? ['autoscaling:DescribeLifecycleHooks'] : []),
      ],
      resources: ['*'],
    },
  ];
};

/** The intake behind the queue, and the worker that it starts. */
export const spotDrainEntries = (
  config: SharedConfig & { spotDrain: SpotDrainConfig },
  scope: Scope,
): readonly Entry[] => {
  const section = config.spotDrain;
  const mode = configuredMode(config, section);
  const clusters = config.clusters.filter((cluster) => strictestMode(mode, cluster.mode) !== 'off');
  if (clusters.length === 0) return [];
  const acts = clusters.some((cluster) => strictestMode(mode, cluster.mode) === 'act');
  const settings = clusters.map(({ name }) => settingsFor(section, name));
  const hooks = settings.some(({ lifecycleHooks }) => lifecycleHooks.length > 0);
  const { topics, roles } = section.autoScalingNotifications;
  const topic = config.notifications.topic;
  const common = [
    tableStatement(scope),
    clusterStatement(
      scope,
      clusters.map(({ name }) => name),
    ),
    { actions: ['lambda:InvokeFunction'], resources: [scope.functionArn('spot-drain-worker')] },
    ...(acts ? [busStatement(scope)] : []),
  ];
  return [
    {
      id: 'spot-drain',
      handler: 'handler',
      description: 'Records and cordons nodes whose instances are about to go',
      trigger: {
        kind: 'queue',
        patterns: [EC2_EVENTS, stateChanges(acts), HEALTH_EVENTS, ...(hooks ? [LIFECYCLE_EVENTS] : [])],
        batchSize: 10,
        visibilitySeconds: VISIBILITY_SECONDS,
        maxReceives: MOST_RECEIVES,
        ...(hooks && topics.length + roles.length > 0 ? { senders: { topics, roles } } : {}),
      },
      statements: [
        ...common,
        { actions: ['ec2:DescribeInstances'], resources: ['*'] },
        { actions: ['sqs:SendMessage'], resources: [scope.queueArn] },
        ...(topic ? [topicStatement(scope)] : []),
      ],
      kubernetesRules: intakeRules(acts),
      uses: ['table', 'queue', 'worker', ...(topic ? (['topic'] as const) : [])],
      memoryMb: 1024,
      timeoutSeconds: 10,
    },
    {
      id: 'spot-drain-worker',
      handler: 'worker',
      description: 'Drains the nodes of a batch within the time that is left',
      trigger: { kind: 'manual' },
      statements: [
        ...common,
        ...(topic ? [topicStatement(scope)] : []),
        ...(acts ? hookStatements(settings, scope) : []),
      ],
      kubernetesRules: workerRules(settings, acts),
      uses: ['table', 'worker', ...(topic ? (['topic'] as const) : [])],
      memoryMb: 1024,
      timeoutSeconds: 900,
    },
  ];
};
