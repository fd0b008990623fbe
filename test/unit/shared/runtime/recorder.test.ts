import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';

const callWith = (count: number) => {
  const clock = createFakeClock();
  const call = createTestCall({ automation: 'pod-cleanup', clock, store: createMemoryStore(clock) });
  for (let index = 0; index < count; index++) {
    call.recorder.record({ target: `pod/shop/${index}`, action: 'none', reason: 'too-young' }, 'act');
  }
  return call;
};
const summary = { target: 'cluster/staging', action: 'none', reason: 'report' } as const;

describe('the result of an invocation', () => {
  it('holds a thousand verdicts, and counts the others', async () => {
    const { verdicts, truncated } = await callWith(1_005).recorder.finish('act');
    expect(verdicts).toHaveLength(1_000);
    expect(verdicts.at(-1)?.target).toBe('pod/shop/999');
    expect(truncated).toBe(5);
  });

  it.each([
    [3, undefined],
    [1_000, 1],
    [1_005, 6],
  ])('begins with the summary of %i verdicts, whenever that was recorded', async (count, left) => {
    const call = callWith(count);
    call.recorder.record(summary, 'act', { first: true });
    const { verdicts, truncated } = await call.recorder.finish('act');
    expect(verdicts[0]).toMatchObject(summary);
    expect(verdicts).toHaveLength(Math.min(count + 1, 1_000));
    expect(truncated).toBe(left);
    // The log and the journal have the order of time.
    expect(call.verdicts.at(-1)).toMatchObject(summary);
  });
});

describe('two that wait for the journal at the same time', () => {
  it('both find their verdicts in it', async () => {
    const clock = createVirtualClock();
    const store = createMemoryStore(clock);
    const slow = {
      ...store,
      append: async (items: Parameters<typeof store.append>[0]) => {
        await clock.sleep(1_000);
        return store.append(items);
      },
    };
    const { recorder } = createTestCall({ automation: 'spot-drain', clock, store: slow });
    recorder.record(summary, 'act');
    const written: number[] = [];
    const flushed = async () => {
      await recorder.flush();
      written.push(store.items().length);
    };
    await Promise.all([flushed(), flushed()]);
    expect(written).toEqual([1, 1]);
  });

  it('and the later one tries again what the earlier one could not write', async () => {
    const clock = createVirtualClock();
    const store = createMemoryStore(clock);
    let failures = 1;
    const failing = {
      ...store,
      append: async (items: Parameters<typeof store.append>[0]) => {
        if (failures-- > 0) throw new Error('the table is away');
        return store.append(items);
      },
    };
    const { recorder } = createTestCall({ automation: 'spot-drain', clock, store: failing });
    recorder.record(summary, 'act');
    const results = await Promise.allSettled([recorder.flush(), recorder.flush()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(store.items()).toHaveLength(1);
  });
});
