import type { Clock } from '../../shared/core/clock.ts';

/**
 * A result, or an error after so many milliseconds: one cluster that hangs must not take the others of its
 * batch with it when Lambda ends the function.
 */
export const inTime = async <T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> => {
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await clock.sleep(Math.max(0, ms), over.signal);
    throw new Error(`no answer within ${Math.round(ms)} ms; the messages come again`);
  };
  try {
    return await Promise.race([work, late()]);
  } finally {
    over.abort();
  }
};
