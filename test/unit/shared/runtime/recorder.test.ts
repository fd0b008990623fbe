import { describe, expect, it } from '@jest/globals';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';

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
