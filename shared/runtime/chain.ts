import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import type { MiddlewareObj } from '@middy/core';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Deadline } from '../core/clock.ts';
import { deadlineAt } from '../core/clock.ts';
import { describeError, MalformedEventError } from '../core/errors.ts';
import type { InvocationResult } from '../core/verdict.ts';
import type { AutomationContext } from './context.ts';
import type { Recorder } from './recorder.ts';
import { createRecorder } from './recorder.ts';
import { tracing } from './tracing.ts';

/** One invocation, as `run` sees it. */
export interface Call {
  readonly requestId: string;
  /** When Lambda ends the invocation. */
  readonly deadline: Deadline;
  readonly recorder: Recorder;
}

/** A message of the queue that could be parsed. */
export interface QueueMessage<Message> {
  readonly messageId: string;
  readonly receiveCount: number;
  /** Holds the account and region that a message of ours comes from. */
  readonly queueArn: string;
  readonly message: Message;
}

/** Logs an error once, with its causes, and lets it go on to Lambda. */
export const logErrorOnce = (logger: Logger): MiddlewareObj => ({
  onError: ({ error }) => {
    if (error instanceof Error) logger.error(describeError(error), error);
    else logger.error(describeError(error));
  },
});

const startCall = <Section>(context: AutomationContext<Section>, lambda: Context): Call => ({
  requestId: lambda.awsRequestId,
  deadline: deadlineAt(context.clock, context.clock.now() + lambda.getRemainingTimeInMillis()),
  recorder: createRecorder({
    automation: context.automation,
    requestId: lambda.awsRequestId,
    clock: context.clock,
    logger: context.logger,
    store: context.store,
    publisher: context.publisher,
  }),
});

const countVerdicts = <Section>(context: AutomationContext<Section>, recorder: Recorder) =>
  context.metrics.addMetric('Verdicts', MetricUnit.Count, recorder.verdictCount);

/** What every handler is wrapped in, in this order; the durable handler has the same. */
export const middlewares = <Section>(context: AutomationContext<Section>): MiddlewareObj[] => [
  injectLambdaContext(context.logger),
  logMetrics(context.metrics),
  tracing(context.automation),
  logErrorOnce(context.logger),
];

const chain = <Section, Result>(context: AutomationContext<Section>) =>
  middy<unknown, Result>().use(middlewares(context));

const sayOff = (call: Call, automation: string) =>
  call.recorder.record({ target: `automation/${automation}`, action: 'none', reason: 'mode-off' }, 'off');

/**
 * A handler for a tick, an event or an invocation: parse, run, report. Whatever `run` throws, or noted as
 * failed, fails the invocation after the verdicts were journaled, so that Lambda tries again.
 */
export const createHandler = <Section, Input>(
  context: AutomationContext<Section>,
  options: { parse: (event: unknown) => Input; run: (input: Input, call: Call) => Promise<void> },
) =>
  chain<Section, InvocationResult>(context).handler(
    async (event: unknown, lambda: Context): Promise<InvocationResult> => {
      const input = options.parse(event);
      const call = startCall(context, lambda);
      const mode = await context.readMode();
      try {
        if (mode === 'off') sayOff(call, context.automation);
        else await options.run(input, call);
      } catch (error) {
        await call.recorder.finishQuietly();
        throw error;
      } finally {
        countVerdicts(context, call.recorder);
      }
      return call.recorder.finish(mode);
    },
  );

/**
 * A handler for a batch of the queue. A message that cannot be parsed fails alone (SQS redrives it to the
 * dead-letter queue); `run` gets the others together and answers the ids to be delivered again. Where it throws, all
 * that it was given come again. `off` gets them in mode off, where messages must outlast it.
 */
export const createQueueHandler = <Section, Message>(
  context: AutomationContext<Section>,
  options: {
    parse: (body: string) => Message;
    run: (messages: readonly QueueMessage<Message>[], call: Call) => Promise<readonly string[]>;
    off?: (messages: readonly QueueMessage<Message>[]) => Promise<readonly string[]>;
  },
) =>
  chain<Section, SQSBatchResponse>(context).handler(
    async (event: unknown, lambda: Context): Promise<SQSBatchResponse> => {
      const call = startCall(context, lambda);
      const failed: string[] = [];
      const messages = recordsOf(event).flatMap((record) => {
        const message = parseRecord(record, options.parse);
        const receiveCount = Number(record.attributes.ApproximateReceiveCount);
        if (!(message instanceof MalformedEventError)) {
          return [
            {
              messageId: record.messageId,
              queueArn: record.eventSourceARN,
              receiveCount,
              message,
            },
          ];
        }
        failed.push(record.messageId);
        // It comes until it is a dead letter; once is enough to say why.
        if (receiveCount > 1) return [];
        call.recorder.record(
          {
            target: `message/${record.messageId}`,
            action: 'none',
            reason: 'malformed-message',
            detail: { error: message.message },
          },
          'observe',
        );
        return [];
      });
      try {
        const mode = await context.readMode();
        if (mode === 'off') {
          sayOff(call, context.automation);
          failed.push(...((await options.off?.(messages)) ?? []));
        } else if (messages.length > 0) failed.push(...(await options.run(messages, call)));
      } catch (error) {
        // An error of the function would bring back what it has nothing to do with, and slow down the poller.
        context.logger.error(describeError(error), error instanceof Error ? error : String(error));
        failed.push(...messages.map(({ messageId }) => messageId));
      } finally {
        countVerdicts(context, call.recorder);
        await call.recorder.finishQuietly();
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    },
  );

const recordsOf = (event: unknown): readonly SQSRecord[] => {
  const records = (event as Partial<SQSEvent> | null)?.Records;
  if (Array.isArray(records)) return records;
  throw new MalformedEventError('this entry takes batches of the queue: an object with "Records"');
};

const parseRecord = <Message>(
  record: SQSRecord,
  parse: (body: string) => Message,
): Message | MalformedEventError => {
  try {
    return parse(record.body);
  } catch (error) {
    if (error instanceof MalformedEventError) return error;
    return new MalformedEventError(describeError(error), { cause: error });
  }
};
