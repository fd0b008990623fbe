import { flag, optionalInteger, optionalRecord, optionalText, text } from '../../../protocol/input.ts';
import type { Input } from '../../../protocol/service.ts';
import { ServiceError } from '../../../protocol/service.ts';

/** The operations of a durable execution, in the members of Lambda's service model. Everything here is pure. */

export interface ErrorDetail {
  readonly ErrorMessage?: string;
  readonly ErrorType?: string;
  readonly ErrorData?: string;
  readonly StackTrace?: readonly string[];
}

export type OperationStatus =
  | 'STARTED'
  | 'PENDING'
  | 'READY'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'CANCELLED'
  | 'TIMED_OUT'
  | 'STOPPED';

export type OperationType = 'EXECUTION' | 'CONTEXT' | 'STEP' | 'WAIT' | 'CALLBACK' | 'CHAINED_INVOKE';

export interface Operation {
  readonly Id: string;
  readonly ParentId?: string;
  readonly Name?: string;
  readonly Type: OperationType;
  readonly SubType?: string;
  readonly StartTimestamp: Date;
  readonly EndTimestamp?: Date;
  readonly Status: OperationStatus;
  readonly ExecutionDetails?: { readonly InputPayload: string };
  readonly ContextDetails?: {
    readonly ReplayChildren?: boolean;
    readonly Result?: string;
    readonly Error?: ErrorDetail;
  };
  readonly StepDetails?: {
    readonly Attempt: number;
    readonly NextAttemptTimestamp?: Date;
    readonly Result?: string;
    readonly Error?: ErrorDetail;
  };
  readonly WaitDetails?: { readonly ScheduledEndTimestamp: Date };
  readonly CallbackDetails?: {
    readonly CallbackId: string;
    readonly Result?: string;
    readonly Error?: ErrorDetail;
  };
  readonly ChainedInvokeDetails?: { readonly Result?: string; readonly Error?: ErrorDetail };
}

/** Quota of a durable operation's payload: 256 KB. Source: Lambda developer guide, "Lambda quotas". */
export const LARGEST_PAYLOAD_BYTES = 262_144;
const TYPES: readonly string[] = ['EXECUTION', 'CONTEXT', 'STEP', 'WAIT', 'CALLBACK', 'CHAINED_INVOKE'];
const OVER: ReadonlySet<OperationStatus> = new Set([
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
  'STOPPED',
]);

export const isOver = (operation: Operation): boolean => OVER.has(operation.Status);

export const invalidParameter = (message: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', message, 400, { Type: 'User' });

const refused = (update: Input, why: string): ServiceError =>
  invalidParameter(
    `Invalid update of operation ${String(update.Id)} (${String(update.Type)} ${String(update.Action)}): ${why}`,
  );

const small = (update: Input, value: string | undefined): string | undefined => {
  if (value !== undefined && Buffer.byteLength(value) > LARGEST_PAYLOAD_BYTES)
    throw invalidParameter(
      `${String(update.Type)} output payload size must be less than or equal to ${LARGEST_PAYLOAD_BYTES} bytes.`,
    );
  return value;
};

const result = (update: Input) => optional('Result', small(update, optionalText(update, 'Payload')));

const errorOf = (update: Input): { Error?: ErrorDetail } => {
  const error = optionalRecord(update, 'Error');
  small(update, JSON.stringify(error ?? {}));
  return optional('Error', error as ErrorDetail | undefined);
};

const optional = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: T };

const later = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000);

const secondsOf = (update: Input, options: string, member: string): number => {
  const seconds = optionalInteger(optionalRecord(update, options) ?? {}, member);
  if (seconds === undefined || seconds < 1) throw refused(update, `${options}.${member} must be at least 1`);
  return seconds;
};

interface Change {
  readonly update: Input;
  readonly previous: Operation | undefined;
  readonly now: Date;
  readonly callbackId: string;
}

/** Status and details that an action leads to, by type; what is not listed is refused. */
const rules: Readonly<Record<string, (change: Change) => Partial<Operation>>> = {
  'STEP START': ({ previous }) => ({
    Status: 'STARTED',
    StepDetails: { ...previous?.StepDetails, Attempt: previous?.StepDetails?.Attempt ?? 0 },
  }),
  'STEP SUCCEED': ({ update, previous }) => ({
    Status: 'SUCCEEDED',
    StepDetails: { Attempt: attempts(previous) + 1, ...result(update) },
  }),
  'STEP FAIL': ({ update, previous }) => ({
    Status: 'FAILED',
    StepDetails: { Attempt: attempts(previous) + 1, ...errorOf(update) },
  }),
  'STEP RETRY': ({ update, previous, now }) => ({
    Status: 'PENDING',
    StepDetails: {
      Attempt: attempts(previous) + 1,
      NextAttemptTimestamp: later(now, secondsOf(update, 'StepOptions', 'NextAttemptDelaySeconds')),
      // A condition that is polled keeps its state in the payload.
      ...result(update),
      ...errorOf(update),
    },
  }),
  'WAIT START': ({ update, now }) => ({
    Status: 'STARTED',
    WaitDetails: { ScheduledEndTimestamp: later(now, secondsOf(update, 'WaitOptions', 'WaitSeconds')) },
  }),
  'WAIT CANCEL': () => ({ Status: 'CANCELLED' }),
  'CONTEXT START': () => ({ Status: 'STARTED', ContextDetails: {} }),
  'CONTEXT SUCCEED': ({ update }) => ({
    Status: 'SUCCEEDED',
    ContextDetails: {
      ReplayChildren: flag(optionalRecord(update, 'ContextOptions') ?? {}, 'ReplayChildren'),
      ...result(update),
    },
  }),
  'CONTEXT FAIL': ({ update }) => ({ Status: 'FAILED', ContextDetails: errorOf(update) }),
  'CALLBACK START': ({ callbackId }) => ({ Status: 'STARTED', CallbackDetails: { CallbackId: callbackId } }),
  'CHAINED_INVOKE START': () => ({ Status: 'STARTED', ChainedInvokeDetails: {} }),
};

const attempts = (previous: Operation | undefined): number => previous?.StepDetails?.Attempt ?? 0;

/** Actions that only make sense for what has begun; a step or a context may also end without a START of its own. */
const NEEDS_START: ReadonlySet<string> = new Set(['WAIT CANCEL']);

/** The operation after one update of a checkpoint. Throws InvalidParameterValueException. */
export const applyUpdate = (change: Change): Operation => {
  const { update, previous, now } = change;
  const type = text(update, 'Type');
  const key = `${type} ${text(update, 'Action')}`;
  if (!TYPES.includes(type)) throw refused(update, 'unknown type');
  const rule = rules[key];
  if (rule === undefined) throw refused(update, 'not an action of this type');
  if (previous !== undefined && previous.Type !== type) throw refused(update, `it is a ${previous.Type}`);
  if (previous !== undefined && isOver(previous)) throw refused(update, `it is ${previous.Status} already`);
  if (previous === undefined && NEEDS_START.has(key)) throw refused(update, 'it was never started');
  if (key === 'WAIT START' && previous !== undefined) throw refused(update, 'it was started already');
  const next: Operation = {
    Id: text(update, 'Id'),
    ...optional('ParentId', optionalText(update, 'ParentId')),
    ...optional('Name', optionalText(update, 'Name')),
    Type: type as OperationType,
    ...optional('SubType', optionalText(update, 'SubType')),
    StartTimestamp: previous?.StartTimestamp ?? now,
    Status: 'STARTED',
    ...rule(change),
  };
  return isOver(next) ? { ...next, EndTimestamp: now } : next;
};

/** An operation that the service itself ends: a wait that is over, a callback that was answered. */
export const ended = (
  operation: Operation,
  change: Partial<Operation> & { Status: OperationStatus },
  now: Date,
): Operation => ({
  ...operation,
  ...change,
  EndTimestamp: now,
});
