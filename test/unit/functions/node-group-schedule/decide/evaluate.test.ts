import { describe, expect, it } from '@jest/globals';
import type { ScheduleConfig } from '../../../../../functions/node-group-schedule/config.ts';
import { evaluate, nextTransition } from '../../../../../functions/node-group-schedule/decide/evaluate.ts';

const berlin = (...awake: string[]): ScheduleConfig => ({ timeZone: 'Europe/Berlin', awake });
const awakeAt = (schedule: ScheduleConfig, iso: string, lead = 0) =>
  evaluate(schedule, Date.parse(iso), lead).awake;
const transitionsOf = (schedule: ScheduleConfig, from: string, count: number) => {
  const found: string[] = [];
  let next = nextTransition(schedule, Date.parse(from));
  while (next !== undefined && found.length < count) {
    found.push(`${new Date(next.at).toISOString()} ${next.awake ? 'awake' : 'asleep'}`);
    next = nextTransition(schedule, next.at);
  }
  return found;
};

describe('a weekly schedule', () => {
  const office = berlin('Mon-Fri 07:00-20:00');

  it.each([
    ['Thursday before the window', '2026-11-19T05:59:59.999Z', false],
    ['Thursday when it opens', '2026-11-19T06:00:00Z', true],
    ['Thursday a moment before it closes', '2026-11-19T18:59:59.999Z', true],
    ['Thursday when it closes', '2026-11-19T19:00:00Z', false],
    ['Saturday at noon', '2026-11-21T11:00:00Z', false],
    ['a summer morning, an hour earlier in UTC', '2026-07-16T05:00:00Z', true],
  ])('%s', (_when, iso, awake) => {
    expect(awakeAt(office, iso)).toBe(awake);
  });

  it('says since when and why', () => {
    expect(evaluate(office, Date.parse('2026-11-22T12:00:00Z'))).toEqual({
      awake: false,
      since: Date.parse('2026-11-20T19:00:00Z'),
      reason: 'outside-windows',
    });
    expect(evaluate(office, Date.parse('2026-11-23T12:00:00Z'))).toEqual({
      awake: true,
      since: Date.parse('2026-11-23T06:00:00Z'),
      reason: 'inside-window',
    });
  });

  it('is awake the lead minutes earlier, and no longer', () => {
    expect(awakeAt(office, '2026-11-19T05:44:59Z', 15)).toBe(false);
    expect(awakeAt(office, '2026-11-19T05:45:00Z', 15)).toBe(true);
    expect(awakeAt(office, '2026-11-19T19:00:00Z', 15)).toBe(false);
  });

  it('anchors a window that runs past midnight to the day on which it starts', () => {
    expect(transitionsOf(berlin('Fri 20:00-08:00'), '2026-11-16T00:00:00Z', 3)).toEqual([
      '2026-11-20T19:00:00.000Z awake',
      '2026-11-21T07:00:00.000Z asleep',
      '2026-11-27T19:00:00.000Z awake',
    ]);
  });

  it('joins windows that touch at midnight', () => {
    expect(transitionsOf(berlin('Sat 12:00-24:00', 'Sun 00:00-12:00'), '2026-11-16T00:00:00Z', 2)).toEqual([
      '2026-11-21T11:00:00.000Z awake',
      '2026-11-22T11:00:00.000Z asleep',
    ]);
  });

  it.each([
    ['inside another one', ['Mon 08:00-20:00', 'Mon 09:00-10:00']],
    ['with the opening of another one', ['Mon 08:00-20:00', 'Mon 08:00-10:00']],
    ['with the closing of another one', ['Mon 08:00-20:00', 'Mon 09:00-20:00']],
    ['that goes on where another one ends', ['Mon 08:00-12:00', 'Mon 10:00-20:00']],
    ['that is written before the one it goes on from', ['Mon 10:00-20:00', 'Mon 08:00-12:00']],
  ])('takes a window %s as one stretch', (_, windows) => {
    expect(transitionsOf(berlin(...windows), '2026-11-16T00:00:00Z', 2)).toEqual([
      '2026-11-16T07:00:00.000Z awake',
      '2026-11-16T19:00:00.000Z asleep',
    ]);
  });

  it('takes windows in the order of their times, whatever order they are written in', () => {
    expect(transitionsOf(berlin('Mon 13:00-18:00', 'Mon 08:00-12:00'), '2026-11-16T00:00:00Z', 4)).toEqual([
      '2026-11-16T07:00:00.000Z awake',
      '2026-11-16T11:00:00.000Z asleep',
      '2026-11-16T12:00:00.000Z awake',
      '2026-11-16T17:00:00.000Z asleep',
    ]);
  });

  it('has no transition when it is always awake', () => {
    const always = berlin('Mon-Sun 00:00-24:00');
    expect(evaluate(always, Date.parse('2026-03-29T01:30:00Z'))).toEqual({
      awake: true,
      since: undefined,
      reason: 'inside-window',
    });
    expect(nextTransition(always, Date.parse('2026-03-29T01:30:00Z'))).toBeUndefined();
  });
});

/** Berlin 2026: 29 March 02:00 jumps to 03:00 (01:00 UTC); 25 October 03:00 goes back to 02:00 (01:00 UTC). */
describe('when the clocks change', () => {
  it.each<[string, string, string, readonly string[]]>([
    [
      'an opening in the skipped hour falls on the jump',
      'Sun 02:30-08:00',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00.000Z awake', '2026-03-29T06:00:00.000Z asleep'],
    ],
    [
      'a closing in the skipped hour falls on the jump',
      'Sat 22:00-02:30',
      '2026-03-28T12:00:00Z',
      ['2026-03-28T21:00:00.000Z awake', '2026-03-29T01:00:00.000Z asleep'],
    ],
    [
      'a window inside the skipped hour waits for next week',
      'Sun 02:10-02:50',
      '2026-03-28T12:00:00Z',
      ['2026-04-05T00:10:00.000Z awake', '2026-04-05T00:50:00.000Z asleep'],
    ],
    [
      'an opening in the repeated hour is its first showing',
      'Sun 02:30-08:00',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00.000Z awake', '2026-10-25T07:00:00.000Z asleep'],
    ],
    [
      'a closing in the repeated hour is its last showing',
      'Sat 22:00-02:30',
      '2026-10-24T12:00:00Z',
      ['2026-10-24T20:00:00.000Z awake', '2026-10-25T01:30:00.000Z asleep'],
    ],
    [
      'a window inside the repeated hour spans both',
      'Sun 02:10-02:50',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:10:00.000Z awake', '2026-10-25T01:50:00.000Z asleep'],
    ],
    [
      'a window over the jump is an hour shorter',
      'Sun 00:00-12:00',
      '2026-03-28T12:00:00Z',
      ['2026-03-28T23:00:00.000Z awake', '2026-03-29T10:00:00.000Z asleep'],
    ],
    [
      'a window over the repeated hour is an hour longer',
      'Sun 00:00-12:00',
      '2026-10-24T12:00:00Z',
      ['2026-10-24T22:00:00.000Z awake', '2026-10-25T11:00:00.000Z asleep'],
    ],
    [
      'a whole day has 25 hours then',
      'Sun 00:00-24:00',
      '2026-10-24T12:00:00Z',
      ['2026-10-24T22:00:00.000Z awake', '2026-10-25T23:00:00.000Z asleep'],
    ],
  ])('%s', (_rule, window, from, expected) => {
    expect(transitionsOf(berlin(window), from, 2)).toEqual(expected);
  });

  it('opens at 01:00 where midnight is skipped', () => {
    // Beirut, 29 March 2026: 00:00 jumps to 01:00.
    const schedule = { timeZone: 'Asia/Beirut', awake: ['Sun 00:00-08:00'] };
    expect(transitionsOf(schedule, '2026-03-28T12:00:00Z', 1)).toEqual(['2026-03-28T22:00:00.000Z awake']);
  });
});
