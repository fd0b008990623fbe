import { flag, optionalInteger, optionalText, records, text, texts } from '../../../protocol/input.ts';
import { decodeJson } from '../../../protocol/json.ts';
import { page } from '../../../protocol/paging.ts';
import type { Route } from '../../../protocol/rest-json.ts';
import type { Input, OperationContext } from '../../../protocol/service.ts';
import { ServiceError } from '../../../protocol/service.ts';
import { ALIAS, VERSION } from '../../../runtime/function.ts';
import type { Functions } from '../functions.ts';
import { markerAfter } from './engine.ts';
import type { Execution } from './execution.ts';
import type { ErrorDetail } from './operations.ts';
import { invalidParameter, LARGEST_PAYLOAD_BYTES } from './operations.ts';

const MOST_OPERATIONS = 1_000;

/** The durable-execution API of Lambda, 2025-12-01. Its history is not kept and so not served. */
export const durableRoutes = (functions: Functions): readonly Route[] => {
  const { durable } = functions;
  const executionOf = (input: Input): Execution => durable.get(text(input, 'DurableExecutionArn'));
  const base = '/2025-12-01/durable-executions/{DurableExecutionArn}';
  const callbacks = '/2025-12-01/durable-execution-callbacks/{CallbackId}';

  const checkpoint = (input: Input) => {
    const { token, operations } = executionOf(input).checkpoint(
      text(input, 'CheckpointToken'),
      records(input, 'Updates'),
      optionalText(input, 'ClientToken'),
    );
    return { CheckpointToken: token, NewExecutionState: { Operations: operations } };
  };

  const state = (input: Input) => {
    const execution = executionOf(input);
    execution.checkToken(text(input, 'CheckpointToken'));
    const from = Number(optionalText(input, 'Marker') ?? 0);
    const until = from + Math.min(optionalInteger(input, 'MaxItems') || MOST_OPERATIONS, MOST_OPERATIONS);
    const next = markerAfter(execution.operations, until);
    return {
      Operations: execution.operations.slice(from, until),
      ...(next === undefined ? {} : { NextMarker: next }),
    };
  };

  const list = (input: Input) => {
    const { definition } = functions.resolve(text(input, 'FunctionName'), optionalText(input, 'Qualifier'));
    const statuses = texts(input, 'Statuses');
    const name = optionalText(input, 'DurableExecutionName');
    const found = durable.executions
      .filter(({ entryId }) => entryId === definition.entryId)
      .filter((execution) => statuses.length === 0 || statuses.includes(execution.status))
      .filter((execution) => name === undefined || execution.name === name);
    const { items, nextToken } = page(flag(input, 'ReverseOrder') ? found.toReversed() : found, {
      token: optionalText(input, 'Marker'),
      limit: optionalInteger(input, 'MaxItems') || undefined,
      most: 100,
    });
    return {
      DurableExecutions: items.map((execution) => summary(execution, `${definition.arn}:${ALIAS}`)),
      ...(nextToken === undefined ? {} : { NextMarker: nextToken }),
    };
  };

  const stop = (input: Input, { request }: OperationContext) => {
    const execution = executionOf(input);
    execution.finish({ status: 'STOPPED', error: errorIn(request.body) });
    return { StopTimestamp: new Date(execution.endedAt ?? 0) };
  };

  const answer = (input: Input, outcome: { result?: string; error?: ErrorDetail }) => {
    const { execution, operationId } = durable.callback(text(input, 'CallbackId'));
    if (!execution.answerCallback(operationId, outcome)) throw closedCallback();
    return {};
  };

  const succeed = (input: Input, { request }: OperationContext) => {
    if (request.body.length > LARGEST_PAYLOAD_BYTES)
      throw invalidParameter(
        `Callback result size must be less than or equal to ${LARGEST_PAYLOAD_BYTES} bytes.`,
      );
    return answer(input, request.body.length === 0 ? {} : { result: request.body.toString('utf8') });
  };

  const heartbeat = (input: Input) => {
    const { execution, operationId } = durable.callback(text(input, 'CallbackId'));
    if (!execution.heartbeat(operationId)) throw closedCallback();
    return {};
  };

  return [
    { operation: 'CheckpointDurableExecution', method: 'POST', path: `${base}/checkpoint`, run: checkpoint },
    { operation: 'GetDurableExecutionState', method: 'GET', path: `${base}/state`, run: state },
    {
      operation: 'GetDurableExecution',
      method: 'GET',
      path: base,
      run: (input) => describe(executionOf(input), input),
    },
    {
      operation: 'ListDurableExecutionsByFunction',
      method: 'GET',
      path: '/2025-12-01/functions/{FunctionName}/durable-executions',
      lists: ['Statuses'],
      run: list,
    },
    { operation: 'StopDurableExecution', method: 'POST', path: `${base}/stop`, rawBody: true, run: stop },
    {
      operation: 'SendDurableExecutionCallbackSuccess',
      method: 'POST',
      path: `${callbacks}/succeed`,
      rawBody: true,
      run: succeed,
    },
    {
      operation: 'SendDurableExecutionCallbackFailure',
      method: 'POST',
      path: `${callbacks}/fail`,
      rawBody: true,
      run: (input, { request }) => answer(input, { error: errorIn(request.body) }),
    },
    {
      operation: 'SendDurableExecutionCallbackHeartbeat',
      method: 'POST',
      path: `${callbacks}/heartbeat`,
      run: heartbeat,
    },
  ];
};

const closedCallback = () =>
  new ServiceError(
    'CallbackTimeoutException',
    'The callback has either expired or been answered already.',
    400,
    { Type: 'User' },
  );

const errorIn = (body: Buffer): ErrorDetail => decodeJson(body) as ErrorDetail;

const summary = (execution: Execution, functionArn: string) => ({
  DurableExecutionArn: execution.arn,
  DurableExecutionName: execution.name,
  FunctionArn: functionArn,
  Status: execution.status,
  StartTimestamp: new Date(execution.startedAt),
  ...(execution.endedAt === undefined ? {} : { EndTimestamp: new Date(execution.endedAt) }),
});

const describe = (execution: Execution, input: Input) => {
  const functionArn = execution.arn.split('/')[0] ?? '';
  const included = optionalText(input, 'IncludeExecutionData') !== 'false';
  const { result, error } = execution.end ?? {};
  return {
    ...summary(execution, functionArn),
    Version: VERSION,
    ExecutionDataIncluded: included,
    ...(included ? { InputPayload: execution.input } : {}),
    ...(included && result !== undefined ? { Result: result } : {}),
    ...(error === undefined ? {} : { Error: error }),
  };
};
