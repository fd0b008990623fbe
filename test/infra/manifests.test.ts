import { beforeAll, describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import type { Config } from '../../functions/index.ts';
import { automations } from '../../functions/index.ts';
import { ACTIONS_WITHOUT_RESOURCES } from '../../infra/cdk/wildcards.ts';
import { exampleConfigFile } from '../../infra/cli/defaults.ts';
import { entriesOf, exampleScope } from '../../infra/entries.ts';
import { loadConfigFile } from '../../infra/load-config.ts';
import { constructIdOf } from '../../infra/names.ts';
import { minutesOf, ticksOf } from '../../infra/ticks.ts';
import type { Entry, IamStatement, Resource } from '../../shared/core/automation.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Synthesised } from './synthesis.ts';
import { grantedStatements, manifestStatements, synthesise } from './synthesis.ts';

const example = loadConfigFile(exampleConfigFile);
const inMode = (mode: Mode): Config => ({
  ...example,
  mode,
  clusters: example.clusters.map(({ name }) => ({ name })),
  spotDrain: { ...example.spotDrain, lifecycleHooks: ['drain-first'], deleteAtDeadline: true },
});
const acting = inMode('act');
const entriesIn = (mode: Mode): readonly Entry[] =>
  entriesOf(inMode(mode), exampleScope).map(({ entry }) => entry);
const entryTable = entriesIn('act').map((entry) => [entry.id, entry] as const);

let made: Synthesised;
beforeAll(() => {
  made = synthesise(
    (scope) => entriesOf(acting, scope),
    acting.clusters.map(({ name }) => name),
  );
});

/** What the CDK grants an entry beside its manifest: its log, its traces, where failures go. */
const GRANTED: ReadonlySet<string> = new Set([
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'sqs:SendMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
]);
const POLLED = ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'];

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
const actionsOf = (statements: readonly IamStatement[]): readonly string[] =>
  statements.flatMap(({ actions }) => actions);

describe('the entries of the manifests', () => {
  it('are nine functions, and every automation has one', () => {
    expect(entryTable.map(([id]) => id)).toEqual([
      'node-group-schedule',
      'ecr-rescan',
      'ecr-rescan-findings',
      'spot-drain',
      'spot-drain-worker',
      'cluster-upgrade-plan',
      'cluster-upgrade',
      'pod-cleanup',
      'pod-cleanup-verify',
    ]);
    expect(automations).toHaveLength(5);
    made.template.resourceCountIs('AWS::Lambda::Function', 9);
    made.template.resourceCountIs('AWS::IAM::Role', 10); // one each, and the Scheduler's
  });

  it('pass cdk-nag', () => {
    expect(made.findings()).toEqual([]);
  });

  it('have the outputs that the command line needs', () => {
    expect(Object.keys(made.template.findOutputs('*'))).toEqual(
      expect.arrayContaining([
        'TableName',
        'BucketName',
        'TopicArn',
        'QueueUrl',
        'WorkerArn',
        'UpgradeFunctionName',
        'UpgradePlanFunctionName',
        'ClusterUpgradePlanRoleArn',
      ]),
    );
  });
});

describe.each(entryTable)('%s', (id, entry) => {
  const path = constructIdOf(id);

  it('is deployed with the handler, memory and time of its manifest', () => {
    expect(made.one(`${path}Function`, 'AWS::Lambda::Function').Properties).toMatchObject({
      FunctionName: `eks-caretaker-${id}`,
      Handler: `index.${entry.handler}`,
      MemorySize: entry.memoryMb,
      Timeout: entry.timeoutSeconds,
      Runtime: 'nodejs24.x',
    });
  });

  it("has a role with exactly its manifest's statements", () => {
    const placed = made.placed.find((each) => each.entry.id === id);
    const expected = made.stack.resolve(placed?.entry.statements) as readonly IamStatement[];
    const found = manifestStatements(made, path).map(({ Action, Resource, Condition, Effect }) => ({
      Effect,
      actions: asList(Action),
      resources: asList(Resource),
      ...(Condition === undefined ? {} : { conditions: Condition }),
    }));
    expect(found).toEqual(expected.map((statement) => ({ Effect: 'Allow', ...statement })));
    expect(found.length).toBeGreaterThan(0);
  });

  it('is granted nothing else but its log, its traces and its queue', () => {
    const allowed = new Set([...GRANTED, ...(entry.trigger.kind === 'queue' ? POLLED : [])]);
    const granted = grantedStatements(made, path).flatMap(({ Action }) => asList(Action));
    expect(granted.length).toBeGreaterThan(0);
    expect(granted.filter((action) => !allowed.has(String(action)))).toEqual([]);
  });

  it('asks for no wildcard of actions, and for all resources only where IAM knows none', () => {
    expect(actionsOf(entry.statements).filter((action) => action.includes('*'))).toEqual([]);
    const everywhere = entry.statements.filter(({ resources }) => resources.includes('*'));
    expect(actionsOf(everywhere).filter((action) => !ACTIONS_WITHOUT_RESOURCES.has(action))).toEqual([]);
    expect(everywhere.filter(({ resources }) => resources.length > 1)).toEqual([]);
  });

  it('has its trigger', () => {
    const { trigger } = entry;
    const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp(`^${path}Function`), 'Arn'] };
    const target = Match.objectLike({ Arn: arn });
    switch (trigger.kind) {
      case 'tick':
        for (const { cluster, offsetMinutes, input } of ticksOf(trigger)) {
          made.template.hasResourceProperties('AWS::Scheduler::Schedule', {
            ScheduleExpression:
              cluster === undefined
                ? `rate(${trigger.everyMinutes} minutes)`
                : `cron(${minutesOf(trigger.everyMinutes, offsetMinutes).join(',')} * * * ? *)`,
            Target: Match.objectLike({ Arn: arn, Input: JSON.stringify(input) }),
          });
        }
        break;
      case 'events':
        made.template.hasResourceProperties('AWS::Events::Rule', { Targets: [target] });
        break;
      case 'queue':
        made.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
          BatchSize: trigger.batchSize,
        });
        expect(
          made.logicalIds('AWS::Events::Rule').filter((rule) => rule.startsWith(`${path}Events`)),
        ).toHaveLength(trigger.patterns.length);
        // AWS's advice for queues that feed functions: six times the function's time-out or more.
        expect(trigger.visibilitySeconds).toBeGreaterThanOrEqual(6 * entry.timeoutSeconds);
        break;
      case 'manual':
        expect(made.below(`${path}Events`, 'AWS::Events::Rule')).toEqual([]);
    }
  });

  it('has access entries in every cluster if, and only if, it has Kubernetes rules', () => {
    const groups = made
      .below('', 'AWS::EKS::AccessEntry')
      .map(({ Properties }) => [Properties.ClusterName, Properties.KubernetesGroups] as const)
      .filter(([, names]) => (names as readonly string[]).includes(`eks-caretaker:${id}`));
    expect(groups.map(([cluster]) => cluster)).toEqual(
      entry.kubernetesRules.length === 0 ? [] : acting.clusters.map(({ name }) => name),
    );
  });
});

describe('who may send to the queue', () => {
  const topic = 'arn:aws:sns:eu-central-1:111122223333:lifecycle';
  const role = 'arn:aws:iam::111122223333:role/asg-notifier';
  const allowed = (spotDrain: Partial<Config['spotDrain']>) => {
    const config = { ...acting, spotDrain: { ...acting.spotDrain, ...spotDrain } };
    const named = synthesise((scope) => entriesOf(config, scope), ['staging']);
    expect(named.findings()).toEqual([]);
    const { Statement } = named.one('IntakeQueuePolicy', 'AWS::SQS::QueuePolicy').Properties
      .PolicyDocument as {
      Statement: { Effect: string; Action: unknown; Principal: object; Condition?: object }[];
    };
    return Statement.filter(
      ({ Effect, Principal }) =>
        Effect === 'Allow' && !('Service' in Principal && Principal.Service === 'events.amazonaws.com'),
    );
  };

  it('is nobody but the rules', () => {
    expect(allowed({})).toEqual([]);
  });

  it('is a topic and a role that the configuration names', () => {
    expect(allowed({ autoScalingNotifications: { topics: [topic], roles: [role] } })).toMatchObject([
      {
        Action: 'sqs:SendMessage',
        Principal: { Service: 'sns.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': [topic] } },
      },
      { Action: 'sqs:SendMessage', Principal: { AWS: role } },
    ]);
  });

  it('is nobody else where no hook is to be completed', () => {
    expect(
      allowed({ autoScalingNotifications: { topics: [topic], roles: [role] }, lifecycleHooks: [] }),
    ).toEqual([]);
  });
});

describe('what an entry is given by name is what it has a right to', () => {
  const RIGHTS: readonly (readonly [Resource, string, string])[] = [
    ['table', 'dynamodb:', exampleScope.tableArn],
    ['topic', 'sns:Publish', exampleScope.topicArn],
    ['bucket', 's3:', exampleScope.bucketArn],
    ['queue', 'sqs:SendMessage', exampleScope.queueArn],
    ['worker', 'lambda:InvokeFunction', exampleScope.functionArn('spot-drain-worker')],
  ];
  const silent = (mode: Mode): readonly Entry[] =>
    entriesOf({ ...inMode(mode), notifications: { topic: false } }, exampleScope).map(({ entry }) => entry);

  it.each([
    ['act', entriesIn('act')],
    ['observe', entriesIn('observe')],
    ['act without notifications', silent('act')],
  ])('in mode %s', (_mode, entries) => {
    expect(entries.length).toBeGreaterThan(0);
    const used = entries.map(({ id, uses }) => [id, [...uses].sort()]);
    const allowed = entries.map(({ id, statements }) => [
      id,
      RIGHTS.filter(([, action, arn]) =>
        statements.some(
          ({ actions, resources }) =>
            actions.some((each) => each.startsWith(action)) && resources.some((each) => each.startsWith(arn)),
        ),
      )
        .map(([resource]) => resource)
        .sort(),
    ]);
    expect(used).toEqual(allowed);
  });

  it('nobody may publish where notifications are off', () => {
    expect(silent('act').filter(({ uses }) => uses.includes('topic'))).toEqual([]);
    expect(entriesIn('act').filter(({ uses }) => uses.includes('topic'))).not.toEqual([]);
  });

  it('a missing object is told from a missing right', () => {
    const readers = entriesIn('act').filter(({ statements }) =>
      actionsOf(statements).includes('s3:GetObject'),
    );
    expect(readers.length).toBeGreaterThan(0);
    for (const { statements } of readers) {
      expect(statements).toContainEqual({ actions: ['s3:ListBucket'], resources: [exampleScope.bucketArn] });
    }
  });
});

describe('least privilege', () => {
  it('pod-cleanup may look at a cluster and change nothing in EKS', () => {
    const cleanup = entriesIn('act').find(({ id }) => id === 'pod-cleanup');
    const actions = actionsOf(cleanup?.statements ?? []);
    expect(actions.filter((action) => action.startsWith('eks:'))).toEqual(['eks:DescribeCluster']);
    expect(actions.filter((action) => /^(autoscaling|ec2|ecr|lambda|iam):/.test(action))).toEqual([]);
  });

  it('a durable function may checkpoint its own executions and no others', () => {
    const durable = entriesIn('act').filter((entry) => entry.durable !== undefined);
    const found = durable.map(({ id, statements }) => ({
      id,
      resources: statements
        .filter(({ actions }) => actions.includes('lambda:CheckpointDurableExecution'))
        .map(({ actions, resources }) => ({ actions, resources })),
    }));
    expect(found).toEqual([
      {
        id: 'cluster-upgrade',
        resources: [
          {
            actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
            resources: [`${exampleScope.functionArn('cluster-upgrade')}:*`],
          },
        ],
      },
    ]);
  });

  it('the planning function reads only', () => {
    const plan = entriesIn('act').find(({ id }) => id === 'cluster-upgrade-plan');
    expect(
      actionsOf(plan?.statements ?? []).filter((action) => /^eks:(Update|Create|Delete|Tag)/.test(action)),
    ).toEqual([]);
    expect(
      plan?.kubernetesRules.flatMap(({ verbs }) => verbs).filter((verb) => !['get', 'list'].includes(verb)),
    ).toEqual([]);
  });

  const OWN = [exampleScope.tableArn, exampleScope.queueArn, exampleScope.topicArn, exampleScope.bucketArn];
  const isOwn = (resource: string) =>
    OWN.some((arn) => resource.startsWith(arn)) || resource.includes(':function:eks-caretaker-');
  const READS = /^[a-z0-9]+:(Describe|List|Get|BatchGet)/;
  /** A refresh of insights changes nothing in the cluster; a plan made of stale insights would be worth nothing. */
  const HARMLESS = new Set(['eks:StartInsightsRefresh']);

  it('in observe mode nothing but the own table, bucket, topic, queue and functions may be written', () => {
    const observing = entriesIn('observe');
    expect(observing.length).toBeGreaterThan(0);
    const writes = observing.flatMap(({ id, statements }) =>
      statements
        .filter(({ resources }) => !resources.every(isOwn))
        .flatMap(({ actions }) => actions.filter((action) => !READS.test(action) && !HARMLESS.has(action)))
        .map((action) => `${id}: ${action}`),
    );
    expect(writes).toEqual([]);
  });

  it('in observe mode no Kubernetes object may be changed', () => {
    const verbs = entriesIn('observe').flatMap(({ id, kubernetesRules }) =>
      kubernetesRules.flatMap((rule) => rule.verbs.map((verb) => `${id}: ${verb}`)),
    );
    expect(verbs.filter((verb) => !/: (get|list)$/.test(verb))).toEqual([]);
  });

  it('what is off gets no function, role or access entry', () => {
    expect(entriesIn('off')).toEqual([]);
  });

  it.each(automations.map(({ id, section }) => [id, section] as const))(
    '%s turned off by itself leaves the others as they are',
    (id, section) => {
      const others = entriesOf(acting, exampleScope).filter(({ automation }) => automation !== id);
      const part = acting[section as 'podCleanup'];
      const config: Config = { ...acting, [section]: { ...part, mode: 'off' } };
      expect(JSON.stringify(entriesOf(config, exampleScope))).toBe(JSON.stringify(others));
    },
  );
});

describe('the events of EC2', () => {
  it('hears of instances that go or come back, and is not woken by those that are only launched', () => {
    made.template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        detail: { state: ['running', 'stopping', 'stopped', 'shutting-down', 'terminated'] },
      },
    });
  });

  it('hears of what AWS Health plans for EC2, and of nothing else', () => {
    made.template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.health'],
        'detail-type': ['AWS Health Event'],
        detail: { service: ['EC2'], eventTypeCategory: ['scheduledChange'] },
      },
    });
  });
});
