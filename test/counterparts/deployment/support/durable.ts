import type { Execution, Event as HistoryEvent } from '@aws-sdk/client-lambda';
import {
  CreateAliasCommand,
  DeleteFunctionCommand,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  GetFunctionConfigurationCommand,
  ListDurableExecutionsByFunctionCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { LIVE_ALIAS } from '../../../../infra/names.ts';
import type { InvocationResult } from '../../../../shared/core/verdict.ts';
import type { Aws } from './aws.ts';

/**
 * Creates a function once more as it was deployed, and durable. ministack's CloudFormation leaves DurableConfig out,
 * and its own API wants a member `Enabled` there, which no client knows.
 */
export const makeDurable = async (
  { lambda, raw }: Aws,
  options: {
    readonly functionName: string;
    readonly code: Buffer;
    readonly durable: { readonly executionTimeoutDays: number; readonly retentionDays: number };
  },
): Promise<void> => {
  const { functionName: FunctionName, code, durable } = options;
  const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  await lambda.send(new DeleteFunctionCommand({ FunctionName }));
  const { status, body } = await raw({
    service: 'lambda',
    method: 'POST',
    path: '/2015-03-31/functions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      FunctionName,
      Runtime: found.Runtime,
      Role: found.Role,
      Handler: found.Handler,
      Description: found.Description,
      Timeout: found.Timeout,
      MemorySize: found.MemorySize,
      Architectures: found.Architectures,
      Environment: { Variables: found.Environment?.Variables },
      LoggingConfig: found.LoggingConfig,
      TracingConfig: found.TracingConfig,
      Code: { ZipFile: code.toString('base64') },
      DurableConfig: {
        Enabled: true,
        ExecutionTimeout: durable.executionTimeoutDays * 86_400,
        RetentionPeriodInDays: durable.retentionDays,
      },
    }),
  });
  if (status !== 201)
    throw new Error(`${FunctionName} cannot be created again: ${status} ${body.toString('utf8')}`);
  const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: LIVE_ALIAS, FunctionVersion: Version }));
};

export type { HistoryEvent };

/** The one that the alias names after the function was created again. */
const VERSION = '1';

/** Every execution of that version. */
export const executionsOf = async ({ lambda }: Aws, FunctionName: string): Promise<readonly Execution[]> => {
  const { DurableExecutions = [] } = await lambda.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName, Qualifier: VERSION }),
  );
  return DurableExecutions;
};

/** What happened in an execution, in order. */
export const historyOf = async (
  { lambda }: Aws,
  DurableExecutionArn: string,
): Promise<readonly HistoryEvent[]> => {
  const { Events = [] } = await lambda.send(
    new GetDurableExecutionHistoryCommand({ DurableExecutionArn, MaxItems: 1000 }),
  );
  return Events;
};

/** The result of an execution that has succeeded. */
export const resultOf = async ({ lambda }: Aws, DurableExecutionArn: string): Promise<InvocationResult> => {
  const { Result } = await lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
  return JSON.parse(Result ?? 'null') as InvocationResult;
};
