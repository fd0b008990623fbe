import type { Clock } from '../core/clock.ts';
import type { Observation } from './observe.ts';

/** Observations as they come in, and a way to wait for the next one no longer than until a point in time. */
export interface Inbox {
  put(observation: Observation): void;
  /** The oldest that was not taken, or `time` at `until` (epoch ms). */
  take(until: number): Promise<Observation>;
}

export const createInbox = (clock: Clock): Inbox => {
  const items: Observation[] = [];
  let wake: AbortController | undefined;
  return {
    put: (observation) => {
      items.push(observation);
      wake?.abort();
    },
    take: async (until) => {
      const waitMs = until - clock.now();
      if (items.length === 0 && waitMs > 0) {
        wake = new AbortController();
        try {
          await clock.sleep(waitMs, wake.signal);
        } catch (error) {
          if (!wake.signal.aborted) throw error;
        }
        wake = undefined;
      }
      return items.shift() ?? { kind: 'time' };
    },
  };
};
