import type { Entry, IamStatement, KubernetesRule, Scope } from '../../shared/core/automation.ts';
import { configuredMode } from '../../shared/core/config.ts';
import { strictestMode } from '../../shared/core/mode.ts';
import {
  bucketStatements,
  busStatement,
  clusterArn,
  journalStatement,
  tableStatement,
  topicStatement,
} from '../../shared/core/statements.ts';
import type { WithClusterUpgrade } from './config.ts';

/** ARNs of everything of one kind below the named clusters: `nodegroup/<cluster>/*`, `addon/<cluster>/*`. */
const below = (scope: Scope, kind: 'nodegroup' | 'addon', clusters: readonly string[]): string[] =>
  clusters.map(
    (cluster) => `arn:${scope.partition}:eks:${scope.region}:${scope.account}:${kind}/${cluster}/*`,
  );

/** What preflight and plan read. StartInsightsRefresh has EKS look again; it changes nothing in the cluster. */
const readingStatements = (scope: Scope, clusters: readonly string[]): readonly IamStatement[] => {
  const clusterArns = clusters.map((cluster) => clusterArn(scope, cluster));
  const groups = below(scope, 'nodegroup', clusters);
  const addOns = below(scope, 'addon', clusters);
  return [
    {
      actions: [
        'eks:DescribeCluster',
        'eks:ListNodegroups',
        'eks:ListAddons',
        'eks:ListInsights',
        'eks:DescribeInsight',
        'eks:StartInsightsRefresh',
        'eks:DescribeInsightsRefresh',
      ],
      resources: clusterArns,
    },
    { actions: ['eks:ListUpdates', 'eks:DescribeUpdate'], resources: [...clusterArns, ...groups, ...addOns] },
    { actions: ['eks:DescribeNodegroup'], resources: groups },
    { actions: ['eks:DescribeAddon'], resources: addOns },
    // None of these knows resource-level permissions.
    {
      actions: ['eks:DescribeClusterVersions', 'eks:DescribeAddonVersions', 'ec2:DescribeSubnets'],
      resources: ['*'],
    },
    {
      actions: ['ssm:GetParameter'],
      // AWS's own public parameters: their ARNs have no account.
      resources: ['eks', 'bottlerocket'].map(
        (owner) => `arn:${scope.partition}:ssm:${scope.region}::parameter/aws/service/${owner}/*`,
      ),
    },
  ];
};

const changingStatements = (scope: Scope, clusters: readonly string[]): readonly IamStatement[] =>
  clusters.length === 0
    ? []
    : [
        {
          actions: ['eks:UpdateClusterVersion'],
          resources: clusters.map((cluster) => clusterArn(scope, cluster)),
        },
        { actions: ['eks:UpdateNodegroupVersion'], resources: below(scope, 'nodegroup', clusters) },
        { actions: ['eks:UpdateAddon'], resources: below(scope, 'addon', clusters) },
        busStatement(scope),
      ];

const nodes: KubernetesRule = { apiGroups: [''], resources: ['nodes'], verbs: ['list'] };

/** The diagnosis of a node group that cannot be drained names pods and budgets. */
const diagnosis: readonly KubernetesRule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
];

const DAYS_TO_CARRY_OUT = 7;

/** Two functions: one that only plans, one that carries out over days. Where no cluster may be acted on, neither can change anything. */
export const clusterUpgradeEntries = (config: WithClusterUpgrade, scope: Scope): readonly Entry[] => {
  const mode = configuredMode(config, config.clusterUpgrade);
  const named = (wanted: (clusterMode: string) => boolean): string[] =>
    config.clusters.filter((cluster) => wanted(strictestMode(mode, cluster.mode))).map(({ name }) => name);
  const seen = named((clusterMode) => clusterMode !== 'off');
  const acted = named((clusterMode) => clusterMode === 'act');
  if (seen.length === 0) return [];
  const reading = readingStatements(scope, seen);
  return [
    {
      id: 'cluster-upgrade-plan',
      handler: 'plan',
      description: 'Says what an upgrade of a cluster would do and what stands in its way',
      trigger: { kind: 'manual' },
      statements: [journalStatement(scope), ...reading],
      kubernetesRules: [nodes],
      uses: ['table'],
      memoryMb: 512,
      timeoutSeconds: 900,
    },
    {
      id: 'cluster-upgrade',
      handler: 'handler',
      description: 'Carries out an approved upgrade of a cluster, step by step',
      trigger: { kind: 'manual' },
      statements: [
        tableStatement(scope),
        ...bucketStatements(scope, 'upgrades'),
        ...(config.notifications.topic ? [topicStatement(scope)] : []),
        ...reading,
        ...changingStatements(scope, acted),
        {
          actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
          resources: [`${scope.functionArn('cluster-upgrade')}:*`],
        },
      ],
      kubernetesRules: acted.length === 0 ? [nodes] : [nodes, ...diagnosis],
      uses: ['table', 'bucket', ...(config.notifications.topic ? (['topic'] as const) : [])],
      memoryMb: 512,
      timeoutSeconds: 900,
      durable: {
        executionTimeoutDays: DAYS_TO_CARRY_OUT + Math.ceil(config.clusterUpgrade.approvalTimeoutHours / 24),
        retentionDays: 30,
      },
    },
  ];
};
