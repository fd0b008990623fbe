import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from '@jest/globals';
import { readJournal } from '../../../../shared/core/journal.ts';
import type { PublishedEvent } from '../../../../shared/core/store.ts';
import { createVerdictWriter } from '../../../../shared/runtime/verdict-writer.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const decision = { cluster: 'staging', target: 'add-on/coredns', action: 'update-add-on', reason: 'updated' };
const origin = {
  origin: 'staging-1-35-1/add-on',
  mode: 'act',
  at: Date.parse('2026-11-20T10:00:00Z'),
} as const;

const setUp = (publish?: () => Promise<void>) => {
  const store = createMemoryStore(createFakeClock('2026-11-20T10:05:00Z'));
  const published: PublishedEvent[] = [];
  const write = createVerdictWriter({
    automation: 'cluster-upgrade',
    logger: new Logger({ logLevel: 'SILENT' }),
    store,
    publisher: {
      publish: async (events) => {
        published.push(...events);
        await publish?.();
      },
    },
  });
  const journaled = async () => {
    const verdicts = [];
    for await (const verdict of readJournal(store, 'cluster-upgrade', '2026-11-20')) verdicts.push(verdict);
    return verdicts;
  };
  return { write, published, journaled };
};

describe('verdicts of a durable function', () => {
  it('are journaled once, however often their step runs', async () => {
    const { write, journaled } = setUp();
    const first = await write([decision], origin);
    const second = await write([decision], origin);
    expect(second).toEqual(first);
    expect(await journaled()).toEqual([
      { automation: 'cluster-upgrade', ...decision, mode: 'act', at: '2026-11-20T10:00:00.000Z' },
    ]);
  });

  it('are published where something was changed', async () => {
    const { write, published } = setUp();
    const [verdict] = await write(
      [decision, { ...decision, action: 'none', reason: 'already-there' }],
      origin,
    );
    await write([decision], { ...origin, mode: 'observe' });
    expect(published).toEqual([{ detailType: 'cluster-upgrade/update-add-on', detail: verdict }]);
  });

  it('stay journaled when the bus is away', async () => {
    const { write, journaled } = setUp(() => Promise.reject(new Error('the bus is away')));
    await write([decision], origin);
    expect(await journaled()).toHaveLength(1);
  });
});
