import { describe, expect, it } from '@jest/globals';
import { LONGEST_LULL_MS, lullUntil, STORM_NODES } from '../../../../../functions/spot-drain/decide/lull.ts';

const NOW = Date.parse('2026-11-20T03:12:00Z');

/** Drains with so many seconds left each; undefined: nothing hurries them. */
const drains = (count: number, seconds: number | undefined = 120) =>
  Array.from({ length: count }, () => (seconds === undefined ? {} : { deadlineAt: NOW + seconds * 1000 }));

describe('drains that begin together', () => {
  it.each([
    ['none', [], undefined],
    ['one', drains(1), undefined],
    ['as many as are no storm yet', drains(STORM_NODES), undefined],
    ['one more', drains(STORM_NODES + 1), NOW + LONGEST_LULL_MS],
    ['a whole batch', drains(10), NOW + LONGEST_LULL_MS],
    ['many without a deadline', [{}, {}, {}, {}, {}, {}], NOW + LONGEST_LULL_MS],
    ['many with a minute left', drains(10, 60), NOW + LONGEST_LULL_MS],
    ['many with less', drains(10, 59.999), undefined],
    ['many, one of them with less', [...drains(9), ...drains(1, 30)], undefined],
  ])('%s', (_what, records, until) => {
    expect(lullUntil(records, NOW)).toBe(until);
  });
});
