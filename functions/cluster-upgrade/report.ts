import { isoTime } from '../../shared/core/clock.ts';
import type { Durable } from '../../shared/core/durable.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Notification } from '../../shared/core/store.ts';
import type { Verdict } from '../../shared/core/verdict.ts';
import type { Run, UpgradeDecision } from './context.ts';
import { runKey } from './context.ts';
import type { UpgradeRecord } from './records.ts';
import { changeRecord } from './records.ts';

export interface Report {
  /** Unique in the run: name of the step and part of the journal entry's key. */
  readonly label: string;
  /** Where it stands in the run; orders the journal's entries of one and the same instant. */
  readonly order: number;
  readonly decisions: readonly UpgradeDecision[];
  readonly mode: Mode;
  /** Epoch ms, from an earlier step's result: a second writing has to land on the same entries. */
  readonly at: number;
  /** What changes in the run's record. */
  readonly change?: (record: UpgradeRecord) => UpgradeRecord;
}

/** The order of what is not a step of the plan; those come at `STEPS` plus their number. */
export const ORDER = {
  PREFLIGHT: 1,
  ASKED: 2,
  APPROVED: 3,
  PREFLIGHT_AGAIN: 4,
  STEPS: 100,
  END: 9_999,
} as const;

/** Journal, log, bus and the run's record, in one step. */
export const report = (
  run: Run,
  durable: Durable,
  { label, order, decisions, mode, at, change }: Report,
): Promise<readonly Verdict[]> =>
  durable.step(`report: ${label}`, async () => {
    const { writeVerdicts, store } = run.deps;
    const origin = `${durable.executionName}/${String(order).padStart(4, '0')}-${label}`;
    const verdicts = await writeVerdicts(decisions, { origin, mode, at });
    const last = verdicts.at(-1);
    await changeRecord(store, runKey(run), (current) => {
      if (current === undefined)
        throw new Error(`the record of ${durable.executionName} is gone from the table`);
      return {
        ...(change === undefined ? current : change(current)),
        updatedAt: isoTime(at),
        ...(last === undefined
          ? {}
          : { lastVerdict: { target: last.target, action: last.action, reason: last.reason, at: last.at } }),
      };
    });
    return verdicts;
  });

/** Tells people. An upgrade does not fail because nobody could be told: the record says the same. */
export const tell = (run: Run, label: string, make: () => Promise<Notification>): Promise<void> =>
  run.durable.step(`tell: ${label}`, async () => {
    try {
      await run.deps.notifier.notify(await make());
    } catch (error) {
      run.deps.warn('a notification could not be sent', { label, error: describeError(error) });
    }
  });
