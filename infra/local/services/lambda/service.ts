import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { optionalInteger, optionalText, text } from '../../protocol/input.ts';
import { page } from '../../protocol/paging.ts';
import { RawReply } from '../../protocol/perform.ts';
import type { Route } from '../../protocol/rest-json.ts';
import { restJson } from '../../protocol/rest-json.ts';
import type { Input, OperationContext, Service } from '../../protocol/service.ts';
import { ServiceError } from '../../protocol/service.ts';
import type { FunctionDefinition } from '../../runtime/function.ts';
import { ALIAS, VERSION } from '../../runtime/function.ts';
import type { Outcome } from '../../runtime/function-process.ts';
import { durableRoutes } from './durable/routes.ts';
import type { Functions, Target } from './functions.ts';

const LARGEST_SYNC_BYTES = 6_291_456;
const LARGEST_ASYNC_BYTES = 1_048_576;
const LOG_TAIL_BYTES = 4_096;

/** Lambda: invocations, reads of functions, and the durable-execution API. */
export const lambdaService = (options: {
  functions: Functions;
  definitions: readonly FunctionDefinition[];
  /** Moves a held clock until the work is done. */
  whileWaiting<T>(work: Promise<T>): Promise<T>;
  /** Epoch ms of the deployment. */
  deployedAt: number;
}): Service => {
  const { functions, definitions } = options;
  const targetOf = (input: Input): Target =>
    functions.resolve(text(input, 'FunctionName'), optionalText(input, 'Qualifier'));

  const invoke = async (input: Input, { request }: OperationContext): Promise<object> => {
    const target = targetOf(input);
    const payload = request.body.length === 0 ? '{}' : request.body.toString('utf8');
    const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    checkPayload(payload, type === 'Event' ? LARGEST_ASYNC_BYTES : LARGEST_SYNC_BYTES);
    const executionName = request.headers['x-amz-durable-execution-name'];
    if (type === 'DryRun') return reply(204, '', {});
    if (type === 'Event') {
      const { executionArn } = functions.invokeAsync(
        target,
        payload,
        executionName === undefined ? {} : { executionName },
      );
      return reply(202, '', durableHeader(executionArn));
    }
    if (type !== 'RequestResponse') throw invalid(`Unknown InvocationType ${type}`);
    const outcome = await options.whileWaiting(functions.invoke(target, payload, executionName));
    return reply(200, outcome.payload, {
      'x-amz-executed-version': target.definition.durable === undefined ? '$LATEST' : VERSION,
      ...(outcome.ok ? {} : { 'x-amz-function-error': 'Unhandled' }),
      ...durableHeader(outcome.executionArn),
      ...(request.headers['x-amz-log-type'] === 'Tail' ? { 'x-amz-log-result': tail(outcome) } : {}),
    });
  };

  const configuration = ({ definition, qualifier }: Target) =>
    configurationOf(definition, qualifier, options.deployedAt);

  const listFunctions = (input: Input) => {
    const { items, nextToken } = page(definitions, {
      token: optionalText(input, 'Marker'),
      limit: optionalInteger(input, 'MaxItems'),
      most: 50,
    });
    return {
      Functions: items.map((definition) => configuration({ definition, qualifier: undefined })),
      ...(nextToken === undefined ? {} : { NextMarker: nextToken }),
    };
  };

  const getAlias = (input: Input) => {
    const { definition } = functions.resolve(text(input, 'FunctionName'), text(input, 'Name'));
    return { AliasArn: `${definition.arn}:${ALIAS}`, Name: ALIAS, FunctionVersion: VERSION, Description: '' };
  };

  const getFunction = (input: Input) => {
    const target = targetOf(input);
    const { reservedConcurrency } = target.definition;
    return {
      Configuration: configuration(target),
      ...(reservedConcurrency === undefined
        ? {}
        : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
    };
  };

  const base = '/2015-03-31/functions';
  const routes: readonly Route[] = [
    {
      operation: 'Invoke',
      method: 'POST',
      path: `${base}/{FunctionName}/invocations`,
      rawBody: true,
      run: invoke,
    },
    { operation: 'ListFunctions', method: 'GET', path: base, run: listFunctions },
    { operation: 'ListFunctions', method: 'GET', path: `${base}/`, run: listFunctions },
    { operation: 'GetFunction', method: 'GET', path: `${base}/{FunctionName}`, run: getFunction },
    {
      operation: 'GetFunctionConfiguration',
      method: 'GET',
      path: `${base}/{FunctionName}/configuration`,
      run: (input) => configuration(targetOf(input)),
    },
    { operation: 'GetAlias', method: 'GET', path: `${base}/{FunctionName}/aliases/{Name}`, run: getAlias },
    ...durableRoutes(functions),
  ];
  return restJson('lambda', routes, { invalidCode: 'InvalidParameterValueException' });
};

const invalid = (message: string) =>
  new ServiceError('InvalidParameterValueException', message, 400, { Type: 'User' });

const checkPayload = (payload: string, mostBytes: number): void => {
  const bytes = Buffer.byteLength(payload);
  if (bytes > mostBytes)
    throw new ServiceError(
      'RequestTooLargeException',
      `${bytes} byte payload is too large for the RequestResponse or Event invocation type (limit ${mostBytes} bytes)`,
      413,
      { Type: 'User' },
    );
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new ServiceError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${String(error)}`,
      400,
      {
        Type: 'User',
      },
    );
  }
};

/** `output` repeats what the headers and the body say, in the members of Lambda's model. */
const reply = (StatusCode: number, body: string, headers: Readonly<Record<string, string>>): RawReply =>
  new RawReply(
    { status: StatusCode, headers: { 'content-type': 'application/json', ...headers }, body },
    {
      StatusCode,
      ...(headers['x-amz-function-error'] === undefined
        ? {}
        : { FunctionError: headers['x-amz-function-error'] }),
      ...(headers['x-amz-executed-version'] === undefined
        ? {}
        : { ExecutedVersion: headers['x-amz-executed-version'] }),
      ...(headers['x-amz-log-result'] === undefined ? {} : { LogResult: headers['x-amz-log-result'] }),
      ...(headers['x-amz-durable-execution-arn'] === undefined
        ? {}
        : { DurableExecutionArn: headers['x-amz-durable-execution-arn'] }),
      ...(body === '' ? {} : { Payload: body }),
    },
  );

const durableHeader = (arn: string | undefined): Record<string, string> =>
  arn === undefined ? {} : { 'x-amz-durable-execution-arn': arn };

const tail = ({ logs }: Outcome): string =>
  Buffer.from(logs.join('\n')).subarray(-LOG_TAIL_BYTES).toString('base64');

const configurationOf = (
  definition: FunctionDefinition,
  qualifier: string | undefined,
  deployedAt: number,
) => {
  const code = readFileSync(definition.file);
  return {
    FunctionName: definition.name,
    FunctionArn: qualifier === undefined ? definition.arn : `${definition.arn}:${qualifier}`,
    Runtime: 'nodejs24.x',
    Handler: `index.${definition.handler}`,
    CodeSize: code.length,
    CodeSha256: createHash('sha256').update(code).digest('base64'),
    Description: definition.description,
    Timeout: definition.timeoutSeconds,
    MemorySize: definition.memoryMb,
    LastModified: new Date(deployedAt).toISOString().replace('Z', '+0000'),
    Version: qualifier === VERSION || qualifier === ALIAS ? VERSION : '$LATEST',
    Architectures: ['arm64'],
    PackageType: 'Zip',
    State: 'Active',
    LastUpdateStatus: 'Successful',
    ...(definition.durable === undefined
      ? {}
      : {
          DurableConfig: {
            RetentionPeriodInDays: definition.durable.retentionDays,
            ExecutionTimeout: definition.durable.executionTimeoutDays * 86_400,
          },
        }),
  };
};
