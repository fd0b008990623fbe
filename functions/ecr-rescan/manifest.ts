import type { Entry, IamStatement, Scope } from '../../shared/core/automation.ts';
import type { SharedConfig } from '../../shared/core/config.ts';
import { configuredMode } from '../../shared/core/config.ts';
import {
  bucketStatements,
  busStatement,
  clusterStatement,
  tableStatement,
  topicStatement,
} from '../../shared/core/statements.ts';
import type { EcrRescanConfig } from './config.ts';
import { SCAN_EVENT_TYPES } from './scan-event.ts';

/** Prefix of this automation's objects in the bucket. */
const PREFIX = 'ecr-rescan';

/** The tick that starts scans, and the function that reads their results. Only the first sees the clusters. */
export const ecrRescanEntries = (
  config: SharedConfig & { ecrRescan: EcrRescanConfig },
  scope: Scope,
): readonly Entry[] => {
  const mode = configuredMode(config, config.ecrRescan);
  if (mode === 'off') return [];
  const { repositories } = config.ecrRescan;
  const repositoryArn = (name: string) =>
    `arn:${scope.partition}:ecr:${scope.region}:${scope.account}:repository/${name}`;
  const clusters = config.clusters.filter((cluster) => cluster.mode !== 'off').map(({ name }) => name);
  const shared: readonly IamStatement[] = [
    tableStatement(scope),
    ...bucketStatements(scope, PREFIX),
    ...(config.notifications.topic ? [topicStatement(scope)] : []),
    ...(mode === 'act' ? [busStatement(scope)] : []),
  ];
  const uses: Entry['uses'] = [
    'table',
    'bucket',
    ...(config.notifications.topic ? (['topic'] as const) : []),
  ];
  return [
    {
      id: 'ecr-rescan',
      handler: 'handler',
      description: 'Scans the images that run, and those of configured repositories, again and again',
      trigger: { kind: 'tick', everyMinutes: 5, input: { trigger: 'tick' } },
      statements: [
        ...shared,
        ...(clusters.length === 0 ? [] : [clusterStatement(scope, clusters)]),
        // ECR knows no resource for the registry's settings.
        { actions: ['ecr:GetRegistryScanningConfiguration'], resources: ['*'] },
        ...(repositories.length === 0
          ? []
          : [
              { actions: ['ecr:DescribeRepositories'], resources: [repositoryArn('*')] },
              { actions: ['ecr:DescribeImages'], resources: repositories.map(repositoryArn) },
            ]),
        // Running images may lie in any repository of the registry.
        {
          actions: ['ecr:DescribeImageScanFindings', ...(mode === 'act' ? ['ecr:StartImageScan'] : [])],
          resources: [repositoryArn('*')],
        },
      ],
      kubernetesRules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
      uses,
      memoryMb: 512,
      timeoutSeconds: 300,
      // The pass over the image list has one place: two ticks at once would go over the same images.
      reservedConcurrency: 1,
    },
    {
      id: 'ecr-rescan-findings',
      handler: 'findings',
      description: 'Compares the findings of a finished scan with those before and tells what is new',
      trigger: { kind: 'events', patterns: [{ source: ['aws.ecr'], detailType: [...SCAN_EVENT_TYPES] }] },
      statements: [
        ...shared,
        { actions: ['ecr:DescribeImageScanFindings'], resources: [repositoryArn('*')] },
      ],
      kubernetesRules: [],
      uses,
      memoryMb: 512,
      timeoutSeconds: 120,
    },
  ];
};
