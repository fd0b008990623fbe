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
