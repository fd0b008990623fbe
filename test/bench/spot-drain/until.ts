import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/** Looks again and again until it is so. */
export const until = async (
  what: string,
  isSo: () => Promise<boolean> | boolean,
  withinSeconds = 120,
): Promise<void> => {
  for (const end = performance.now() + withinSeconds * 1000; !(await isSo()); await sleep(POLL_MS)) {
    if (performance.now() > end) throw new Error(`not within ${withinSeconds} s: ${what}`);
  }
};
