import type { Entry, Scope } from '../../shared/core/automation.ts';
import type { SharedConfig } from '../../shared/core/config.ts';
import { configuredMode } from '../../shared/core/config.ts';
import { strictestMode } from '../../shared/core/mode.ts';
import { busStatement, clusterStatement, journalStatement } from '../../shared/core/statements.ts';
import type { PodCleanupConfig } from './config.ts';

/** One function, every 15 minutes. Where no cluster may be acted on, it has no right to delete anything. */
export const podCleanupEntries = (
  config: SharedConfig & { podCleanup: PodCleanupConfig },
  scope: Scope,
): readonly Entry[] => {
  const mode = configuredMode(config, config.podCleanup);
  const clusters = config.clusters.filter((cluster) => strictestMode(mode, cluster.mode) !== 'off');
  if (clusters.length === 0) return [];
  const acts = clusters.some((cluster) => strictestMode(mode, cluster.mode) === 'act');
  return [
    {
      id: 'pod-cleanup',
      handler: 'handler',
      description: 'Deletes pods that node shutdowns left behind in phase Failed',
      trigger: { kind: 'tick', everyMinutes: 15, input: { trigger: 'tick' } },
      statements: [
        journalStatement(scope),
        clusterStatement(
          scope,
          clusters.map(({ name }) => name),
        ),
        ...(acts ? [busStatement(scope)] : []),
      ],
      kubernetesRules: [
        { apiGroups: [''], resources: ['pods'], verbs: acts ? ['list', 'delete'] : ['list'] },
      ],
      uses: ['table'],
      memoryMb: 512,
      timeoutSeconds: 300,
      // Two runs at once would delete twice and count against two budgets.
      reservedConcurrency: 1,
    },
  ];
};
