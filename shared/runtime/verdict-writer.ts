import type { Logger } from '@aws-lambda-powertools/logger';
import { describeError } from '../core/errors.ts';
import { appendToJournal } from '../core/journal.ts';
import type { Mode } from '../core/mode.ts';
import type { EventPublisher, Store } from '../core/store.ts';
import type { AutomationId, Decision, Verdict } from '../core/verdict.ts';
import { changedSomething, toVerdict } from '../core/verdict.ts';

/**
 * Verdicts of a durable function: written from inside a step, which may run twice. `origin` and `at` come
 * from what an earlier step recorded, so that a second writing lands on the same journal entry.
 */
export interface VerdictOrigin {
  /** Unique for this writing, for example `<execution name>/<step>`. */
  readonly origin: string;
  readonly mode: Mode;
  /** Epoch ms of what the verdicts are about. */
  readonly at: number;
}

export type WriteVerdicts = (
  decisions: readonly Decision[],
  origin: VerdictOrigin,
) => Promise<readonly Verdict[]>;

/** Logs, journals and publishes verdicts at once. The bus is best effort: the journal is the record. */
export const createVerdictWriter =
  (options: {
    automation: AutomationId;
    logger: Logger;
    store: Store;
    publisher: EventPublisher;
  }): WriteVerdicts =>
  async (decisions, { origin, mode, at }) => {
    const { automation, logger, store, publisher } = options;
    const verdicts = decisions.map((decision) => toVerdict(decision, { automation, mode, now: at }));
    for (const verdict of verdicts) {
      logger.info(`${verdict.action} ${verdict.target}: ${verdict.reason}`, { ...verdict });
    }
    await appendToJournal(store, verdicts, { requestId: origin, firstNumber: 0, now: at });
    try {
      await publisher.publish(
        verdicts
          .filter(changedSomething)
          .map((verdict) => ({ detailType: `${automation}/${verdict.action}`, detail: verdict })),
      );
    } catch (error) {
      logger.warn('what was done could not be published', { error: describeError(error) });
    }
    return verdicts;
  };
