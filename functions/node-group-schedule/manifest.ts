import type { Entry, IamStatement, KubernetesRule, Scope } from '../../shared/core/automation.ts';
import type { SharedConfig } from '../../shared/core/config.ts';
import { configuredMode } from '../../shared/core/config.ts';
import { strictestMode } from '../../shared/core/mode.ts';
import {
  busStatement,
  clusterArn,
  clusterStatement,
  tableStatement,
  topicStatement,
} from '../../shared/core/statements.ts';
import type { NodeGroupScheduleConfig } from './config.ts';

const nodeGroupArns = (scope: Scope, cluster: string): string =>
  `arn:${scope.partition}:eks:${scope.region}:${scope.account}:nodegroup/${cluster}/*/*`;

const reads = (scope: Scope, clusters: readonly string[]): readonly IamStatement[] => [
  { actions: ['eks:ListNodegroups'], resources: clusters.map((cluster) => clusterArn(scope, cluster)) },
  { actions: ['eks:DescribeNodegroup'], resources: clusters.map((cluster) => nodeGroupArns(scope, cluster)) },
  {
    // Updates of a node group are authorised on the cluster and on the node group.
    actions: ['eks:DescribeUpdate'],
    resources: clusters.flatMap((cluster) => [clusterArn(scope, cluster), nodeGroupArns(scope, cluster)]),
  },
  // This action knows no resource-level permissions (Service Authorization Reference, EC2 Auto Scaling).
  { actions: ['autoscaling:DescribeAutoScalingGroups'], resources: ['*'] },
];

const DRAIN_RULES: readonly KubernetesRule[] = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
];

/** One function, every 5 minutes. Where no cluster may be acted on, it has no right to change anything. */
export const nodeGroupScheduleEntries = (
  config: SharedConfig & { readonly nodeGroupSchedule: NodeGroupScheduleConfig },
  scope: Scope,
): readonly Entry[] => {
  const mode = configuredMode(config, config.nodeGroupSchedule);
  const modeOf = (cluster: SharedConfig['clusters'][number]) => strictestMode(mode, cluster.mode);
  const watched = config.clusters.filter((cluster) => modeOf(cluster) !== 'off').map(({ name }) => name);
  const acted = config.clusters.filter((cluster) => modeOf(cluster) === 'act').map(({ name }) => name);
  if (watched.length === 0) return [];
  const acts = acted.length > 0;
  return [
    {
      id: 'node-group-schedule',
      handler: 'handler',
      description: 'Puts node groups to sleep and wakes them, by calendar',
      trigger: { kind: 'tick', everyMinutes: 5, input: { trigger: 'tick' } },
      statements: [
        tableStatement(scope),
        ...reads(scope, watched),
        ...(acts
          ? [
              // Nodes are drained and counted where the schedule acts, and only there.
              clusterStatement(scope, acted),
              {
                actions: ['eks:UpdateNodegroupConfig'],
                resources: acted.map((cluster) => nodeGroupArns(scope, cluster)),
              },
              busStatement(scope),
            ]
          : []),
        // In observe too: a group that was under way when its mode changed may have to be told of.
        ...(config.notifications.topic ? [topicStatement(scope)] : []),
      ],
      kubernetesRules: acts ? DRAIN_RULES : [],
      uses: ['table', ...(config.notifications.topic ? (['topic'] as const) : [])],
      memoryMb: 512,
      timeoutSeconds: 300,
      // Two ticks at once would take the same steps twice.
      reservedConcurrency: 1,
    },
  ];
};
