import { beforeAll, describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { fakeEntries } from './fake-entries.ts';
import type { Synthesised } from './synthesis.ts';
import { synthesise } from './synthesis.ts';

let made: Synthesised;

beforeAll(() => {
  made = synthesise(fakeEntries, ['staging', 'production']);
});

describe('what the product remembers', () => {
  it('is one table on demand that cannot be lost by accident', () => {
    made.template.resourceCountIs('AWS::DynamoDB::Table', 1);
    made.template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    });
  });

  it('is one private, encrypted bucket whose old versions go away', () => {
    made.template.resourceCountIs('AWS::S3::Bucket', 1);
    made.template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketEncryption: Match.anyValue(),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' }),
          ],
        },
      },
    });
    made.template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });
});

describe('the queue', () => {
  it('redrives to a dead-letter queue and hides a message as long as its trigger says', () => {
    made.template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 60,
      SqsManagedSseEnabled: true,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('IntakeDeadLetters'), 'Arn'] },
        maxReceiveCount: 5,
      },
    });
  });

  it('is encrypted, and its dead letters are kept for 14 days', () => {
    made.template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    made.template.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 1_209_600 });
  });

  it('takes messages from EventBridge by the ARNs of its own rules, and from nobody else', () => {
    const { Statement } = made.one('IntakeQueuePolicy', 'AWS::SQS::QueuePolicy').Properties
      .PolicyDocument as {
      Statement: { Effect: string; Principal: unknown; Condition: unknown }[];
    };
    const rules = made.logicalIds('AWS::Events::Rule').filter((id) => id.startsWith('SpotDrainEvents'));
    expect(rules).toHaveLength(2);
    expect(
      Statement.filter(({ Effect }) => Effect === 'Allow').map(({ Principal, Condition }) => ({
        Principal,
        Condition,
      })),
    ).toEqual(
      rules.map((rule) => ({
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
      })),
    );
    expect(Statement.filter(({ Effect }) => Effect === 'Deny').map(({ Condition }) => Condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
    ]);
  });

  it('reaches its function in batches that may fail in part', () => {
    made.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      FunctionName: { Ref: Match.stringLikeRegexp('^SpotDrainFunction') },
    });
  });
});

describe('triggers', () => {
  it.each([
    ['aws.ec2', 'EC2 Spot Instance Interruption Warning', '^IntakeQueue'],
    ['aws.autoscaling', 'EC2 Instance-terminate Lifecycle Action', '^IntakeQueue'],
    ['aws.ecr', 'ECR Image Scan', '^EcrRescanFindingsFunction'],
  ])('%s "%s" goes to its target, and to the failure queue when that fails', (source, detailType, target) => {
    made.template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: [source], 'detail-type': [detailType] },
      State: 'ENABLED',
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp(target), 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Failures'), 'Arn'] } },
        }),
      ],
    });
  });

  it('ticks by a schedule of the rate, input and group that the manifest gives, and drops stale ticks', () => {
    made.template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(15 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      GroupName: 'eks-caretaker',
      State: 'ENABLED',
      Target: Match.objectLike({
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^PodCleanupFunction'), 'Arn'] },
        Input: '{"trigger":"tick"}',
        RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 3 },
        DeadLetterConfig: Match.anyValue(),
      }),
    });
  });

  it("lets nobody but this account's schedules of this group use the schedules' role", () => {
    expect(made.one('SchedulesRole', 'AWS::IAM::Role').Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: {
              'aws:SourceAccount': { Ref: 'AWS::AccountId' },
              'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/^SchedulesGroup/), 'Arn'] },
            },
          },
        },
      ],
    });
  });
});

describe('functions', () => {
  it('run on Node 24 and arm64, traced, with a log group that keeps three months', () => {
    made.template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
    });
    made.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
    made.template.resourceCountIs('AWS::Logs::LogGroup', 5);
  });

  it('see the resources that they use and nothing else', () => {
    const variablesOf = (path: string) => {
      const { Variables } = made.one(`${path}Function`, 'AWS::Lambda::Function').Properties.Environment as {
        Variables: Record<string, unknown>;
      };
      return Object.keys(Variables);
    };
    expect(variablesOf('PodCleanup')).toEqual(['CARETAKER_TABLE', 'CARETAKER_TOPIC_ARN']);
    expect(variablesOf('EcrRescanFindings')).toEqual([
      'CARETAKER_TABLE',
      'CARETAKER_TOPIC_ARN',
      'CARETAKER_BUCKET',
    ]);
    expect(variablesOf('SpotDrain')).toEqual(['CARETAKER_QUEUE_URL', 'CARETAKER_WORKER']);
  });

  it('reserve concurrency where the manifest says so', () => {
    const reserved = made
      .below('', 'AWS::Lambda::Function')
      .filter((each) => 'ReservedConcurrentExecutions' in each.Properties)
      .map(({ Properties }) => [Properties.FunctionName, Properties.ReservedConcurrentExecutions]);
    expect(reserved).toEqual([['eks-caretaker-spot-drain-worker', 5]]);
  });

  it.each(['PodCleanup', 'EcrRescanFindings', 'SpotDrainWorker'])(
    '%s: an event that fails for good is kept',
    (path) => {
      made.template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
        FunctionName: { Ref: Match.stringLikeRegexp(`^${path}Function`) },
        MaximumRetryAttempts: 2,
        DestinationConfig: {
          OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Failures'), 'Arn'] } },
        },
      });
    },
  );
});

describe('the durable function', () => {
  it('is durable, with a dead-letter queue, and is started on the alias live', () => {
    made.template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'eks-caretaker-cluster-upgrade',
      DurableConfig: { ExecutionTimeout: 30 * 86_400, RetentionPeriodInDays: 14 },
      DeadLetterConfig: { TargetArn: Match.anyValue() },
    });
    made.template.hasResourceProperties('AWS::Lambda::Alias', {
      Name: 'live',
      FunctionName: { Ref: Match.stringLikeRegexp('^ClusterUpgradeFunction') },
    });
    made.template.resourceCountIs('AWS::Lambda::Alias', 1);
  });

  it('keeps its versions, because a running execution needs its own', () => {
    made.template.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'Retain' });
  });
});

describe('access to clusters', () => {
  it('is one access entry for every cluster and entry with Kubernetes rules, into its own group alone', () => {
    const entries = made.below('', 'AWS::EKS::AccessEntry').map(({ Properties }) => Properties);
    expect(entries.map(({ ClusterName, KubernetesGroups }) => [ClusterName, KubernetesGroups])).toEqual([
      ['staging', ['eks-caretaker:pod-cleanup']],
      ['production', ['eks-caretaker:pod-cleanup']],
      ['staging', ['eks-caretaker:spot-drain-worker']],
      ['production', ['eks-caretaker:spot-drain-worker']],
    ]);
    expect(entries.some((each) => 'AccessPolicies' in each)).toBe(false);
  });
});

describe('the topic and its alarms', () => {
  it('refuses plain HTTP and takes alarms of this account', () => {
    made.template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ],
      },
    });
  });

  it('warns of every function that keeps failing and of both queues of failures', () => {
    const alarms = made.below('', 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
    expect(alarms.filter(({ MetricName }) => MetricName === 'Errors')).toHaveLength(5);
    expect(
      alarms.filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible'),
    ).toHaveLength(2);
    const topic = made.logicalIds('AWS::SNS::Topic')[0];
    expect(alarms.map(({ AlarmActions }) => AlarmActions)).toEqual(alarms.map(() => [{ Ref: topic }]));
  });
});

describe('outputs', () => {
  it('say what the command line has to know', () => {
    expect(Object.keys(made.template.findOutputs('*')).toSorted()).toEqual(
      [
        'TableName',
        'BucketName',
        'TopicArn',
        'QueueUrl',
        'DeadLetterQueueUrl',
        'FailureQueueUrl',
        'WorkerArn',
        'UpgradeFunctionName',
        'ClusterUpgradeRoleArn',
        'EcrRescanFindingsRoleArn',
        'PodCleanupRoleArn',
        'SpotDrainRoleArn',
        'SpotDrainWorkerRoleArn',
      ].toSorted(),
    );
  });

  it('leave out what the configuration turned off', () => {
    const empty = synthesise(() => []);
    expect(Object.keys(empty.template.findOutputs('*')).toSorted()).toEqual([
      'BucketName',
      'FailureQueueUrl',
      'TableName',
      'TopicArn',
    ]);
    empty.template.resourceCountIs('AWS::Lambda::Function', 0);
    empty.template.resourceCountIs('AWS::Scheduler::Schedule', 0);
    expect(empty.findings()).toEqual([]);
  });
});
