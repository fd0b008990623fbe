import { randomUUID } from 'node:crypto';
import type { WorldClock } from '../../../clock.ts';
import { ServiceError } from '../../../protocol/service.ts';
import type { FunctionDefinition } from '../../../runtime/function.ts';
import { VERSION } from '../../../runtime/function.ts';
import type { FunctionPool } from '../../../runtime/function-pool.ts';
import type { Outcome } from '../../../runtime/function-process.ts';
import type { Execution, ExecutionEnd } from './execution.ts';
import { createExecution, readCallbackId } from './execution.ts';
import type { ErrorDetail, Operation } from './operations.ts';
import { invalidParameter } from './operations.ts';

/**
 * Lambda's durable executions: keeps their records and invokes their function whenever there is something to do,
 * until it says that it has finished. A process that is killed is replaced by another, which goes on from the
 * record.
 */
export interface DurableEngine {
  readonly executions: readonly Execution[];
  /** Throws DurableExecutionAlreadyStartedException where the name was used with another payload. */
  start(definition: FunctionDefinition, payload: string, name?: string): Execution;
  /** Resolves when the execution is over. */
  ended(execution: Execution): Promise<ExecutionEnd>;
  /** Throws ResourceNotFoundException. */
  get(arn: string): Execution;
  callback(callbackId: string): { execution: Execution; operationId: string };
}

/** Operations that come with the event; the rest is read page by page. */
export const FIRST_PAGE = 100;
const SECONDS_A_DAY = 86_400;
const LONGEST_PAUSE_SECONDS = 300;

interface Run {
  readonly execution: Execution;
  invoking: boolean;
  failures: number;
  cancelRetry: () => void;
  readonly over: PromiseWithResolvers<ExecutionEnd>;
}

export const createDurableEngine = (options: {
  clock: WorldClock;
  pool: FunctionPool;
  invoke(functionName: string, payload: string): Promise<{ result?: string; error?: ErrorDetail }>;
}): DurableEngine => {
  const { clock, pool } = options;
  const runs = new Map<string, Run>();

  const invokeAgain = async (run: Run) => {
    const { execution } = run;
    if (run.invoking || execution.status !== 'RUNNING') return;
    run.invoking = true;
    run.cancelRetry();
    const { token, operations } = execution.beginInvocation();
    const outcome = await pool.invoke(execution.entryId, {
      DurableExecutionArn: execution.arn,
      CheckpointToken: token,
      InitialExecutionState: {
        Operations: operations.slice(0, FIRST_PAGE),
        NextMarker: markerAfter(operations, FIRST_PAGE) ?? '',
      },
    });
    run.invoking = false;
    settle(run, outcome);
  };

  const settle = (run: Run, outcome: Outcome) => {
    const { execution } = run;
    if (execution.status !== 'RUNNING') return;
    if (!outcome.ok) {
      // A process that crashed, was killed or ran out of time is replaced, a little later each time.
      const pause = Math.min(2 ** run.failures, LONGEST_PAUSE_SECONDS);
      run.failures++;
      run.cancelRetry = clock.schedule(clock.now() + pause * 1000, () => void invokeAgain(run));
      return;
    }
    run.failures = 0;
    const answer = readAnswer(outcome.payload);
    if (answer !== 'PENDING') execution.finish(answer);
    else if (execution.endInvocation()) void invokeAgain(run);
  };

  const start: DurableEngine['start'] = (definition, payload, name = randomUUID()) => {
    if (!/^[a-zA-Z0-9-_]{1,64}$/.test(name))
      throw invalidParameter(
        `${name} is not a name for a durable execution: up to 64 letters, digits, - and _.`,
      );
    const known = [...runs.values()].find(
      ({ execution }) => execution.entryId === definition.entryId && execution.name === name,
    );
    if (known !== undefined) {
      if (known.execution.input === payload) return known.execution;
      throw new ServiceError(
        'DurableExecutionAlreadyStartedException',
        `A durable execution named ${name} was started already with another payload.`,
        409,
        { Type: 'User' },
      );
    }
    const over = Promise.withResolvers<ExecutionEnd>();
    const execution = createExecution({
      clock,
      functionArn: definition.arn,
      version: VERSION,
      entryId: definition.entryId,
      name,
      input: payload,
      timeoutSeconds: (definition.durable?.executionTimeoutDays ?? 1) * SECONDS_A_DAY,
      hooks: {
        wake: () => void invokeAgain(run),
        invoke: options.invoke,
        finished: over.resolve,
      },
    });
    const run: Run = { execution, invoking: false, failures: 0, cancelRetry: () => undefined, over };
    runs.set(execution.arn, run);
    void invokeAgain(run);
    return execution;
  };

  const get = (arn: string): Execution => {
    const run = runs.get(arn);
    if (run === undefined)
      throw new ServiceError('ResourceNotFoundException', `No durable execution ${arn}.`, 404, {
        Type: 'User',
      });
    return run.execution;
  };

  return {
    get executions() {
      return [...runs.values()].map(({ execution }) => execution);
    },
    start,
    ended: async (execution) => {
      const run = runs.get(execution.arn);
      if (run === undefined) throw new Error(`${execution.arn} was not started here`);
      return run.over.promise;
    },
    get,
    callback: (callbackId) => {
      const read = readCallbackId(callbackId);
      if (read === undefined) throw invalidParameter('Invalid callback id.');
      return { execution: get(read.arn), operationId: read.operationId };
    },
  };
};

export const markerAfter = (operations: readonly Operation[], until: number): string | undefined =>
  until < operations.length ? String(until) : undefined;

const readAnswer = (payload: string): ExecutionEnd | 'PENDING' => {
  const answer: unknown = JSON.parse(payload);
  const {
    Status,
    Result,
    Error: failure,
  } = (typeof answer === 'object' && answer !== null ? answer : {}) as {
    Status?: unknown;
    Result?: string;
    Error?: ErrorDetail;
  };
  if (Status === 'PENDING') return 'PENDING';
  if (Status === 'SUCCEEDED') return { status: 'SUCCEEDED', result: Result ?? '' };
  if (Status === 'FAILED') return { status: 'FAILED', error: failure ?? {} };
  return {
    status: 'FAILED',
    error: {
      ErrorType: 'Runtime.InvalidDurableResponse',
      ErrorMessage:
        'The function did not answer as a durable function: it has to be wrapped by the durable SDK.',
    },
  };
};
