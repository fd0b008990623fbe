import { Duration } from 'aws-cdk-lib';
import type { IRuleTarget } from 'aws-cdk-lib/aws-events';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EventPattern } from '../../shared/core/automation.ts';

/** Rules on the default bus, one a pattern, all to one target. */
export class EventRules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { patterns: readonly EventPattern[]; target: IRuleTarget; description: string },
  ) {
    super(scope, id);
    props.patterns.forEach(({ source, detailType, detail }, index) => {
      new Rule(this, `Rule${index + 1}`, {
        description: props.description,
        eventPattern: {
          source: [...source],
          detailType: [...detailType],
          ...(detail === undefined ? {} : { detail: { ...detail } }),
        },
        targets: [props.target],
      });
    });
  }
}

/** The queue's policy names each rule's ARN: no other rule, and nobody else, may send. */
export const toQueue = (queue: IQueue, failures: IQueue): IRuleTarget =>
  new SqsQueue(queue, { deadLetterQueue: failures, maxEventAge: Duration.hours(1), retryAttempts: 10 });

export const toFunction = (target: IFunction, failures: IQueue): IRuleTarget =>
  new FunctionTarget(target, {
    deadLetterQueue: failures,
    maxEventAge: Duration.hours(6),
    retryAttempts: 10,
  });
