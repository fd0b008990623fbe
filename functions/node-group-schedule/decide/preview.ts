import { DateTime } from 'luxon';
import type { ScheduleConfig } from '../config.ts';
import { awakeSpans, nextTransition } from './evaluate.ts';
import type { Occurrence } from './local-time.ts';
import { clocksChangeOn, dayOf, wallClockAt } from './local-time.ts';

/** One line of `caretaker schedule preview`. */
export interface PreviewedTransition {
  /** Epoch ms. */
  readonly at: number;
  readonly awake: boolean;
  /** Wall clock of the schedule's zone with its offset, for example `Fri 2026-03-27 20:00 +01:00`. */
  readonly local: string;
  /** The zone's clocks change on that calendar day. */
  readonly clocksChange: boolean;
  /** What became of the edge of the window: `skipped` falls on the jump, `repeated` shows twice. */
  readonly edge: Occurrence['kind'];
}

/**
 * The next `count` changes after `from` (epoch ms) of a schedule, by the evaluator that the function itself
 * uses; without anybody's lead minutes. Empty for a schedule that is always awake.
 */
export const previewTransitions = (
  schedule: ScheduleConfig,
  from: number,
  count: number,
): readonly PreviewedTransition[] => {
  const transitions: PreviewedTransition[] = [];
  let next = nextTransition(schedule, from);
  while (next !== undefined && transitions.length < count) {
    const { at, awake } = next;
    const span = awakeSpans(schedule, at).find((candidate) => (awake ? candidate.from : candidate.to) === at);
    transitions.push({
      at,
      awake,
      local: DateTime.fromMillis(at, { zone: schedule.timeZone, locale: 'en' }).toFormat(
        'ccc yyyy-MM-dd HH:mm ZZ',
      ),
      clocksChange: clocksChangeOn(schedule.timeZone, dayOf(wallClockAt(schedule.timeZone, at))),
      edge: (awake ? span?.opening : span?.closing) ?? 'once',
    });
    next = nextTransition(schedule, at);
  }
  return transitions;
};
