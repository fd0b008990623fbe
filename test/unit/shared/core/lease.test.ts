import { describe, expect, it } from '@jest/globals';
import { nodeGroupLease, releaseLease, takeLease } from '../../../../shared/core/lease.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const resource = nodeGroupLease('staging', 'web-a');
const world = () => {
  const clock = createFakeClock();
  const store = createMemoryStore(clock);
  return {
    clock,
    store,
    take: (holder: string, seconds = 60) => takeLease(store, clock, { resource, holder, seconds }),
  };
};

describe('a lease', () => {
  it('goes to the first who asks; the second learns who holds it', async () => {
    const { clock, take } = world();
    expect((await take('cluster-upgrade/run-1')).held).toBe(true);
    expect(await take('node-group-schedule')).toEqual({
      held: false,
      holder: 'cluster-upgrade/run-1',
      until: clock.now() + 60_000,
    });
  });

  it('is renewed by its holder', async () => {
    const { clock, take } = world();
    await take('a');
    clock.advance(50_000);
    expect((await take('a')).held).toBe(true);
    clock.advance(50_000);
    expect((await take('b')).held).toBe(false);
  });

  it('is free once it expired', async () => {
    const { clock, take } = world();
    await take('a');
    clock.advance(60_000);
    expect((await take('b')).held).toBe(true);
  });

  it('is free again after it was released, and a stranger cannot release it', async () => {
    const { store, take } = world();
    await take('a');
    await releaseLease(store, { resource, holder: 'b' });
    expect((await take('b')).held).toBe(false);
    await releaseLease(store, { resource, holder: 'a' });
    expect((await take('b')).held).toBe(true);
  });

  it('goes to exactly one of many who ask at once', async () => {
    const { take } = world();
    const results = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((holder) => take(holder)));
    expect(results.filter(({ held }) => held)).toHaveLength(1);
  });
});
