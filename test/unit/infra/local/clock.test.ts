import { afterEach, describe, expect, it } from '@jest/globals';
import type { WorldClock } from '../../../../infra/local/clock.ts';
import { createWorldClock } from '../../../../infra/local/clock.ts';

const START = Date.UTC(2026, 10, 20, 22);
let clock: WorldClock;

afterEach(() => {
  clock.stop();
});

describe('the world clock', () => {
  it('runs on from its start at the speed of the machine', async () => {
    clock = createWorldClock(START);
    const before = clock.now();
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(clock.now() - before).toBeGreaterThanOrEqual(10);
    expect(before - START).toBeLessThan(1_000);
  });

  it('stands still while it is held, and runs on from there', async () => {
    clock = createWorldClock(START);
    clock.hold(true);
    const held = clock.now();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(clock.now()).toBe(held);
    clock.hold(false);
    expect(clock.now() - held).toBeLessThan(1_000);
  });

  it('runs everything of a jump in order of due time, each at its own time', () => {
    clock = createWorldClock(START);
    clock.hold(true);
    const start = clock.now();
    const seen: [string, number][] = [];
    clock.schedule(start + 2_000, () => seen.push(['second', clock.now() - start]));
    clock.schedule(start + 1_000, () => {
      seen.push(['first', clock.now() - start]);
      clock.schedule(clock.now() + 500, () => seen.push(['made on the way', clock.now() - start]));
    });
    clock.schedule(start + 5_000, () => seen.push(['too late', 0]));
    clock.jumpTo(start + 3_000);
    expect(seen).toEqual([
      ['first', 1_000],
      ['made on the way', 1_500],
      ['second', 2_000],
    ]);
    expect(clock.now()).toBe(start + 3_000);
    expect(clock.nextDue()).toBe(start + 5_000);
  });

  it('does what is due at once without a jump, held or not', async () => {
    clock = createWorldClock(START);
    clock.hold(true);
    await expect(clock.sleep(0)).resolves.toBeUndefined();
  });

  it('never goes back', () => {
    clock = createWorldClock(START);
    clock.hold(true);
    const start = clock.now();
    clock.jumpTo(start - 60_000);
    expect(clock.now()).toBe(start);
  });

  it('rejects a sleep that is aborted, and forgets its work', async () => {
    clock = createWorldClock(START);
    clock.hold(true);
    const controller = new AbortController();
    const sleep = clock.sleep(1_000, controller.signal);
    controller.abort(new Error('not needed'));
    await expect(sleep).rejects.toThrow('not needed');
    expect(clock.nextDue()).toBeUndefined();
  });
});
