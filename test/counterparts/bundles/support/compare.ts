import { expect } from '@jest/globals';
import { row } from '../../support/results.ts';
import type { Side } from './side.ts';
import type { RealSide } from './sides.ts';

/** Writes down what each side came to, and wants it to be the same. */
export const sameEnds = <T>(
  { real, embedded }: { readonly real: T; readonly embedded: T },
  behaviour: string,
  inWords: (result: T) => string = String,
): T => {
  expect(embedded).toEqual(real);
  row({
    suite: 'bundles',
    behaviour,
    embedded: inWords(embedded),
    counterpart: inWords(real),
    verdict: 'same',
  });
  return real;
};

/** Runs the same on both sides at once, to their ends. */
export const onBoth = async <T>(
  sides: { readonly real: RealSide; readonly embedded: Side },
  run: (side: Side) => Promise<T>,
): Promise<{ readonly real: T; readonly embedded: T }> => {
  // Both to their ends, so that one that fails leaves nothing running behind.
  const ends = await Promise.allSettled([run(sides.real), run(sides.embedded)]);
  const [real, embedded] = ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  }) as [T, T];
  return { real, embedded };
};

/** Runs the same on both sides at once, writes down what each came to, and wants it to be the same. */
export const sameOnBoth = async <T>(
  sides: { readonly real: RealSide; readonly embedded: Side },
  behaviour: string,
  run: (side: Side) => Promise<T>,
  inWords: (result: T) => string = String,
): Promise<T> => sameEnds(await onBoth(sides, run), behaviour, inWords);
