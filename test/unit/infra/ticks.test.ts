import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minutesOf, ticksOf } from '../../../infra/ticks.ts';

const tick = { kind: 'tick', everyMinutes: 15, input: { trigger: 'tick' } } as const;

describe('the schedules of a tick', () => {
  it('are one where it is not by cluster', () => {
    expect(ticksOf(tick)).toEqual([{ offsetMinutes: 0, input: { trigger: 'tick' } }]);
  });

  it('are one for every cluster, whose name is in the input, spread over the period', () => {
    expect(ticksOf({ ...tick, clusters: ['dev', 'staging', 'prod'] })).toEqual([
      { cluster: 'dev', offsetMinutes: 0, input: { trigger: 'tick', cluster: 'dev' } },
      { cluster: 'staging', offsetMinutes: 5, input: { trigger: 'tick', cluster: 'staging' } },
      { cluster: 'prod', offsetMinutes: 10, input: { trigger: 'tick', cluster: 'prod' } },
    ]);
  });

  it('come once a period each, within the hour, and no minute has many more than another', () => {
    const periods = fc.constantFrom(5, 10, 15, 20, 30, 60);
    fc.assert(
      fc.property(periods, fc.integer({ min: 1, max: 100 }), (everyMinutes, count) => {
        const clusters = Array.from({ length: count }, (_, index) => `c${index}`);
        const minutes = ticksOf({ ...tick, everyMinutes, clusters }).map(({ offsetMinutes }) =>
          minutesOf(everyMinutes, offsetMinutes),
        );
        const perMinute = Array.from(
          { length: 60 },
          (_, minute) => minutes.filter((own) => own.includes(minute)).length,
        );
        expect(perMinute.reduce((sum, each) => sum + each, 0)).toBe((count * 60) / everyMinutes);
        expect(Math.max(...perMinute)).toBeLessThanOrEqual(Math.ceil(count / everyMinutes));
        for (const own of minutes) {
          expect(own).toHaveLength(60 / everyMinutes);
          for (const [index, minute] of own.entries()) {
            expect(minute - (own[index - 1] ?? minute - everyMinutes)).toBe(everyMinutes);
          }
        }
      }),
    );
  });
});
