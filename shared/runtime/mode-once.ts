import type { Clock } from '../core/clock.ts';
import type { Mode } from '../core/mode.ts';

/** A mode is as good as new for so long: what is done many times a second reads it together. */
export const MODE_VALID_MS = 1_000;

/** The mode as it was within the last second, for what has to know it before every step. */
export const modeOnceASecond = (clock: Clock, read: () => Promise<Mode>): (() => Promise<Mode>) => {
  let last: { readonly at: number; readonly mode: Promise<Mode> } | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || now - last.at >= MODE_VALID_MS) last = { at: now, mode: read() };
    return last.mode;
  };
};
