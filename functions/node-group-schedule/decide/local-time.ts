import { IANAZone } from 'luxon';

/**
 * Wall-clock times of an IANA zone as instants. A wall-clock time is written as the epoch milliseconds it
 * would have in UTC, which makes calendar arithmetic plain addition.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Far enough around a wall-clock time to see both offsets when the zone changes it: offsets reach +14 h. */
const AROUND_MS = 26 * 3_600_000;

const zones = new Map<string, IANAZone>();

/** Every name that the runtime's time zone database knows, and no plain offset such as `+02:00`. */
export const isTimeZone = (name: string): boolean => /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);

/** Milliseconds that the zone's wall clock is ahead of UTC at an instant. */
export const offsetAt = (timeZone: string, instant: number): number => {
  const zone = zones.get(timeZone) ?? IANAZone.create(timeZone);
  zones.set(timeZone, zone);
  return zone.offset(instant) * MINUTE_MS;
};

/** The wall clock of the zone at an instant. */
export const wallClockAt = (timeZone: string, instant: number): number =>
  instant + offsetAt(timeZone, instant);

export interface Occurrence {
  /** First and last instant at which the wall clock shows the time; equal on most days. */
  readonly first: number;
  readonly last: number;
  /** `skipped`: the clocks jump over it, and both are the instant of the jump. `repeated`: they show it twice. */
  readonly kind: 'once' | 'skipped' | 'repeated';
}

/** The first instant in (from, to] at which the zone has another offset than at `from`. */
const changeBetween = (timeZone: string, from: number, to: number): number => {
  const before = offsetAt(timeZone, from);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(timeZone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
};

/** When a wall-clock time happens. Pure; two changes of offset within two days are not told apart. */
export const occurrenceOf = (timeZone: string, wallClock: number): Occurrence => {
  const before = offsetAt(timeZone, wallClock - AROUND_MS);
  const after = offsetAt(timeZone, wallClock + AROUND_MS);
  const instants = [...new Set([before, after])]
    .map((offset) => ({ offset, instant: wallClock - offset }))
    .filter(({ offset, instant }) => offsetAt(timeZone, instant) === offset)
    .map(({ instant }) => instant)
    .sort((a, b) => a - b);
  const [first, last = first] = instants;
  if (first === undefined || last === undefined) {
    const jump = changeBetween(timeZone, wallClock - after, wallClock - before);
    return { first: jump, last: jump, kind: 'skipped' };
  }
  return { first, last, kind: first === last ? 'once' : 'repeated' };
};

/** Wall-clock midnight of a calendar day, counted in days since 1970-01-01. */
export const midnightOf = (day: number): number => day * DAY_MS;

export const dayOf = (wallClock: number): number => Math.floor(wallClock / DAY_MS);

/** ISO weekday of a calendar day: 1 is Monday, 7 is Sunday; 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1;

/** True on a calendar day on which the zone's clocks change. */
export const clocksChangeOn = (timeZone: string, day: number): boolean => {
  const start = occurrenceOf(timeZone, midnightOf(day));
  const end = occurrenceOf(timeZone, midnightOf(day + 1));
  return end.last - start.first !== DAY_MS;
};
