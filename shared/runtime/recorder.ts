import type { Logger } from '@aws-lambda-powertools/logger';
import type { Clock } from '../core/clock.ts';
import { describeError, PartialFailureError } from '../core/errors.ts';
import { appendToJournal } from '../core/journal.ts';
import type { Mode } from '../core/mode.ts';
import type { EventPublisher, Store } from '../core/store.ts';
import type { AutomationId, Decision, InvocationResult, Verdict } from '../core/verdict.ts';
import { changedSomething, toVerdict } from '../core/verdict.ts';

const RESULT_LIMIT = 1_000; // verdicts in an invocation's result; Lambda allows 6 MB
const FLUSH_AT = 500;

/** Collects an invocation's verdicts: each is logged at once, journaled and published in bulk. */
export interface Recorder {
  /** `first`: before all others in the result, and there however many there are: a summary. */
  record(decision: Decision, mode: Mode, options?: { readonly first?: boolean }): Verdict;
  /** Notes a failure that must not stop the rest; `finish` throws it at the end. */
  fail(error: unknown): void;
  /** Writes what is pending to the journal and the bus when there is much of it. */
  flushIfLarge(): Promise<void>;
  /** Journals and publishes what is pending, for a step that must not be taken before. Throws where the journal cannot be written. */
  flush(): Promise<void>;
  /** Journals and publishes the rest. Throws PartialFailureError when anything was noted as failed. */
  finish(mode: Mode): Promise<InvocationResult>;
  /** Journals and publishes the rest without ever throwing: for invocations that are failing already. */
  finishQuietly(): Promise<void>;
  readonly verdictCount: number;
}

export const createRecorder = (options: {
  automation: AutomationId;
  requestId: string;
  clock: Clock;
  logger: Logger;
  store: Store;
  publisher: EventPublisher;
}): Recorder => {
  const { automation, clock, logger } = options;
  const kept: Verdict[] = [];
  const failures: unknown[] = [];
  let pending: Verdict[] = [];
  let total = 0;
  let flushed = 0;

  const flushPending = async (): Promise<void> => {
    const verdicts = pending;
    pending = [];
    if (verdicts.length === 0) return;
    const origin = { requestId: options.requestId, firstNumber: flushed, now: clock.now() };
    flushed += verdicts.length;
    try {
      await appendToJournal(options.store, verdicts, origin);
    } catch (error) {
      pending = [...verdicts, ...pending];
      throw error;
    }
    const changes = verdicts.filter(changedSomething);
    try {
      await options.publisher.publish(
        changes.map((verdict) => ({ detailType: `${automation}/${verdict.action}`, detail: verdict })),
      );
    } catch (error) {
      // Best effort: the journal is the record, and failing here would repeat work that is done.
      logger.warn('what was done could not be published', { error: describeError(error) });
    }
  };

  let flushing: Promise<void> = Promise.resolve();
  /** One after the other: an earlier one may have taken along what this one is waited for. */
  const flush = (): Promise<void> => {
    flushing = flushing.then(flushPending, flushPending);
    return flushing;
  };

  return {
    record: (decision, mode, { first = false } = {}) => {
      const verdict = toVerdict(decision, { automation, mode, now: clock.now() });
      logger.info(`${verdict.action} ${verdict.target}: ${verdict.reason}`, { ...verdict });
      total += 1;
      if (first) {
        kept.unshift(verdict);
        kept.splice(RESULT_LIMIT);
      } else if (kept.length < RESULT_LIMIT) kept.push(verdict);
      pending.push(verdict);
      return verdict;
    },
    fail: (error) => {
      logger.warn(describeError(error));
      failures.push(error);
    },
    flush,
    flushIfLarge: async () => {
      if (pending.length >= FLUSH_AT) await flush();
    },
    finish: async (mode) => {
      await flush();
      if (failures.length > 0) throw new PartialFailureError(failures);
      return {
        automation,
        mode,
        verdicts: kept,
        ...(total > kept.length ? { truncated: total - kept.length } : {}),
      };
    },
    finishQuietly: async () => {
      try {
        await flush();
      } catch (error) {
        logger.error('the journal could not be written', { error: describeError(error) });
      }
    },
    get verdictCount() {
      return total;
    },
  };
};
