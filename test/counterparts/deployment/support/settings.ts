import { ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  ListAliasesCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Deployment } from '../../../../infra/local/deployment.ts';
import { LIVE_ALIAS } from '../../../../infra/names.ts';
import { ticksOf } from '../../../../infra/ticks.ts';
import type { EventPattern } from '../../../../shared/core/automation.ts';
import type { Aws } from './aws.ts';

/** What a function is deployed with, as far as the embedded account deploys it too. */
export interface FunctionSettings {
  readonly name: string;
  readonly handler: string;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Names of the variables that it is given, sorted. */
  readonly variables: readonly string[];
  readonly hasLiveAlias: boolean;
}

/** Properties of a function in the template that ministack's CloudFormation does not pass on. */
export const DROPPED = ['DurableConfig', 'DeadLetterConfig', 'ReservedConcurrentExecutions'] as const;

/** Those of them that a deployed function has. */
export const keptOf = async ({ lambda }: Aws, FunctionName: string): Promise<readonly string[]> => {
  const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const concurrency = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
  const all = { ...found, ReservedConcurrentExecutions: concurrency.ReservedConcurrentExecutions };
  return DROPPED.filter((name) => all[name] !== undefined);
};

export interface TickSettings {
  readonly functionName: string;
  readonly everyMinutes: number;
  /** Where the ticks have minutes of the hour: the first of them. */
  readonly firstMinute?: number;
  readonly input: unknown;
}

/** What fires the functions. */
export interface TriggerSettings {
  /** In the order of their text. */
  readonly ticks: readonly TickSettings[];
  readonly queue: {
    readonly functionName: string;
    readonly batchSize: number;
    readonly visibilitySeconds: number;
    readonly maxReceives: number;
    readonly partialFailures: boolean;
  };
  /** In the order of their text. */
  readonly patterns: readonly object[];
}

const OURS = 'CARETAKER_';
const byText = (left: object, right: object): number =>
  JSON.stringify(left).localeCompare(JSON.stringify(right));

const patternText = ({ source, detailType, detail }: EventPattern): object => ({
  source,
  'detail-type': detailType,
  ...(detail === undefined ? {} : { detail }),
});

/** Of the embedded account, which reads the manifests itself. */
export const embeddedFunctions = ({ entries }: Deployment): readonly FunctionSettings[] =>
  entries.map(({ definition }) => ({
    name: definition.name,
    handler: `index.${definition.handler}`,
    description: definition.description,
    memoryMb: definition.memoryMb,
    timeoutSeconds: definition.timeoutSeconds,
    variables: Object.keys(definition.environment)
      .filter((name) => name.startsWith(OURS))
      .sort(),
    hasLiveAlias: definition.durable !== undefined,
  }));

export const deployedFunction = async ({ lambda }: Aws, name: string): Promise<FunctionSettings> => {
  const FunctionName = name;
  const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const { Aliases = [] } = await lambda.send(new ListAliasesCommand({ FunctionName }));
  return {
    name,
    handler: found.Handler ?? '',
    description: found.Description ?? '',
    memoryMb: found.MemorySize ?? 0,
    timeoutSeconds: found.Timeout ?? 0,
    variables: Object.keys(found.Environment?.Variables ?? {}).sort(),
    hasLiveAlias: Aliases.some(({ Name }) => Name === LIVE_ALIAS),
  };
};

export const embeddedTriggers = ({ entries, intake }: Deployment): TriggerSettings => {
  if (intake === undefined) throw new Error('no entry is fed by the queue');
  const { batchSize, visibilitySeconds, maxReceives } = intake.trigger;
  return {
    ticks: entries
      .flatMap(({ entry: { trigger }, definition }) =>
        trigger.kind === 'tick'
          ? ticksOf(trigger).map(({ cluster, offsetMinutes, input }) => ({
              functionName: definition.name,
              everyMinutes: trigger.everyMinutes,
              ...(cluster === undefined ? {} : { firstMinute: offsetMinutes }),
              input,
            }))
          : [],
      )
      .sort(byText),
    queue: {
      functionName: entries.find(({ entry }) => entry.id === intake.entryId)?.definition.name ?? '',
      batchSize,
      visibilitySeconds,
      maxReceives,
      partialFailures: true,
    },
    patterns: entries
      .flatMap(({ entry: { trigger } }) => ('patterns' in trigger ? trigger.patterns : []))
      .map(patternText)
      .sort(byText),
  };
};

/** A schedule as EventBridge Scheduler answers it; UpdateSchedule wants all of it back. */
export interface Schedule {
  readonly Name: string;
  readonly GroupName: string;
  readonly ScheduleExpression: string;
  readonly FlexibleTimeWindow: object;
  readonly Target: { readonly Arn: string; readonly RoleArn: string; readonly Input: string };
}

export const schedulesOf = async ({ raw }: Aws, group: string): Promise<readonly Schedule[]> => {
  const ask = async (path: string) => {
    const { status, body } = await raw({ service: 'scheduler', method: 'GET', path });
    if (status !== 200) throw new Error(`Scheduler ${path}: ${status} ${body.toString('utf8')}`);
    return JSON.parse(body.toString('utf8')) as unknown;
  };
  const { Schedules } = (await ask(`/schedules?ScheduleGroup=${group}`)) as {
    Schedules: readonly { Name: string }[];
  };
  return Promise.all(
    Schedules.map(({ Name }) => ask(`/schedules/${Name}?groupName=${group}`) as Promise<Schedule>),
  );
};

/** `rate(5 minutes)`, or a list of minutes that are equally far from each other: `cron(0,15,30,45 * * * ? *)`. */
const rhythmOf = (expression: string): { everyMinutes: number; firstMinute?: number } => {
  const [, rate] = /^rate\((\d+) minutes?\)$/.exec(expression) ?? [];
  if (rate !== undefined) return { everyMinutes: Number(rate) };
  const [, list] = /^cron\(([\d,]+) \* \* \* \? \*\)$/.exec(expression) ?? [];
  const minutes = list?.split(',').map(Number) ?? [];
  const [first, second = (first ?? 0) + 60] = minutes;
  if (first === undefined) throw new Error(`a schedule of another kind: ${expression}`);
  const everyMinutes = second - first;
  if (
    minutes.some((minute, index) => minute !== first + index * everyMinutes) ||
    minutes.length * everyMinutes !== 60
  )
    throw new Error(`the minutes of ${expression} are not equally far from each other`);
  return { everyMinutes, firstMinute: first };
};

export const deployedTriggers = async (
  aws: Aws,
  place: { stackName: string; queueUrl: string },
): Promise<TriggerSettings> => {
  const { lambda, sqs, events } = aws;
  const schedules = await schedulesOf(aws, place.stackName);
  const { EventSourceMappings: [mapping] = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: place.queueUrl, AttributeNames: ['All'] }),
  );
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  const targeted = await Promise.all(
    Rules.map(async ({ Name, EventPattern }) => {
      const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
      return Targets.length === 1 ? [JSON.parse(EventPattern ?? '{}') as object] : [];
    }),
  );
  const redrive = JSON.parse(Attributes.RedrivePolicy ?? '{}') as { maxReceiveCount?: number | string };
  return {
    ticks: schedules
      .map(({ ScheduleExpression, Target }) => ({
        functionName: Target.Arn.split(':').at(-1) ?? '',
        ...rhythmOf(ScheduleExpression),
        input: JSON.parse(Target.Input) as unknown,
      }))
      .sort(byText),
    queue: {
      functionName: mapping?.FunctionArn?.split(':').at(-1) ?? '',
      batchSize: mapping?.BatchSize ?? 0,
      visibilitySeconds: Number(Attributes.VisibilityTimeout),
      maxReceives: Number(redrive.maxReceiveCount),
      partialFailures: mapping?.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
    },
    patterns: targeted.flat().sort(byText),
  };
};
