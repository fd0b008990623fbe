import { join } from 'node:path';
import { Annotations, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, FunctionProps } from 'aws-cdk-lib/aws-lambda';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Entry, IamStatement } from '../../shared/core/automation.ts';
import type { PlacedEntry } from '../entries.ts';
import { functionNameOf, LIVE_ALIAS } from '../names.ts';
import type { FunctionNetwork } from './network.ts';
import { interfacePolicy } from './network.ts';
import { acknowledgeWildcards } from './wildcards.ts';

const MINUTES_LAMBDA_KEEPS_AN_EVENT = 360;

const toPolicyStatement = ({ actions, resources, conditions }: IamStatement): PolicyStatement =>
  new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions: { ...conditions } }),
  });

/** One entry of a manifest as a Lambda function with a log group and a role of its own. */
export class EntryFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: IRole;

  constructor(
    scope: Construct,
    id: string,
    props: {
      placed: PlacedEntry;
      bundles: string;
      environment: Record<string, string>;
      failures: IQueue;
      network?: { readonly group: FunctionNetwork; readonly functionArn: string };
    },
  ) {
    super(scope, id);
    const { entry, automation } = props.placed;
    const functionName = functionNameOf(Stack.of(this).stackName, entry.id);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.createRole(entry, props.network?.functionArn);
    logGroup.grantWrite(role);
    this.role = role;
    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      description: entry.description,
      code: Code.fromAsset(join(props.bundles, automation)),
      handler: `index.${entry.handler}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: entry.memoryMb,
      timeout: Duration.seconds(entry.timeoutSeconds),
      ...(entry.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: entry.reservedConcurrency }),
      environment: props.environment,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      ...(entry.durable === undefined
        ? asyncSettings(entry, props.failures)
        : durableSettings(entry.durable, props.failures)),
    });
    // As CloudFormation has it: the CDK's own way adds AWS's managed policy, which denies the code nothing.
    props.network?.group.place(this.function.node.defaultChild as CfnFunction);
    // Runs are started on the alias, so that each keeps the version it began with.
    if (entry.durable !== undefined) {
      this.function.addAlias(LIVE_ALIAS);
      // It is durable from its first deployment on, so nothing is replaced.
      Annotations.of(this.function).acknowledgeInfo('aws-lambda:Function.DurableConfig');
    }
    acknowledgeWildcards(role, entry.statements);
    if (props.network !== undefined) this.acknowledgeInterfaces(role);
    this.acknowledgeTracing(role);
  }

  /** The manifest's statements are a policy of their own, word by word; what the CDK grants comes beside it. */
  private createRole(entry: Entry, functionArnInNetwork: string | undefined): Role {
    const role = new Role(this, 'Role', {
      description: `eks-caretaker: ${entry.id}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        ...(entry.statements.length === 0
          ? {}
          : {
              manifest: new PolicyDocument({
                statements: entry.statements.map(toPolicyStatement),
                minimize: false,
              }),
            }),
        ...(functionArnInNetwork === undefined ? {} : { network: interfacePolicy(functionArnInNetwork) }),
      },
    });
    return role;
  }

  private acknowledgeInterfaces(role: Role): void {
    Validations.of(role.node.findChild('Resource')).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        "Lambda's own rights for functions in a VPC, denied to the function's code; the manifest's `*` is of actions without resources.",
    });
  }

  private acknowledgeTracing(role: Role): void {
    const policy = role.node.findChild('DefaultPolicy');
    Validations.of(policy).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
    });
  }
}

/** What still fails after Lambda's two retries is kept with its event; a tick older than the next one is dropped. */
const asyncSettings = ({ trigger }: Entry, failures: IQueue): Partial<FunctionProps> =>
  trigger.kind === 'queue'
    ? {}
    : {
        onFailure: new SqsDestination(failures),
        retryAttempts: 2,
        maxEventAge: Duration.minutes(
          trigger.kind === 'tick'
            ? Math.min(trigger.everyMinutes, MINUTES_LAMBDA_KEEPS_AN_EVENT)
            : MINUTES_LAMBDA_KEEPS_AN_EVENT,
        ),
      };

/** An execution is not retried as a whole; a dead-letter queue keeps the event of one that failed for good. */
const durableSettings = (
  durable: NonNullable<Entry['durable']>,
  failures: IQueue,
): Partial<FunctionProps> => ({
  durableConfig: {
    executionTimeout: Duration.days(durable.executionTimeoutDays),
    retentionPeriod: Duration.days(durable.retentionDays),
  },
  currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
  deadLetterQueue: failures,
});
