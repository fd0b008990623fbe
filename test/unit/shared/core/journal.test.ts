import { describe, expect, it } from '@jest/globals';
import { appendToJournal, readJournal } from '../../../../shared/core/journal.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const verdict = (number: number): Verdict => ({
  automation: 'pod-cleanup',
  target: `pod/shop/cart-${number}`,
  action: 'delete',
  reason: 'terminated',
  mode: 'act',
  at: '2026-11-19T22:00:00.000Z',
});

describe('the journal', () => {
  const clock = createFakeClock();
  const origin = { requestId: 'r-1', firstNumber: 0, now: clock.now() };

  it('keeps every verdict in order, a hundred an item', async () => {
    const store = createMemoryStore(clock);
    const verdicts = Array.from({ length: 250 }, (_, index) => verdict(index));
    await appendToJournal(store, verdicts, origin);
    expect(store.items()).toHaveLength(3);
    const read: Verdict[] = [];
    for await (const entry of readJournal(store, 'pod-cleanup', '2026-11-19')) read.push(entry);
    expect(read).toEqual(verdicts);
  });

  it('keeps items below the 400 KB that DynamoDB allows, however much detail verdicts carry', async () => {
    const store = createMemoryStore(clock);
    const heavy = Array.from({ length: 7 }, (_, index) => ({
      ...verdict(index),
      detail: { blocked: 'x'.repeat(100_000) },
    }));
    await appendToJournal(store, heavy, origin);
    const sizes = store.items().map((item) => JSON.stringify(item).length);
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(400_000);
    expect(new Set(store.items().map(({ sk }) => sk)).size).toBe(4);
    const read: Verdict[] = [];
    for await (const entry of readJournal(store, 'pod-cleanup', '2026-11-19')) read.push(entry);
    expect(read).toEqual(heavy);
  });

  it('keeps a verdict that is too large for an item without its detail, and says so', async () => {
    const store = createMemoryStore(clock);
    const huge = { ...verdict(1), detail: { findings: 'x'.repeat(500_000) } };
    await appendToJournal(store, [verdict(0), huge, verdict(2)], origin);
    const read: Verdict[] = [];
    for await (const entry of readJournal(store, 'pod-cleanup', '2026-11-19')) read.push(entry);
    expect(read.map(({ target }) => target)).toEqual([0, 1, 2].map((number) => verdict(number).target));
    expect(read[1]?.detail).toEqual({ truncated: expect.stringMatching(/^50\d{4} bytes of detail/) });
  });

  it('writes the same items when an invocation is repeated with the same id', async () => {
    const store = createMemoryStore(clock);
    await appendToJournal(store, [verdict(1)], origin);
    await appendToJournal(store, [verdict(1)], origin);
    expect(store.items()).toHaveLength(1);
  });

  it('keeps entries for 90 days', async () => {
    const store = createMemoryStore(clock);
    await appendToJournal(store, [verdict(1)], origin);
    expect(store.items()[0]?.expiresAt).toBe(clock.now() / 1000 + 90 * 86_400);
  });
});
