/**
 * Time is an argument. Everything below `functions/` and `shared/` takes a Clock; this file is the only
 * one that asks the machine, so that tests and the embedded account can move time at will.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A point in time by which work has to be over. */
export interface Deadline {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Milliseconds left, never negative. */
  remainingMs(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', abort, { once: true });
    }),
};

export const deadlineAt = (clock: Clock, at: number): Deadline => ({
  at,
  remainingMs: () => Math.max(0, at - clock.now()),
});

/** ISO 8601 in UTC, as every verdict and record writes it. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
