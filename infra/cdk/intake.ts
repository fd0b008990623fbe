import { Duration, Validations } from 'aws-cdk-lib';
import { ArnPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Trigger } from '../../shared/core/automation.ts';

export type QueueTrigger = Extract<Trigger, { kind: 'queue' }>;

const secureQueue = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } as const;

/** A queue that only ever holds what failed: 14 days, so that a long weekend does not lose it. */
export const createDeadLetterQueue = (scope: Construct, id: string): Queue => {
  const queue = new Queue(scope, id, { ...secureQueue, retentionPeriod: Duration.days(14) });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason:
      'This is itself where functions, rules and schedules put what failed for good; an alarm watches it.',
  });
  return queue;
};

/** The product's one queue and its dead letters. */
export class Intake extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, trigger: QueueTrigger) {
    super(scope, id);
    this.deadLetters = createDeadLetterQueue(this, 'DeadLetters');
    this.queue = new Queue(this, 'Queue', {
      ...secureQueue,
      visibilityTimeout: Duration.seconds(trigger.visibilitySeconds),
      // A warning that is hours old is about a node that is gone; its verdict still belongs into the journal.
      retentionPeriod: Duration.hours(12),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: trigger.maxReceives },
    });
    this.allow(trigger.senders ?? { topics: [], roles: [] });
  }

  /** Besides the rules: topics by the ARN that SNS vouches for, and the roles that Auto Scaling takes on. */
  private allow({ topics, roles }: NonNullable<QueueTrigger['senders']>): void {
    const sendMessage = { actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] };
    if (topics.length > 0) {
      this.queue.addToResourcePolicy(
        new PolicyStatement({
          ...sendMessage,
          principals: [new ServicePrincipal('sns.amazonaws.com')],
          conditions: { ArnEquals: { 'aws:SourceArn': [...topics] } },
        }),
      );
    }
    if (roles.length > 0) {
      const principals = roles.map((role) => new ArnPrincipal(role));
      this.queue.addToResourcePolicy(new PolicyStatement({ ...sendMessage, principals }));
    }
  }
}

/** Lets Lambda poll the queue for a function: no batching window, because a spot warning has two minutes. */
export const feed = (queue: Queue, target: LambdaFunction, { batchSize }: QueueTrigger): void => {
  target.addEventSource(new SqsEventSource(queue, { batchSize, reportBatchItemFailures: true }));
};
