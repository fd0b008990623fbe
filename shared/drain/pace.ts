import type { Clock } from '../core/clock.ts';

/** How fast one cluster is worked on, by all drains that share it. */
export interface Pace {
  /** Runs a task when it is its turn. Tasks of one lane write the same object and get in each other's way. */
  run<T>(task: () => Promise<T>, options?: { lane?: string }): Promise<T>;
  /** The server asked for a pause, or fails under the load: fewer at once, and none before the pause is over. */
  slowDown?(retryAfterSeconds?: number): void;
  /** Resolves when no pause is on. */
  calm?(): Promise<void>;
}

export interface PaceOptions {
  readonly clock: Clock;
  /** Tasks under way at once, at the most. */
  readonly concurrency: number;
  /** Tasks begun a second, in the long run; as many as `concurrency` at once. */
  readonly perSecond: number;
}

/** Under way at once in all lanes together, one in each at the least. */
const IN_LANES = 8;
/** One burst of refusals is one sign of pressure. */
const SIGN_MS = 1_000;
const PAUSE_SECONDS = 1;

interface Waiting {
  readonly lane: string | undefined;
  readonly start: () => void;
}

/**
 * A token bucket and a window of tasks under way. The window is halved when the server shows that it is too much
 * and grows by one for each window's worth of answers, as TCP's does, so that a struggling server is not hit harder.
 */
export const createPace = ({
  clock,
  concurrency,
  perSecond,
}: PaceOptions): Pace & { readonly window: number } => {
  const waiting: Waiting[] = [];
  const busy = new Map<string, number>();
  let running = 0;
  let window = concurrency;
  let tokens = concurrency;
  let filledAt = clock.now();
  let pausedUntil = 0;
  let slowedAt = Number.NEGATIVE_INFINITY;
  let wakesAt = Number.POSITIVE_INFINITY;

  const fill = (now: number) => {
    tokens = Math.min(concurrency, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };

  const wakeAt = (at: number) => {
    if (at >= wakesAt) return;
    wakesAt = at;
    void clock.sleep(Math.max(1, at - clock.now())).then(() => {
      if (wakesAt === at) wakesAt = Number.POSITIVE_INFINITY;
      startNext();
    });
  };

  const laneHasRoom = (lane: string | undefined): boolean => {
    if (lane === undefined) return true;
    const mine = busy.get(lane) ?? 0;
    const lanes = mine === 0 ? busy.size + 1 : busy.size;
    return mine < Math.max(1, Math.floor(IN_LANES / lanes));
  };

  const begin = ({ lane, start }: Waiting) => {
    running += 1;
    tokens -= 1;
    if (lane !== undefined) busy.set(lane, (busy.get(lane) ?? 0) + 1);
    start();
  };

  const startNext = () => {
    const now = clock.now();
    fill(now);
    for (let index = 0; index < waiting.length && running < Math.floor(window); ) {
      if (now < pausedUntil) return wakeAt(pausedUntil);
      if (tokens < 1) return wakeAt(now + Math.ceil(((1 - tokens) / perSecond) * 1000));
      const next = waiting[index];
      if (next === undefined || !laneHasRoom(next.lane)) {
        index += 1;
        continue;
      }
      waiting.splice(index, 1);
      begin(next);
    }
  };

  const end = (lane: string | undefined) => {
    running -= 1;
    const left = lane === undefined ? 0 : (busy.get(lane) ?? 1) - 1;
    if (lane !== undefined && left === 0) busy.delete(lane);
    else if (lane !== undefined) busy.set(lane, left);
    startNext();
  };

  return {
    get window() {
      return window;
    },
    run: async (task, { lane } = {}) => {
      await new Promise<void>((resolve) => {
        waiting.push({ lane, start: resolve });
        startNext();
      });
      try {
        const result = await task();
        window = Math.min(concurrency, window + 1 / window);
        return result;
      } finally {
        end(lane);
      }
    },
    slowDown: (retryAfterSeconds) => {
      const now = clock.now();
      if (retryAfterSeconds !== undefined) {
        pausedUntil = Math.max(pausedUntil, now + Math.max(retryAfterSeconds, PAUSE_SECONDS) * 1000);
      }
      if (now - slowedAt < SIGN_MS) return;
      slowedAt = now;
      window = Math.max(1, window / 2);
    },
    calm: async () => {
      for (let waitMs = pausedUntil - clock.now(); waitMs > 0; waitMs = pausedUntil - clock.now()) {
        await clock.sleep(waitMs);
      }
    },
  };
};
