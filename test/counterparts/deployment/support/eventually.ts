import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 200;

/** Looks again and again until there is something. Rejects with `what` after so many seconds. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinSeconds = 60,
): Promise<T> => {
  for (const end = performance.now() + withinSeconds * 1000; ; await sleep(EVERY_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${withinSeconds} s: ${what}`);
  }
};
