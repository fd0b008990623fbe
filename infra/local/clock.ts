import type { Clock } from '../../shared/core/clock.ts';

/**
 * The embedded account's clock. It either *runs* at the speed of the machine's clock with an offset, or is
 * *held*: then it stands still until somebody jumps it, so that what happens does not depend on how fast the
 * machine is. Whatever the world does later (an update that finishes, a pod that stops) is scheduled here, so
 * a jump over an hour makes everything of that hour happen in order.
 */
export interface WorldClock extends Clock {
  /** Runs `run` when the clock reaches `at` (epoch ms). Answers a function that cancels it. */
  schedule(at: number, run: () => void): () => void;
  /** When the earliest scheduled work is due (epoch ms). */
  nextDue(): number | undefined;
  /** Moves forward to `at`, running what is due on the way, each at its own time. Never goes back. */
  jumpTo(at: number): void;
  /** Told after every jump, with the new offset to the machine's clock in ms. */
  onJump(listener: (offsetMs: number) => void): () => void;
  /** Stands still from now on (`true`), or runs on from where it is (`false`). */
  hold(held: boolean): void;
  readonly held: boolean;
  readonly offsetMs: number;
  stop(): void;
}

interface Entry {
  readonly at: number;
  readonly run: () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const createWorldClock = (startAt: number): WorldClock => {
  let offsetMs = startAt - Date.now();
  let heldAt: number | undefined;
  let entries: Entry[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const listeners = new Set<(offsetMs: number) => void>();
  /** While due work runs during a jump, the time is that work's own. */
  let pinned: number | undefined;

  const now = () => pinned ?? heldAt ?? Date.now() + offsetMs;

  const arm = () => {
    clearTimeout(timer);
    const [next] = entries;
    if (next === undefined || stopped) return;
    const waitMs = Math.max(0, next.at - now());
    if (heldAt !== undefined && waitMs > 0) return;
    timer = setTimeout(() => runDue(now()), Math.min(waitMs, LONGEST_TIMER_MS));
    timer.unref();
  };

  const runDue = (until: number) => {
    const floor = now();
    for (let [next] = entries; next !== undefined && next.at <= until; [next] = entries) {
      entries.shift();
      pinned = heldAt === undefined ? next.at : Math.max(next.at, floor);
      try {
        next.run();
      } finally {
        pinned = undefined;
      }
    }
    arm();
  };

  const schedule = (at: number, run: () => void) => {
    const entry: Entry = { at, run };
    const index = entries.findIndex((other) => other.at > at);
    if (index === -1) entries.push(entry);
    else entries.splice(index, 0, entry);
    if (pinned === undefined) arm();
    return () => {
      entries = entries.filter((other) => other !== entry);
    };
  };

  return {
    now,
    schedule,
    nextDue: () => entries[0]?.at,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const cancel = schedule(now() + ms, resolve);
        signal?.addEventListener(
          'abort',
          () => {
            cancel();
            reject(signal.reason);
          },
          { once: true },
        );
      }),
    jumpTo: (at) => {
      const target = Math.max(at, now());
      runDue(target);
      if (heldAt !== undefined) heldAt = target;
      offsetMs = Math.max(offsetMs, target - Date.now());
      for (const listener of listeners) listener(offsetMs);
      arm();
    },
    onJump: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hold: (held) => {
      if (held === (heldAt !== undefined)) return;
      if (held) heldAt = now();
      else {
        offsetMs = now() - Date.now();
        heldAt = undefined;
      }
      arm();
    },
    get held() {
      return heldAt !== undefined;
    },
    get offsetMs() {
      return heldAt === undefined ? offsetMs : heldAt - Date.now();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
