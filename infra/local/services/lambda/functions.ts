import { randomUUID } from 'node:crypto';
import type { WorldClock } from '../../clock.ts';
import { ServiceError } from '../../protocol/service.ts';
import type { FunctionDefinition } from '../../runtime/function.ts';
import { ALIAS, VERSION } from '../../runtime/function.ts';
import type { FunctionPool } from '../../runtime/function-pool.ts';
import type { Outcome } from '../../runtime/function-process.ts';
import type { Queue } from '../sqs/queue.ts';
import type { DurableEngine } from './durable/engine.ts';
import { createDurableEngine } from './durable/engine.ts';
import type { ExecutionEnd } from './durable/execution.ts';
import { invalidParameter } from './durable/operations.ts';

/** A function and the version or alias that a caller named. */
export interface Target {
  readonly definition: FunctionDefinition;
  readonly qualifier: string | undefined;
}

/** The functions of the account, durable ones and others, as callers see them. */
export interface Functions {
  readonly durable: DurableEngine;
  /** Asynchronous invocations that are queued, running or waiting for their next attempt. */
  readonly pendingAsync: number;
  /** A name, ARN or part of one, with or without a qualifier. Throws ResourceNotFoundException. */
  resolve(name: string, qualifier?: string): Target;
  /** Answers when the function has. `payload` is JSON. */
  invoke(
    target: Target,
    payload: string,
    executionName?: string,
  ): Promise<Outcome & { executionArn?: string }>;
  /** Answers at once; runs up to three times while the function fails. */
  invokeAsync(target: Target, payload: string, options?: AsyncOptions): { executionArn?: string };
}

export interface AsyncOptions {
  readonly executionName?: string;
  /** An event older than this is given up. Default six hours. */
  readonly maxAgeSeconds?: number;
}

/** Waits before the second and the third attempt. Source: Lambda developer guide, asynchronous invocation. */
const RETRY_AFTER_SECONDS = [60, 120] as const;
const SIX_HOURS_SECONDS = 21_600;

export const createFunctions = (options: {
  clock: WorldClock;
  pool: FunctionPool;
  /** Where what failed for good is put, as the stack's destination does. */
  failures: Queue;
}): Functions => {
  const { clock, pool, failures } = options;
  let pendingAsync = 0;

  const resolve: Functions['resolve'] = (name, given) => {
    const unprefixed = name.replace(/^(arn:[^:]+:lambda:[^:]+:)?(\d{12}:)?(function:)?/, '');
    const [functionName, named] = unprefixed.split(':');
    const qualifier = given ?? named;
    const definition = [...pool.definitions.values()].find((candidate) => candidate.name === functionName);
    const known = definition?.durable === undefined ? ['$LATEST'] : ['$LATEST', VERSION, ALIAS];
    if (definition === undefined || (qualifier !== undefined && !known.includes(qualifier)))
      throw new ServiceError('ResourceNotFoundException', `Function not found: ${name}`, 404, {
        Type: 'User',
      });
    return { definition, qualifier };
  };

  const requireQualifier = ({ definition, qualifier }: Target) => {
    if (definition.durable !== undefined && qualifier === undefined)
      throw invalidParameter('You cannot invoke a durable function using an unqualified ARN.');
  };

  const runToEnd = async (target: Target, payload: string, executionName?: string) => {
    const execution = durable.start(target.definition, payload, executionName);
    const end = await durable.ended(execution);
    return { ...outcomeOf(end), executionArn: execution.arn };
  };

  const invoke: Functions['invoke'] = async (target, payload, executionName) => {
    requireQualifier(target);
    if (target.definition.durable !== undefined) return runToEnd(target, payload, executionName);
    return pool.invoke(target.definition.entryId, JSON.parse(payload));
  };

  const durable = createDurableEngine({
    clock,
    pool,
    invoke: async (functionName, payload) => {
      const outcome = await invoke(resolve(functionName), payload);
      return outcome.ok
        ? { result: outcome.payload }
        : {
            error: {
              ErrorType: outcome.error?.errorType ?? 'Error',
              ErrorMessage: outcome.error?.errorMessage ?? '',
            },
          };
    },
  });

  const attempt = async (event: AsyncEvent): Promise<void> => {
    const outcome = await pool.invoke(event.definition.entryId, JSON.parse(event.payload), {
      requestId: event.requestId,
    });
    const wait = RETRY_AFTER_SECONDS[event.attempts];
    const ageSeconds = (clock.now() - event.sentAt) / 1000;
    event.attempts++;
    if (outcome.ok) pendingAsync--;
    else if (wait === undefined) giveUp(event, outcome, 'RetriesExhausted');
    else if (ageSeconds + wait > event.maxAgeSeconds) giveUp(event, outcome, 'EventAgeExceeded');
    else clock.schedule(clock.now() + wait * 1000, () => void attempt(event));
  };

  const giveUp = (event: AsyncEvent, outcome: Outcome, condition: string) => {
    pendingAsync--;
    failures.send(
      JSON.stringify({
        version: '1.0',
        timestamp: new Date(clock.now()).toISOString(),
        requestContext: {
          requestId: event.requestId,
          functionArn: `${event.definition.arn}:$LATEST`,
          condition,
          approximateInvokeCount: event.attempts,
        },
        requestPayload: JSON.parse(event.payload),
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: JSON.parse(outcome.payload),
      }),
    );
  };

  return {
    durable,
    get pendingAsync() {
      return pendingAsync;
    },
    resolve,
    invoke,
    invokeAsync: (target, payload, { executionName, maxAgeSeconds = SIX_HOURS_SECONDS } = {}) => {
      requireQualifier(target);
      const { definition } = target;
      if (definition.durable !== undefined)
        return { executionArn: durable.start(definition, payload, executionName).arn };
      pendingAsync++;
      void attempt({
        definition,
        payload,
        maxAgeSeconds,
        requestId: randomUUID(),
        sentAt: clock.now(),
        attempts: 0,
      });
      return {};
    },
  };
};

interface AsyncEvent {
  readonly definition: FunctionDefinition;
  readonly payload: string;
  readonly maxAgeSeconds: number;
  readonly requestId: string;
  /** Epoch ms. */
  readonly sentAt: number;
  attempts: number;
}

const outcomeOf = (end: ExecutionEnd): Outcome => {
  const requestId = randomUUID();
  if (end.status === 'SUCCEEDED')
    return {
      requestId,
      ok: true,
      payload: end.result === undefined || end.result === '' ? 'null' : end.result,
      logs: [],
    };
  const error = {
    errorType: end.error?.ErrorType ?? end.status,
    errorMessage: end.error?.ErrorMessage ?? `The durable execution is ${end.status}.`,
  };
  return { requestId, ok: false, payload: JSON.stringify(error), error, logs: [] };
};
