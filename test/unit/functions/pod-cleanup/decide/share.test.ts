import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowedOf, exceedsShare, percentOf } from '../../../../../functions/pod-cleanup/decide/share.ts';

describe('the share of a namespace that may go', () => {
  it.each([
    [50, 100, 50, false],
    [51, 100, 50, true],
    [1, 1, 99, true],
    [1, 1, 100, false],
    [0, 0, 1, false],
    [5, 3, 100, false], // more were found than were there when they were counted
  ])('%i of %i pods at %i percent is refused: %s', (candidates, pods, maximum, refused) => {
    expect(exceedsShare({ candidates, pods }, maximum)).toBe(refused);
  });

  it('is all or nothing: what is refused may lose no pod, what is not may lose what was counted and never more than the share', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.integer({ min: 1, max: 100 }), (candidates, more, maximum) => {
        const share = { candidates, pods: candidates + more };
        const allowed = allowedOf(share, maximum);
        if (exceedsShare(share, maximum)) expect(allowed).toBe(0);
        else {
          expect(allowed).toBeGreaterThanOrEqual(candidates);
          expect(allowed * 100).toBeLessThanOrEqual(share.pods * maximum);
        }
      }),
    );
  });

  it.each([
    [1, 3, 33.3],
    [2, 2, 100],
    [0, 0, 0],
  ])('is shown in percent: %i of %i is %d', (candidates, pods, expected) => {
    expect(percentOf({ candidates, pods })).toBe(expected);
  });
});
