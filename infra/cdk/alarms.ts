import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

const PERIOD = Duration.minutes(5);

/** Two kinds of alarm, both to the topic: something lies in a dead-letter queue, or a function keeps failing. */
export class Alarms extends Construct {
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, topic: ITopic) {
    super(scope, id);
    this.action = new SnsAction(topic);
  }

  notEmpty(id: string, queue: IQueue, description: string): void {
    const metric = queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' });
    this.add(id, { metric, description, evaluationPeriods: 1, datapointsToAlarm: 1 });
  }

  /** Two failing periods of three: one failed tick is tried again and heals by itself. */
  failing(id: string, target: LambdaFunction, entryId: string): void {
    this.add(id, {
      metric: target.metricErrors({ period: PERIOD }),
      description: `${entryId} keeps failing: its log and the journal say why`,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
    });
  }

  private add(
    id: string,
    props: { metric: IMetric; description: string; evaluationPeriods: number; datapointsToAlarm: number },
  ): void {
    new Alarm(this, id, {
      metric: props.metric,
      alarmDescription: props.description,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: props.evaluationPeriods,
      datapointsToAlarm: props.datapointsToAlarm,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(this.action);
  }
}
