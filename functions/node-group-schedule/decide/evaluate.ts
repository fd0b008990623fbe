import type { ScheduleConfig } from '../config.ts';
import type { Occurrence } from './local-time.ts';
import { dayOf, midnightOf, occurrenceOf, weekdayOf } from './local-time.ts';
import type { Window } from './windows.ts';
import { parseWindow } from './windows.ts';

/**
 * The weekly calendar. A window runs from the first instant at which the zone's wall clock shows its start to
 * the last at which it shows its end, so an hour that comes twice in autumn is spent awake; an edge inside the
 * hour that spring skips falls on the jump, and a window wholly inside that hour does not happen.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A weekly window may fall out once (a skipped hour or day), so three weeks always hold a next one. */
const HORIZON_MS = 3 * WEEK_MS;

export interface Edge extends Occurrence {
  readonly instant: number;
}

/** A stretch of awake time made of windows that touch or overlap. */
export interface AwakeSpan {
  readonly from: number;
  readonly to: number;
  /** The window that opens it, as written. */
  readonly window: string;
  readonly opening: Occurrence['kind'];
  readonly closing: Occurrence['kind'];
}

export interface Evaluation {
  readonly awake: boolean;
  /** Epoch ms of the last change; undefined when the schedule never changes. */
  readonly since: number | undefined;
  readonly reason: 'inside-window' | 'outside-windows';
}

export interface Transition {
  /** Epoch ms. */
  readonly at: number;
  readonly awake: boolean;
}

const merge = (spans: readonly AwakeSpan[]): AwakeSpan[] => {
  const merged: AwakeSpan[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last === undefined || span.from > last.to) merged.push(span);
    else if (span.to > last.to) merged[merged.length - 1] = { ...last, to: span.to, closing: span.closing };
  }
  return merged;
};

const spanOn = (timeZone: string, day: number, window: Window): AwakeSpan[] => {
  if (!window.weekdays.has(weekdayOf(day))) return [];
  const opening = occurrenceOf(timeZone, midnightOf(day) + window.startMinute * MINUTE_MS);
  const closing = occurrenceOf(timeZone, midnightOf(day) + window.endMinute * MINUTE_MS);
  if (opening.first >= closing.last) return [];
  return [
    {
      from: opening.first,
      to: closing.last,
      window: window.text,
      opening: opening.kind,
      closing: closing.kind,
    },
  ];
};

const computeSpans = (schedule: ScheduleConfig, from: number, to: number): AwakeSpan[] => {
  const windows = schedule.awake.map(parseWindow);
  const firstDay = dayOf(from) - 2;
  const days = Array.from({ length: dayOf(to) + 2 - firstDay }, (_, index) => firstDay + index);
  const spans = days.flatMap((day) => windows.flatMap((window) => spanOn(schedule.timeZone, day, window)));
  return merge(spans.sort((a, b) => a.from - b.from));
};

const known = new WeakMap<ScheduleConfig, { week: number; spans: readonly AwakeSpan[] }>();

/** Awake spans of the weeks around an instant; the last answer is kept, for a tick asks once per group. */
export const awakeSpans = (schedule: ScheduleConfig, instant: number): readonly AwakeSpan[] => {
  const week = Math.floor(instant / WEEK_MS);
  const cached = known.get(schedule);
  if (cached?.week === week) return cached.spans;
  const spans = computeSpans(schedule, week * WEEK_MS - HORIZON_MS, (week + 1) * WEEK_MS + HORIZON_MS);
  known.set(schedule, { week, spans });
  return spans;
};

/** Awake `leadMinutes` earlier: what has to be Ready when the window opens is started before. */
const withLead = (spans: readonly AwakeSpan[], leadMinutes: number): readonly AwakeSpan[] =>
  leadMinutes === 0
    ? spans
    : merge(spans.map((span) => ({ ...span, from: span.from - leadMinutes * MINUTE_MS })));

const changesOf = (schedule: ScheduleConfig, instant: number, leadMinutes: number): readonly Transition[] => {
  const horizon = Math.floor(instant / WEEK_MS) * WEEK_MS;
  return withLead(awakeSpans(schedule, instant), leadMinutes)
    .flatMap(({ from, to }) => [
      { at: from, awake: true },
      { at: to, awake: false },
    ])
    .filter(({ at }) => at > horizon - HORIZON_MS && at < horizon + WEEK_MS + HORIZON_MS);
};

/** Whether a schedule is awake at an instant (epoch ms). Pure: the same arguments give the same answer. */
export const evaluate = (schedule: ScheduleConfig, instant: number, leadMinutes = 0): Evaluation => {
  const awake = withLead(awakeSpans(schedule, instant), leadMinutes).some(
    ({ from, to }) => from <= instant && instant < to,
  );
  return {
    awake,
    since: changesOf(schedule, instant, leadMinutes).findLast(({ at }) => at <= instant)?.at,
    reason: awake ? 'inside-window' : 'outside-windows',
  };
};

/** The first change after an instant; undefined for a schedule that is always awake. */
export const nextTransition = (
  schedule: ScheduleConfig,
  instant: number,
  leadMinutes = 0,
): Transition | undefined => changesOf(schedule, instant, leadMinutes).find(({ at }) => at > instant);
