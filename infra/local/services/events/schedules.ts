import type { WorldClock } from '../../clock.ts';

export interface Tick {
  readonly everyMinutes: number;
  /** After the whole multiples of the rate. */
  readonly offsetMinutes?: number;
  run(): void;
}

/**
 * EventBridge Scheduler with `rate(n minutes)`, on the whole multiples of that rate, so that a world which
 * starts anywhere ticks at round times. Answers a function that ends it.
 */
export const startSchedules = (clock: WorldClock, ticks: readonly Tick[]): (() => void) => {
  const cancels = new Map<Tick, () => void>();
  const plan = (tick: Tick) => {
    const period = tick.everyMinutes * 60_000;
    const offset = (tick.offsetMinutes ?? 0) * 60_000;
    const next = (Math.floor((clock.now() - offset) / period) + 1) * period + offset;
    cancels.set(
      tick,
      clock.schedule(next, () => {
        plan(tick);
        tick.run();
      }),
    );
  };
  for (const tick of ticks) plan(tick);
  return () => {
    for (const cancel of cancels.values()) cancel();
  };
};
