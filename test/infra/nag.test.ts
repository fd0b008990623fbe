import { describe, expect, it } from '@jest/globals';
import type { PlacedEntry } from '../../infra/entries.ts';
import { entriesOf } from '../../infra/entries.ts';
import { parseConfig } from '../../infra/load-config.ts';
import type { IamStatement } from '../../shared/core/automation.ts';
import { fakeEntries } from './fake-entries.ts';
import { synthesise } from './synthesis.ts';

const withStatement = (statement: IamStatement): readonly PlacedEntry[] => [
  {
    automation: 'pod-cleanup',
    entry: {
      id: 'pod-cleanup',
      handler: 'handler',
      description: 'Asks for too much',
      trigger: { kind: 'manual' },
      statements: [statement],
      kubernetesRules: [],
      uses: [],
      memoryMb: 128,
      timeoutSeconds: 10,
    },
  },
];

describe('cdk-nag', () => {
  it('finds nothing in a stack with every kind of trigger', () => {
    expect(synthesise(fakeEntries).findings()).toEqual([]);
  });

  it.each<[string, IamStatement, string]>([
    [
      'an action that could name its resource and does not',
      { actions: ['eks:UpdateNodegroupConfig'], resources: ['*'] },
      'AwsSolutions-IAM5[Resource::*]',
    ],
    [
      'such an action beside one that cannot',
      { actions: ['ec2:DescribeInstances', 'ec2:TerminateInstances'], resources: ['*'] },
      'AwsSolutions-IAM5[Resource::*]',
    ],
    [
      'all actions of a service',
      { actions: ['eks:*'], resources: ['arn:aws:eks:eu-central-1:111122223333:cluster/staging'] },
      'AwsSolutions-IAM5[Action::eks:*]',
    ],
    [
      'every cluster of the account',
      { actions: ['eks:DescribeCluster'], resources: ['arn:aws:eks:eu-central-1:111122223333:cluster/*'] },
      'AwsSolutions-IAM5[Resource::arn:aws:eks:eu-central-1:111122223333:cluster/*]',
    ],
  ])('stops %s', (_, statement, finding) => {
    expect(synthesise(() => withStatement(statement)).findings()).toEqual([
      `${finding} at eks-caretaker/PodCleanup/Role/Resource`,
    ]);
  });

  it('finds nothing in the stack of a configuration with the options that ask for further rights', () => {
    const config = parseConfig(
      `
version: 1
mode: act
clusters: [{ name: staging }]
spotDrain: { lifecycleHooks: [drain-first], lifecycleHoldMinutes: 120 }
podCleanup: { deleteSucceededPods: true }
`,
      'caretaker.yaml',
    );
    expect(synthesise((scope) => entriesOf(config, scope)).findings()).toEqual([]);
  });

  it('lets a listing action that knows no resources pass', () => {
    const statement = { actions: ['ec2:DescribeInstances'], resources: ['*'] };
    expect(synthesise(() => withStatement(statement)).findings()).toEqual([]);
  });
});
