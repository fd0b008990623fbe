import type { PlacedEntry } from '../../infra/entries.ts';
import type { Entry, Scope } from '../../shared/core/automation.ts';
import {
  bucketStatements,
  clusterStatement,
  tableStatement,
  topicStatement,
} from '../../shared/core/statements.ts';

const size = { memoryMb: 256, timeoutSeconds: 60 } as const;

/** One entry for each kind of trigger, small enough to read at a glance. */
export const fakeEntries = (scope: Scope): readonly PlacedEntry[] => {
  const ticked: Entry = {
    id: 'pod-cleanup',
    handler: 'handler',
    description: 'Deletes Pods left behind',
    trigger: { kind: 'tick', everyMinutes: 15, input: { trigger: 'tick' } },
    statements: [tableStatement(scope), clusterStatement(scope, ['staging'])],
    kubernetesRules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'delete'] }],
    uses: ['table', 'topic'],
    ...size,
  };
  const evented: Entry = {
    id: 'ecr-rescan-findings',
    handler: 'findings',
    description: 'Reads scan results',
    trigger: { kind: 'events', patterns: [{ source: ['aws.ecr'], detailType: ['ECR Image Scan'] }] },
    statements: [tableStatement(scope), topicStatement(scope), ...bucketStatements(scope, 'findings')],
    kubernetesRules: [],
    uses: ['table', 'topic', 'bucket'],
    ...size,
  };
  const queued: Entry = {
    id: 'spot-drain',
    handler: 'handler',
    description: 'Takes events in',
    trigger: {
      kind: 'queue',
      patterns: [
        { source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
        { source: ['aws.autoscaling'], detailType: ['EC2 Instance-terminate Lifecycle Action'] },
      ],
      batchSize: 10,
      visibilitySeconds: 60,
      maxReceives: 5,
    },
    statements: [
      { actions: ['ec2:DescribeInstances'], resources: ['*'] },
      { actions: ['lambda:InvokeFunction'], resources: [scope.functionArn('spot-drain-worker')] },
    ],
    kubernetesRules: [],
    uses: ['queue', 'worker'],
    ...size,
  };
  const worker: Entry = {
    id: 'spot-drain-worker',
    handler: 'worker',
    description: 'Drains nodes',
    trigger: { kind: 'manual' },
    statements: [{ actions: ['sqs:SendMessage'], resources: [scope.queueArn] }],
    kubernetesRules: [{ apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] }],
    uses: ['table'],
    reservedConcurrency: 5,
    ...size,
  };
  const durable: Entry = {
    id: 'cluster-upgrade',
    handler: 'handler',
    description: 'Carries out upgrades',
    trigger: { kind: 'manual' },
    statements: [tableStatement(scope)],
    kubernetesRules: [],
    uses: ['table'],
    durable: { executionTimeoutDays: 30, retentionDays: 14 },
    ...size,
  };
  return [
    { automation: 'pod-cleanup', entry: ticked },
    { automation: 'ecr-rescan', entry: evented },
    { automation: 'spot-drain', entry: queued },
    { automation: 'spot-drain', entry: worker },
    { automation: 'cluster-upgrade', entry: durable },
  ];
};
