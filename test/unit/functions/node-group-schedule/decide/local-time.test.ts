import { describe, expect, it } from '@jest/globals';
import {
  clocksChangeOn,
  dayOf,
  isTimeZone,
  midnightOf,
  occurrenceOf,
  offsetAt,
  wallClockAt,
  weekdayOf,
} from '../../../../../functions/node-group-schedule/decide/local-time.ts';

const HOUR_MS = 3_600_000;
const BERLIN = 'Europe/Berlin';
/** A wall-clock time as this file writes it: as if it were UTC. */
const wall = (text: string) => Date.parse(`${text}Z`);

describe('a time zone', () => {
  it.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['Asia/Kathmandu', true],
    ['+02:00', false],
    ['UTC+2', false],
    ['2', false],
    ['', false],
    ['Europe/Nowhere', false],
    ['-05:00 America/New_York', false],
  ])('%s is one: %s', (name, known) => {
    expect(isTimeZone(name)).toBe(known);
  });

  it.each([
    [BERLIN, '2026-01-01T12:00:00Z', 1],
    [BERLIN, '2026-07-01T12:00:00Z', 2],
    ['America/New_York', '2026-07-01T12:00:00Z', -4],
    ['Asia/Kathmandu', '2026-07-01T12:00:00Z', 5.75],
    [BERLIN, '2026-01-01T12:00:00Z', 1],
  ])('%s is ahead of UTC at %s by %f hours', (zone, iso, hours) => {
    expect(offsetAt(zone, Date.parse(iso))).toBe(hours * HOUR_MS);
    expect(wallClockAt(zone, Date.parse(iso))).toBe(Date.parse(iso) + hours * HOUR_MS);
  });
});

describe('a wall-clock time happens', () => {
  it.each([
    ['once', BERLIN, '2026-11-19T07:00:00', '2026-11-19T06:00:00Z', '2026-11-19T06:00:00Z'],
    ['once', BERLIN, '2026-03-29T01:59:59', '2026-03-29T00:59:59Z', '2026-03-29T00:59:59Z'],
    ['once', BERLIN, '2026-03-29T03:00:00', '2026-03-29T01:00:00Z', '2026-03-29T01:00:00Z'],
    ['skipped', BERLIN, '2026-03-29T02:00:00', '2026-03-29T01:00:00Z', '2026-03-29T01:00:00Z'],
    ['skipped', BERLIN, '2026-03-29T02:59:59', '2026-03-29T01:00:00Z', '2026-03-29T01:00:00Z'],
    ['once', BERLIN, '2026-10-25T01:59:59', '2026-10-24T23:59:59Z', '2026-10-24T23:59:59Z'],
    ['repeated', BERLIN, '2026-10-25T02:00:00', '2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z'],
    ['repeated', BERLIN, '2026-10-25T02:59:59', '2026-10-25T00:59:59Z', '2026-10-25T01:59:59Z'],
    ['once', BERLIN, '2026-10-25T03:00:00', '2026-10-25T02:00:00Z', '2026-10-25T02:00:00Z'],
    ['skipped', 'America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:00:00Z', '2026-03-08T07:00:00Z'],
    ['repeated', 'America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'],
    // Samoa left out the whole 30 December 2011 when it crossed the date line.
    ['skipped', 'Pacific/Apia', '2011-12-30T12:00:00', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z'],
  ])('%s in %s: %s', (kind, zone, text, first, last) => {
    expect(occurrenceOf(zone, wall(text))).toEqual({
      first: Date.parse(first),
      last: Date.parse(last),
      kind,
    });
  });
});

describe('days', () => {
  it.each([
    ['1970-01-01T00:00:00', 0, 4],
    ['1969-12-31T23:59:59', -1, 3],
    ['1969-12-28T12:00:00', -4, 7],
    ['2026-11-19T23:59:59', 20_776, 4],
    ['2026-11-22T00:00:00', 20_779, 7],
    ['2026-11-23T00:00:00', 20_780, 1],
  ])('%s is in day %i, ISO weekday %i', (text, day, weekday) => {
    expect(dayOf(wall(text))).toBe(day);
    expect(weekdayOf(day)).toBe(weekday);
    expect(midnightOf(day)).toBe(wall(`${text.slice(0, 10)}T00:00:00`));
  });

  it.each([
    ['2026-03-28', false],
    ['2026-03-29', true],
    ['2026-03-30', false],
    ['2026-10-24', false],
    ['2026-10-25', true],
    ['2026-10-26', false],
  ])('the clocks change on %s: %s', (date, change) => {
    expect(clocksChangeOn(BERLIN, dayOf(wall(`${date}T00:00:00`)))).toBe(change);
  });
});
