import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ScheduleConfig } from '../../../../../functions/node-group-schedule/config.ts';
import { evaluate, nextTransition } from '../../../../../functions/node-group-schedule/decide/evaluate.ts';
import { offsetAt } from '../../../../../functions/node-group-schedule/decide/local-time.ts';
import { naiveAwake } from '../../../../fixtures/naive-schedule.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 86_400_000;
const ZONES = Intl.supportedValuesOf('timeZone');
const YEARS = { min: Date.parse('2016-01-01T00:00:00Z'), max: Date.parse('2034-12-31T00:00:00Z') };

const weekday = fc.constantFrom('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun');
const days = fc.oneof(
  weekday,
  fc.tuple(weekday, weekday).map(([from, to]) => `${from}-${to}`),
  fc.uniqueArray(weekday, { minLength: 2, maxLength: 3 }).map((list) => list.join(',')),
);
const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** Windows whose edges are whole steps of minutes. */
const windowOf = (stepMinutes: number) =>
  fc
    .tuple(
      days,
      fc.integer({ min: 0, max: 1440 / stepMinutes - 1 }),
      fc.integer({ min: 0, max: 1440 / stepMinutes }),
    )
    .filter(([, start, end]) => start !== end)
    .map(([on, start, end]) => `${on} ${clock(start * stepMinutes)}-${clock(end * stepMinutes)}`);
const windowsOf = (stepMinutes: number) => fc.array(windowOf(stepMinutes), { minLength: 1, maxLength: 4 });
const zone = fc.constantFrom(...ZONES);
const instant = fc.integer(YEARS);

/** Quarter hours at which a zone's clocks changed or will change, one a year at most. */
const changesOf = (timeZone: string): number[] => {
  const found: number[] = [];
  const end = Date.parse('2028-01-01T00:00:00Z');
  let before = offsetAt(timeZone, Date.parse('2022-01-01T00:00:00Z'));
  for (let at = Date.parse('2022-01-01T00:00:00Z'); at < end; at += 7 * DAY_MS) {
    const after = offsetAt(timeZone, at + 7 * DAY_MS);
    if (after !== before) {
      let quarter = at;
      while (offsetAt(timeZone, quarter + DAY_MS) === before) quarter += DAY_MS;
      while (offsetAt(timeZone, quarter) === before) quarter += QUARTER_MS;
      found.push(quarter);
    }
    before = after;
  }
  return found;
};

describe('the calendar and a second implementation that steps through time', () => {
  it('agree in every zone, on any day', () => {
    for (const timeZone of ZONES) {
      fc.assert(
        fc.property(windowsOf(15), instant, (awake, at) => {
          const quarter = at - (at % QUARTER_MS);
          const schedule: ScheduleConfig = { timeZone, awake };
          expect(evaluate(schedule, quarter).awake).toBe(naiveAwake(schedule, quarter, 15));
        }),
        { numRuns: 1 },
      );
    }
  }, 60_000);

  it('agree in every zone around its changes of the clock', () => {
    let compared = 0;
    for (const timeZone of ZONES) {
      const changes = changesOf(timeZone);
      if (changes.length === 0) continue;
      fc.assert(
        fc.property(
          windowsOf(15),
          fc.constantFrom(...changes),
          fc.integer({ min: -12, max: 12 }),
          (awake, change, quarters) => {
            const at = change + quarters * QUARTER_MS;
            const schedule: ScheduleConfig = { timeZone, awake };
            compared += 1;
            expect(evaluate(schedule, at).awake).toBe(naiveAwake(schedule, at, 15));
          },
        ),
        { numRuns: 3 },
      );
    }
    expect(compared).toBeGreaterThan(300);
  }, 60_000);

  it.each([
    ['Europe/Berlin', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z'],
    ['America/New_York', '2026-11-01T06:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
    ['Asia/Kathmandu', '2026-04-04T15:00:00Z'],
    ['America/Havana', '2026-11-01T05:00:00Z'],
    ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ])(
    'agree to the minute in %s around %s',
    (timeZone, change) => {
      fc.assert(
        fc.property(
          fc
            .tuple(fc.integer({ min: 0, max: 239 }), fc.integer({ min: 0, max: 239 }))
            .filter(([start, end]) => start !== end),
          fc.integer({ min: -240, max: 240 }),
          ([start, end], minutes) => {
            const schedule = { timeZone, awake: [`Sat-Sun ${clock(start)}-${clock(end)}`] };
            const at = Date.parse(change) + minutes * MINUTE_MS;
            expect(evaluate(schedule, at).awake).toBe(naiveAwake(schedule, at, 1));
          },
        ),
        { numRuns: 6 },
      );
    },
    60_000,
  );
});

describe('nextTransition and evaluate', () => {
  it('agree: nothing changes before it, and it is a change', () => {
    fc.assert(
      fc.property(
        zone,
        windowsOf(1),
        instant,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (timeZone, awake, at, part) => {
          const schedule = { timeZone, awake };
          const now = evaluate(schedule, at);
          const next = nextTransition(schedule, at);
          if (next === undefined) {
            expect(now).toEqual({ awake: true, since: undefined, reason: 'inside-window' });
            return;
          }
          expect(next.at).toBeGreaterThan(at);
          expect(next.awake).toBe(!now.awake);
          expect(evaluate(schedule, next.at)).toMatchObject({ awake: next.awake, since: next.at });
          const between = at + Math.floor((next.at - 1 - at) * part);
          expect(evaluate(schedule, between)).toEqual(now);
          expect(evaluate(schedule, next.at - 1)).toEqual(now);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('know since when: it was otherwise a moment before', () => {
    fc.assert(
      fc.property(zone, windowsOf(1), instant, (timeZone, awake, at) => {
        const schedule = { timeZone, awake };
        const now = evaluate(schedule, at);
        if (now.since === undefined) return;
        expect(now.since).toBeLessThanOrEqual(at);
        expect(evaluate(schedule, now.since).awake).toBe(now.awake);
        expect(evaluate(schedule, now.since - 1).awake).toBe(!now.awake);
      }),
      { numRuns: 300 },
    );
  });

  it('with lead minutes: awake exactly when awake now, or within the lead', () => {
    fc.assert(
      fc.property(
        zone,
        windowsOf(1),
        instant,
        fc.integer({ min: 1, max: 240 }),
        (timeZone, awake, at, lead) => {
          const schedule = { timeZone, awake };
          const next = nextTransition(schedule, at);
          const soon = next?.awake === true && next.at - at <= lead * MINUTE_MS;
          expect(evaluate(schedule, at, lead).awake).toBe(evaluate(schedule, at).awake || soon);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answer the same for the same question, whatever was asked before', () => {
    fc.assert(
      fc.property(
        zone,
        windowsOf(15),
        fc.array(instant, { maxLength: 4 }),
        instant,
        (timeZone, awake, before, at) => {
          const schedule = { timeZone, awake };
          for (const other of before) evaluate(schedule, other);
          expect(evaluate(schedule, at)).toEqual(evaluate({ timeZone, awake }, at));
        },
      ),
      { numRuns: 100 },
    );
  });
});
