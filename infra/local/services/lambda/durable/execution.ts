import { createHash, randomUUID } from 'node:crypto';
import type { WorldClock } from '../../../clock.ts';
import { optionalInteger, optionalRecord, optionalText, text } from '../../../protocol/input.ts';
import type { Input } from '../../../protocol/service.ts';
import type { ErrorDetail, Operation } from './operations.ts';
import { applyUpdate, ended, invalidParameter, isOver } from './operations.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';

export interface ExecutionEnd {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly result?: string;
  readonly error?: ErrorDetail;
}

/** What the function's process is told at the start of an invocation. */
export interface InvocationState {
  readonly token: string;
  readonly operations: readonly Operation[];
}

/** The record of one durable execution. It outlives every process of its function. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly entryId: string;
  readonly input: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly end: ExecutionEnd | undefined;
  readonly status: ExecutionStatus;
  readonly operations: readonly Operation[];
  /** Gives out a new token; older ones are void from here on. */
  beginInvocation(): InvocationState;
  /** True when something has happened that the process cannot have acted on: it has to be invoked again. */
  endInvocation(): boolean;
  checkToken(token: string): void;
  /**
   * Applies the updates, all or none. Answers the next token and every operation that changed. The same
   * `clientToken` again is the same request, whose answer was lost.
   */
  checkpoint(token: string, updates: readonly Input[], clientToken?: string): InvocationState;
  answerCallback(operationId: string, outcome: { result?: string; error?: ErrorDetail }): boolean;
  heartbeat(operationId: string): boolean;
  finish(end: ExecutionEnd): void;
}

export interface ExecutionHooks {
  /** The service ended an operation: the function has work again. */
  wake(): void;
  invoke(functionName: string, payload: string): Promise<{ result?: string; error?: ErrorDetail }>;
  finished(end: ExecutionEnd): void;
}

export const callbackIdOf = (arn: string, operationId: string): string =>
  Buffer.from(JSON.stringify([arn, operationId])).toString('base64');

export const readCallbackId = (id: string): { arn: string; operationId: string } | undefined => {
  try {
    const [arn, operationId]: unknown[] = JSON.parse(Buffer.from(id, 'base64').toString('utf8'));
    return typeof arn === 'string' && typeof operationId === 'string' ? { arn, operationId } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
};

export const createExecution = (options: {
  clock: WorldClock;
  functionArn: string;
  version: string;
  entryId: string;
  name: string;
  input: string;
  timeoutSeconds: number;
  hooks: ExecutionHooks;
}): Execution => {
  const { clock, entryId, name, input, hooks } = options;
  const arn = `${options.functionArn}:${options.version}/durable-execution/${name}/${randomUUID()}`;
  const startedAt = clock.now();
  const operations = new Map<string, Operation>();
  const timers = new Map<string, () => void>();
  /** Changed, and not told to the process yet. */
  const untold = new Set<string>();
  /** Ended by the service and told with the latest answer: a process that suspends just then may have missed it. */
  let justTold = false;
  let endedByService = false;
  let tokenNumber = 0;
  let latest: { clientToken: string | undefined; given: string; state: InvocationState } | undefined;
  let end: ExecutionEnd | undefined;
  let endedAt: number | undefined;

  const now = () => new Date(clock.now());
  const token = () => createHash('sha256').update(`${arn}#${tokenNumber}`).digest('base64');

  const set = (operation: Operation) => {
    operations.set(operation.Id, operation);
    untold.add(operation.Id);
    if (isOver(operation)) stopTimers(operation.Id);
  };

  const stopTimers = (id: string) => {
    for (const key of [id, `${id}/heartbeat`]) {
      timers.get(key)?.();
      timers.delete(key);
    }
  };

  /** A change made by the service rather than by the function. */
  const setByService = (operation: Operation) => {
    if (end !== undefined) return;
    set(operation);
    endedByService = true;
    hooks.wake();
  };

  const at = (key: string, due: number, run: () => void) => {
    timers.get(key)?.();
    timers.set(key, clock.schedule(due, run));
  };

  const timeOut = (id: string, message: string) => {
    const operation = operations.get(id);
    if (operation?.CallbackDetails === undefined || isOver(operation)) return;
    const error = { ErrorType: 'Callback.Timeout', ErrorMessage: message };
    setByService(
      ended(
        operation,
        { Status: 'TIMED_OUT', CallbackDetails: { ...operation.CallbackDetails, Error: error } },
        now(),
      ),
    );
  };

  const heartbeatSeconds = new Map<string, number>();
  const armHeartbeat = (id: string) => {
    const seconds = heartbeatSeconds.get(id);
    if (seconds !== undefined)
      at(`${id}/heartbeat`, clock.now() + seconds * 1000, () => timeOut(id, 'Callback heartbeat timed out'));
  };

  /** What has to happen later because of an operation. */
  const arm = (operation: Operation, update: Input) => {
    const { Id, WaitDetails, StepDetails } = operation;
    if (operation.Status === 'STARTED' && WaitDetails !== undefined)
      at(Id, WaitDetails.ScheduledEndTimestamp.getTime(), () =>
        setByService(ended(operation, { Status: 'SUCCEEDED' }, now())),
      );
    if (operation.Status === 'PENDING' && StepDetails?.NextAttemptTimestamp !== undefined)
      at(Id, StepDetails.NextAttemptTimestamp.getTime(), () =>
        setByService({ ...operation, Status: 'READY' }),
      );
    if (operation.Type === 'CALLBACK') {
      const given = optionalRecord(update, 'CallbackOptions') ?? {};
      const timeout = optionalInteger(given, 'TimeoutSeconds') ?? 0;
      const heartbeat = optionalInteger(given, 'HeartbeatTimeoutSeconds') ?? 0;
      if (timeout > 0) at(Id, clock.now() + timeout * 1000, () => timeOut(Id, 'Callback timed out'));
      if (heartbeat > 0) heartbeatSeconds.set(Id, heartbeat);
      armHeartbeat(Id);
    }
    if (operation.Type === 'CHAINED_INVOKE') void chain(operation, update);
  };

  const chain = async (operation: Operation, update: Input) => {
    const functionName = text(optionalRecord(update, 'ChainedInvokeOptions') ?? {}, 'FunctionName');
    const { result, error } = await hooks.invoke(functionName, optionalText(update, 'Payload') ?? 'null');
    const details =
      error === undefined
        ? {
            Status: 'SUCCEEDED' as const,
            ChainedInvokeDetails: result === undefined ? {} : { Result: result },
          }
        : { Status: 'FAILED' as const, ChainedInvokeDetails: { Error: error } };
    setByService(ended(operation, details, now()));
  };

  const finish = (how: ExecutionEnd) => {
    if (end !== undefined) return;
    end = how;
    endedAt = clock.now();
    for (const cancel of timers.values()) cancel();
    timers.clear();
    hooks.finished(how);
  };

  const checkToken = (given: string) => {
    // The SDK tells a stale token by the beginning of this message.
    if (end !== undefined || given !== token()) throw invalidParameter('Invalid Checkpoint Token');
  };

  const tell = (): readonly Operation[] => {
    const told = [...untold].flatMap((id) => operations.get(id) ?? []);
    untold.clear();
    justTold = endedByService;
    endedByService = false;
    return told;
  };

  const checkpoint: Execution['checkpoint'] = (given, updates, clientToken) => {
    if (clientToken !== undefined && clientToken === latest?.clientToken && given === latest.given)
      return latest.state;
    checkToken(given);
    const finishing = updates.find(({ Type }) => Type === 'EXECUTION');
    const staged = new Map<string, Operation>();
    const applied = updates
      .filter((update) => update !== finishing)
      .map((update) => {
        const id = text(update, 'Id');
        const previous = staged.get(id) ?? operations.get(id);
        const operation = applyUpdate({ update, previous, now: now(), callbackId: callbackIdOf(arn, id) });
        staged.set(id, operation);
        return { operation, update };
      });
    for (const { operation, update } of applied) {
      set(operation);
      arm(operation, update);
    }
    tokenNumber++;
    const state = { token: token(), operations: tell() };
    latest = { clientToken, given, state };
    if (finishing !== undefined) finish(endOf(finishing));
    return state;
  };

  operations.set('execution', {
    Id: 'execution',
    Name: name,
    Type: 'EXECUTION',
    StartTimestamp: now(),
    Status: 'STARTED',
    ExecutionDetails: { InputPayload: input },
  });
  at('execution', startedAt + options.timeoutSeconds * 1000, () =>
    finish({
      status: 'TIMED_OUT',
      error: { ErrorType: 'Execution.Timeout', ErrorMessage: 'The execution timed out' },
    }),
  );

  return {
    arn,
    name,
    entryId,
    input,
    startedAt,
    get endedAt() {
      return endedAt;
    },
    get end() {
      return end;
    },
    get status() {
      return end?.status ?? 'RUNNING';
    },
    get operations() {
      return [...operations.values()];
    },
    beginInvocation: () => {
      tokenNumber++;
      tell();
      justTold = false;
      return { token: token(), operations: [...operations.values()] };
    },
    endInvocation: () => end === undefined && (endedByService || justTold),
    checkToken,
    checkpoint,
    answerCallback: (operationId, { result, error }) => {
      const operation = operations.get(operationId);
      if (operation?.CallbackDetails === undefined || isOver(operation) || end !== undefined) return false;
      const { CallbackId } = operation.CallbackDetails;
      const answered =
        error === undefined
          ? {
              Status: 'SUCCEEDED' as const,
              CallbackDetails: { CallbackId, ...(result === undefined ? {} : { Result: result }) },
            }
          : { Status: 'FAILED' as const, CallbackDetails: { CallbackId, Error: error } };
      setByService(ended(operation, answered, now()));
      return true;
    },
    heartbeat: (operationId) => {
      const operation = operations.get(operationId);
      if (operation === undefined || isOver(operation) || end !== undefined) return false;
      armHeartbeat(operationId);
      return true;
    },
    finish,
  };
};

/** A result that is too large for the function's answer comes as an update of the execution itself. */
const endOf = (update: Input): ExecutionEnd => {
  if (update.Action === 'SUCCEED')
    return { status: 'SUCCEEDED', result: optionalText(update, 'Payload') ?? '' };
  if (update.Action === 'FAIL')
    return { status: 'FAILED', error: (optionalRecord(update, 'Error') ?? {}) as ErrorDetail };
  throw invalidParameter(`An execution has no action ${String(update.Action)}`);
};
