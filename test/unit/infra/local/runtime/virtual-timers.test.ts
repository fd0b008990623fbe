import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createVirtualTimers } from '../../../../../infra/local/runtime/virtual-timers.ts';

const machine = { now: () => 0, setTimeout: () => 0, clearTimeout: () => undefined, setImmediate };
const held = (now: number) => ({ now, held: true });
const create = () => createVirtualTimers(machine, held(0));

const settled = async (timers: { readonly firing: boolean }) => {
  do await new Promise((resolve) => setImmediate(resolve));
  while (timers.firing);
};

describe('virtual timers', () => {
  it('fire in order of due time, whatever the jump and the order they were made in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 30 }), async (delays) => {
        const timers = create();
        const fired: number[] = [];
        for (const delay of delays) timers.setTimeout(() => fired.push(delay), delay);
        timers.setTime(held(1_000));
        await settled(timers);
        expect(fired).toEqual(delays.toSorted((left, right) => left - right));
      }),
      { numRuns: 30 },
    );
  });

  it('let promises run between two timers, as Node does', async () => {
    const timers = create();
    const seen: string[] = [];
    timers.setTimeout(() => void Promise.resolve().then(() => seen.push('then')), 1);
    timers.setTimeout(() => seen.push('second'), 2);
    timers.setTime(held(2));
    await settled(timers);
    expect(seen).toEqual(['then', 'second']);
  });

  it('repeat an interval from the time at which it fired', async () => {
    const timers = create();
    let count = 0;
    const interval = timers.setInterval(() => count++, 10);
    for (const now of [10, 20, 30]) {
      timers.setTime(held(now));
      await settled(timers);
    }
    timers.clear(interval);
    timers.setTime(held(100));
    await settled(timers);
    expect(count).toBe(3);
  });

  it.each([
    ['the object', (handle: { [Symbol.toPrimitive](): number }) => handle],
    ['its number', (handle: { [Symbol.toPrimitive](): number }) => Number(handle)],
    ['its number as text', (handle: { [Symbol.toPrimitive](): number }) => String(Number(handle))],
  ])('are cleared by %s', async (_name, given) => {
    const timers = create();
    let fired = false;
    timers.clear(given(timers.setTimeout(() => (fired = true), 5)));
    timers.setTime(held(10));
    await settled(timers);
    expect(fired).toBe(false);
    expect(timers.earliest('ref')).toBeUndefined();
  });

  it('tell those that keep a process alive from the others', () => {
    const timers = create();
    timers.setTimeout(() => undefined, 5).unref();
    timers.setTimeout(() => undefined, 50);
    expect(timers.earliest('ref')).toBe(50);
    expect(timers.earliest('unref')).toBe(5);
  });

  it('wait while the process is frozen, and fire when it thaws', async () => {
    const timers = create();
    let fired = false;
    timers.setTimeout(() => (fired = true), 5);
    timers.freeze(true);
    timers.setTime(held(10));
    await settled(timers);
    expect(fired).toBe(false);
    timers.freeze(false);
    await settled(timers);
    expect(fired).toBe(true);
  });

  it('start over when they are refreshed', async () => {
    const timers = create();
    let fired = false;
    const timer = timers.setTimeout(() => (fired = true), 10);
    timers.setTime(held(8));
    timer.refresh();
    timers.setTime(held(12));
    await settled(timers);
    expect(fired).toBe(false);
    timers.setTime(held(18));
    await settled(timers);
    expect(fired).toBe(true);
  });
});
