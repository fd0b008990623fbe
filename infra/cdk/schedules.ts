import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleGroup, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TickPlan, TickTrigger } from '../ticks.ts';
import { minutesOf, ticksOf } from '../ticks.ts';

/** `rate` counts from the deployment; ticks that are spread over the clusters have their minutes of the hour. */
const expressionOf = ({ everyMinutes }: TickTrigger, { cluster, offsetMinutes }: TickPlan) =>
  cluster === undefined
    ? ScheduleExpression.rate(Duration.minutes(everyMinutes))
    : ScheduleExpression.cron({ minute: minutesOf(everyMinutes, offsetMinutes).join(',') });

/** EventBridge Scheduler's ticks: one group, and one role that only schedules of this group may use. */
export class Schedules extends Construct {
  private readonly group: ScheduleGroup;
  private readonly role: Role;
  private readonly failures: IQueue;

  constructor(scope: Construct, id: string, failures: IQueue) {
    super(scope, id);
    this.failures = failures;
    const { account, stackName } = Stack.of(this);
    this.group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: stackName,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: 'Lets the schedules of eks-caretaker invoke its functions',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': this.group.scheduleGroupArn },
        },
      }),
    });
  }

  /** A tick that could not be delivered before the next one is due is worth nothing: ticks are level-triggered. */
  add(id: string, target: LambdaFunction, trigger: TickTrigger): void {
    for (const plan of ticksOf(trigger)) {
      const { cluster } = plan;
      new Schedule(this, cluster === undefined ? id : `${id}-${cluster}`, {
        description: `Ticks ${id}${cluster === undefined ? '' : ` for ${cluster}`} every ${trigger.everyMinutes} minutes`,
        scheduleGroup: this.group,
        schedule: expressionOf(trigger, plan),
        target: new LambdaInvoke(target, {
          role: this.role,
          input: ScheduleTargetInput.fromObject(plan.input),
          deadLetterQueue: this.failures,
          maxEventAge: Duration.minutes(trigger.everyMinutes),
          retryAttempts: 3,
        }),
      });
    }
    const functionId = Stack.of(this).getLogicalId(target.node.defaultChild as never);
    Validations.of(this.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${functionId}.Arn>:*]`,
      reason:
        "Versions and aliases of the one function that this schedule invokes; the CDK's grant covers both.",
    });
  }
}
