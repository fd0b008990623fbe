import type { Entry, EventPattern, KubernetesRule, Scope } from '../../shared/core/automation.ts';
import type { SharedConfig } from '../../shared/core/config.ts';
import { configuredMode } from '../../shared/core/config.ts';
import { strictestMode } from '../../shared/core/mode.ts';
import { busStatement, clusterStatement, journalStatement } from '../../shared/core/statements.ts';
import type { PodCleanupConfig } from './config.ts';

const TERMINATED: EventPattern = {
  source: ['aws.ec2'],
  detailType: ['EC2 Instance State-change Notification'],
  detail: { state: ['terminated'] },
};

const core = (resource: string, ...verbs: string[]): KubernetesRule => ({
  apiGroups: [''],
  resources: [resource],
  verbs,
});

const namespaceRules = ({ namespaceOptOut }: PodCleanupConfig): readonly KubernetesRule[] =>
  namespaceOptOut ? [core('namespaces', 'list')] : [];

/** Owners are asked for pods in phase Succeeded alone. */
const ownerRules = ({ deleteSucceededPods }: PodCleanupConfig): readonly KubernetesRule[] =>
  deleteSucceededPods
    ? [{ apiGroups: ['apps'], resources: ['replicasets', 'statefulsets', 'daemonsets'], verbs: ['get'] }]
    : [];

/** The tick that cleans up, and the look at what terminated nodes leave behind, which may delete nothing. */
export const podCleanupEntries = (
  config: SharedConfig & { podCleanup: PodCleanupConfig },
  scope: Scope,
): readonly Entry[] => {
  const section = config.podCleanup;
  const mode = configuredMode(config, section);
  const watched = config.clusters.filter((cluster) => strictestMode(mode, cluster.mode) !== 'off');
  if (watched.length === 0) return [];
  const acts = watched.some((cluster) => strictestMode(mode, cluster.mode) === 'act');
  const clusters = watched.map(({ name }) => name);
  const cleanup: Entry = {
    id: 'pod-cleanup',
    handler: 'handler',
    description: 'Deletes pods that node shutdowns left behind in phase Failed',
    trigger: { kind: 'tick', everyMinutes: section.everyMinutes, input: { trigger: 'tick' }, clusters },
    statements: [
      journalStatement(scope),
      clusterStatement(scope, clusters),
      ...(acts ? [busStatement(scope)] : []),
    ],
    kubernetesRules: [
      core('pods', 'list', ...(acts ? ['delete'] : [])),
      ...namespaceRules(section),
      ...ownerRules(section),
    ],
    uses: ['table'],
    memoryMb: 512,
    timeoutSeconds: 300,
    // Two runs at once would do no harm, by the preconditions of each delete, but count against two budgets.
    reservedConcurrency: 1,
  };
  const verify: Entry = {
    id: 'pod-cleanup-verify',
    handler: 'verify',
    description: 'Looks at what terminated nodes left behind; deletes nothing',
    trigger: { kind: 'events', patterns: [TERMINATED] },
    statements: [
      journalStatement(scope),
      clusterStatement(scope, clusters),
      { actions: ['ec2:DescribeInstances'], resources: ['*'] },
    ],
    kubernetesRules: [core('nodes', 'list'), core('pods', 'list'), ...namespaceRules(section)],
    uses: ['table'],
    memoryMb: 512,
    timeoutSeconds: 60,
    // A hundred nodes that go at once are looked at one after the other, not a hundred times at the same time.
    reservedConcurrency: 1,
  };
  return section.verifyGoneNodes ? [cleanup, verify] : [cleanup];
};
