import type { Clock } from '../core/clock.ts';
import { CaretakerError } from '../core/errors.ts';
import { createLanes } from './lanes.ts';

/** What an answer says about the object that all tasks of a lane write. */
export type LaneVerdict = 'refused' | 'granted' | undefined;

export interface TaskOptions<T> {
  /** Tasks of one lane write the same object: they get in each other's way, and are refused together. */
  readonly lane?: string;
  readonly judge?: (result: T) => LaneVerdict;
  /** Not begun after this (epoch ms): rejected with NotBegunError. */
  readonly expiresAt?: number;
  /** Aborted: not begun any more, rejected with NotBegunError at its turn. */
  readonly signal?: AbortSignal;
}

/** How fast one cluster is worked on, by all drains that share it. */
export interface Pace {
  /** Runs a task when it is its turn. */
  run<T>(task: () => Promise<T>, options?: TaskOptions<T>): Promise<T>;
  /** The server asked for a pause, or fails under the load: fewer at once, and none before the pause is over. */
  slowDown?(retryAfterSeconds?: number): void;
  /** Resolves when no pause is on. */
  calm?(): Promise<void>;
}

/** Its turn did not come in time; nothing was sent. */
export class NotBegunError extends CaretakerError {
  constructor() {
    super('NotBegunError', 'its turn did not come in time, so nothing was sent');
  }
}

export interface PaceOptions {
  readonly clock: Clock;
  /** Tasks under way at once, at the most. */
  readonly concurrency: number;
  /** Tasks begun a second, in the long run; as many as `concurrency` at once. */
  readonly perSecond: number;
}

/** One burst of refusals is one sign of pressure. */
const SIGN_MS = 1_000;
const PAUSE_SECONDS = 1;

interface Waiting {
  readonly lane: string | undefined;
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  readonly begin: () => void;
  readonly expire: () => void;
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
  const lanes = createLanes();
  let waiting: Waiting[] = [];
  let running = 0;
  let window = concurrency;
  let tokens = concurrency;
  let filledAt = clock.now();
  let pausedUntil = 0;
  let slowedAt = Number.NEGATIVE_INFINITY;
  let alarm: { readonly at: number; readonly off: AbortController } | undefined;

  const fill = (now: number) => {
    tokens = Math.min(concurrency, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };

  /** One alarm at a time; none where nobody waits for a point in time. */
  const wakeAt = (at: number) => {
    if (at === alarm?.at) return;
    alarm?.off.abort();
    alarm = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const off = new AbortController();
    alarm = { at, off };
    void clock.sleep(Math.max(1, at - clock.now()), off.signal).then(
      () => {
        alarm = undefined;
        beginNext();
      },
      (error: unknown) => {
        if (!off.signal.aborted) throw error;
      },
    );
  };

  /** When a task may begin: now, or at a time that is known; undefined where an answer decides. */
  const turnOf = ({ lane }: Waiting, now: number): number | undefined => {
    if (running >= Math.floor(window)) return undefined;
    if (now < pausedUntil) return pausedUntil;
    const laneAt = lane === undefined ? now : lanes.freeAt(lane, now);
    if (laneAt === undefined || laneAt > now) return laneAt;
    return tokens >= 1 ? now : now + Math.ceil(((1 - tokens) / perSecond) * 1000);
  };

  const beginNext = () => {
    const now = clock.now();
    fill(now);
    const isOver = ({ expiresAt, signal }: Waiting) => expiresAt <= now || signal?.aborted === true;
    const over = waiting.filter(isOver);
    waiting = waiting.filter((task) => !isOver(task));
    for (const { expire } of over) expire();
    const still: Waiting[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const task of waiting) {
      const at = turnOf(task, now);
      if (at === now) {
        running += 1;
        tokens -= 1;
        if (task.lane !== undefined) lanes.enter(task.lane);
        task.begin();
        continue;
      }
      still.push(task);
      next = Math.min(next, at ?? Number.POSITIVE_INFINITY, task.expiresAt);
    }
    waiting = still;
    wakeAt(next);
  };

  return {
    get window() {
      return window;
    },
    run: async (task, { lane, judge, signal, expiresAt = Number.POSITIVE_INFINITY } = {}) => {
      await new Promise<void>((begin, reject) => {
        waiting.push({ lane, expiresAt, signal, begin, expire: () => reject(new NotBegunError()) });
        beginNext();
      });
      let verdict: LaneVerdict;
      const begunAt = clock.now();
      try {
        const result = await task();
        verdict = judge?.(result);
        window = Math.min(concurrency, window + 1 / window);
        return result;
      } finally {
        running -= 1;
        if (lane !== undefined) lanes.leave(lane, { verdict, begunAt, now: clock.now() });
        beginNext();
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
