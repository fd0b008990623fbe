import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { CallbackExternalError, CallbackTimeoutError } from '@aws/durable-execution-sdk-js';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { executionModeDurableContext } from '@middy/core/DurableContext';
import type { CallbackOutcome, Durable, PollOptions, StepRetry } from '../core/durable.ts';
import { StepFailedError } from '../core/durable.ts';
import type { InvocationResult } from '../core/verdict.ts';
import { middlewares } from './chain.ts';
import type { AutomationContext } from './context.ts';

type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly name: string; readonly message: string };

const failureOf = (error: unknown): { name: string; message: string } =>
  error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };

/** `arn:...:function:NAME:VERSION/durable-execution/EXECUTION/ID` -> EXECUTION. */
export const executionNameOfArn = (arn: string): string => {
  const name = arn.split('/')[2];
  if (name === undefined || name === '') throw new Error(`${arn} is not the ARN of a durable execution`);
  return name;
};

const ATTEMPTS = 4;
const FIRST_DELAY_SECONDS = 5;
const FAILURES_IN_A_ROW = 10;

/**
 * The last attempt's error becomes the step's result instead of its failure: a checkpointed failure keeps
 * `StepError` and loses the name of its cause, which decides what is done next.
 */
const settleStep = async <T>(
  context: DurableContext,
  step: { name: string; run: () => Promise<T>; retry: StepRetry },
): Promise<T> => {
  const attempts = step.retry.attempts ?? ATTEMPTS;
  const firstDelay = step.retry.firstDelaySeconds ?? FIRST_DELAY_SECONDS;
  const settled = await context.step<Settled<T>>(
    step.name,
    async ({ attempt }) => {
      try {
        return { ok: true, value: await step.run() };
      } catch (error) {
        if (attempt < attempts) throw error;
        return { ok: false, ...failureOf(error) };
      }
    },
    // No jitter: steps come one after the other, there is nobody to make room for.
    {
      retryStrategy: (_error, attempt) =>
        attempt < attempts
          ? { shouldRetry: true, delay: { seconds: firstDelay * 2 ** (attempt - 1) } }
          : { shouldRetry: false },
    },
  );
  if (settled.ok) return settled.value;
  throw new StepFailedError(step.name, settled);
};

interface PollState<State> {
  readonly state: State;
  readonly failures: number;
  readonly lastFailure?: { readonly name: string; readonly message: string };
}

const settlePoll = async <State>(
  context: DurableContext,
  name: string,
  poll: PollOptions<State>,
): Promise<State> => {
  const allowed = poll.failuresInARow ?? FAILURES_IN_A_ROW;
  const isOver = ({ state, failures }: PollState<State>) =>
    failures >= allowed || (failures === 0 && poll.done(state));
  const last = await context.waitForCondition<PollState<State>>(
    name,
    async (current) => {
      try {
        return { state: await poll.check(current.state), failures: 0 };
      } catch (error) {
        return { state: current.state, failures: current.failures + 1, lastFailure: failureOf(error) };
      }
    },
    {
      initialState: { state: poll.initial, failures: 0 },
      waitStrategy: (current) =>
        isOver(current)
          ? { shouldContinue: false }
          : { shouldContinue: true, delay: { seconds: poll.everySeconds } },
    },
  );
  if (last.lastFailure !== undefined && last.failures >= allowed)
    throw new StepFailedError(name, last.lastFailure);
  return last.state;
};

const outcomeOf = async (answer: PromiseLike<string>): Promise<CallbackOutcome> => {
  try {
    return { kind: 'success', payload: (await answer) ?? '' };
  } catch (error) {
    if (error instanceof CallbackTimeoutError) return { kind: 'timeout' };
    if (!(error instanceof CallbackExternalError)) throw error;
    return { kind: 'failure', type: error.cause?.name ?? 'Error', message: error.message };
  }
};

/** The workflow's port on Lambda's durable execution. */
export const toDurable = (context: DurableContext): Durable => {
  const { durableExecutionArn: executionArn } = context.executionContext;
  return {
    executionArn,
    executionName: executionNameOfArn(executionArn),
    step: (name, run, retry = {}) => settleStep(context, { name, run, retry }),
    poll: (name, poll) => settlePoll(context, name, poll),
    callback: async (name, { timeoutHours }) => {
      const [answer, id] = await context.createCallback(name, { timeout: { hours: timeoutHours } });
      return { id, outcome: () => outcomeOf(answer) };
    },
    map: async (name, items, { concurrency, nameOf, run }) => {
      const batch = await context.map(name, [...items], (child, item) => run(toDurable(child), item), {
        maxConcurrency: concurrency,
        itemNamer: nameOf,
      });
      batch.throwIfError();
      return batch.getResults();
    },
  };
};

/**
 * A handler for a durable function: the chain of every other handler around a workflow. Lambda calls it
 * again after each pause, and the chain runs each time; whatever may only happen once belongs into a step.
 */
export const createDurableHandler = <Section, Input>(
  context: AutomationContext<Section>,
  options: {
    parse: (event: unknown) => Input;
    run: (input: Input, durable: Durable) => Promise<InvocationResult>;
  },
) =>
  middy<unknown, InvocationResult, Error, DurableContext>({
    executionMode: executionModeDurableContext,
    // A paused invocation never settles, so middy's own timer would go off in a later one.
    timeoutEarlyInMillis: 0,
  })
    .use(middlewares(context))
    .handler(async (event: unknown, durableContext: DurableContext): Promise<InvocationResult> => {
      const result = await options.run(options.parse(event), toDurable(durableContext));
      context.metrics.addMetric('Verdicts', MetricUnit.Count, result.verdicts.length);
      return result;
    });
