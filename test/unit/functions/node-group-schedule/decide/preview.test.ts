import { describe, expect, it } from '@jest/globals';
import { nextTransition } from '../../../../../functions/node-group-schedule/decide/evaluate.ts';
import { previewTransitions } from '../../../../../functions/node-group-schedule/decide/preview.ts';

const schedule = { timeZone: 'Europe/Berlin', awake: ['Mon-Fri 07:00-20:00', 'Sun 02:30-08:00'] };

describe('the preview of a schedule', () => {
  it('marks the day on which the clocks go back, and an edge that is shown twice', () => {
    expect(previewTransitions(schedule, Date.parse('2026-10-23T12:00:00Z'), 4)).toEqual([
      {
        at: Date.parse('2026-10-23T18:00:00Z'),
        awake: false,
        local: 'Fri 2026-10-23 20:00 +02:00',
        clocksChange: false,
        edge: 'once',
      },
      {
        at: Date.parse('2026-10-25T00:30:00Z'),
        awake: true,
        local: 'Sun 2026-10-25 02:30 +02:00',
        clocksChange: true,
        edge: 'repeated',
      },
      {
        at: Date.parse('2026-10-25T07:00:00Z'),
        awake: false,
        local: 'Sun 2026-10-25 08:00 +01:00',
        clocksChange: true,
        edge: 'once',
      },
      {
        at: Date.parse('2026-10-26T06:00:00Z'),
        awake: true,
        local: 'Mon 2026-10-26 07:00 +01:00',
        clocksChange: false,
        edge: 'once',
      },
    ]);
  });

  it('marks an edge that the clocks skip', () => {
    const [opening] = previewTransitions(schedule, Date.parse('2026-03-28T12:00:00Z'), 1);
    expect(opening).toMatchObject({
      local: 'Sun 2026-03-29 03:00 +02:00',
      clocksChange: true,
      edge: 'skipped',
    });
  });

  it('lists what the function itself goes by, over more weeks than one', () => {
    const from = Date.parse('2026-11-19T12:00:00Z');
    const listed = previewTransitions(schedule, from, 80);
    expect(listed).toHaveLength(80);
    let at = from;
    for (const one of listed) {
      const next = nextTransition(schedule, at);
      expect({ at: one.at, awake: one.awake }).toEqual(next);
      at = one.at;
    }
  });

  it('is empty for a schedule that never changes', () => {
    expect(previewTransitions({ timeZone: 'UTC', awake: ['Mon-Sun 00:00-24:00'] }, 0, 5)).toEqual([]);
  });
});
