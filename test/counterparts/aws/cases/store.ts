import { createStore } from '../../../../shared/aws/dynamodb.ts';
import { systemClock } from '../../../../shared/core/clock.ts';
import type { Store } from '../../../../shared/core/store.ts';
import type { Case } from '../comparison.ts';
import { attempt } from '../comparison.ts';
import type { Side } from '../side.ts';
import { TABLE } from '../world.ts';

/** The product's own store on DynamoDB: writes guarded by versions. Each case has a partition of its own. */

const store = ({ clients }: Side, secondsAhead = 0): Store =>
  createStore(clients.dynamo, {
    table: TABLE,
    clock: { ...systemClock, now: () => systemClock.now() + secondsAhead * 1000 },
  });

const inSeconds = (seconds: number) => Math.floor(systemClock.now() / 1000) + seconds;

const sks = async (side: Side, pk: string, skPrefix?: string) => {
  const found: string[] = [];
  for await (const { sk } of store(side).query(pk, skPrefix === undefined ? {} : { skPrefix }))
    found.push(sk);
  return found;
};

export const storeCases: readonly Case[] = [
  {
    behaviour: 'Store.write and get: an item that was not there has version 1',
    run: async (side) => {
      const item = {
        pk: 'store/new',
        sk: 'a',
        name: 'reserved word',
        count: 3,
        share: 0.25,
        nested: { list: [1, 'two', null, true], empty: {} },
        gone: undefined,
      };
      return [await store(side).write(item, 0), await store(side).get({ pk: 'store/new', sk: 'a' })];
    },
  },
  {
    behaviour: 'Store.write: of two writers who expect version 0 the second one is told so',
    run: async (side) => {
      const key = { pk: 'store/two', sk: 'a' };
      return [
        await store(side).write({ ...key, by: 'first' }, 0),
        await store(side).write({ ...key, by: 'second' }, 0),
        await store(side).get(key),
      ];
    },
  },
  {
    behaviour: 'Store.write: versions grow by one, an old one is refused',
    run: async (side) => {
      const key = { pk: 'store/versions', sk: 'a' };
      const write = (expected: number) => store(side).write({ ...key, expected }, expected);
      return [await write(0), await write(1), await write(1), await write(3), await write(2)];
    },
  },
  {
    behaviour: 'Store.write with a version where there is no item is refused',
    run: (side) => store(side).write({ pk: 'store/absent', sk: 'a' }, 4),
  },
  {
    behaviour: 'Store.get of nothing',
    run: (side) => store(side).get({ pk: 'store/absent', sk: 'b' }),
  },
  {
    behaviour: 'an expired item is hidden, and written over as if it were not there',
    run: async (side) => {
      const key = { pk: 'store/expired', sk: 'a' };
      const expiresAt = inSeconds(60);
      const first = await store(side).write({ ...key, expiresAt, by: 'first' }, 0);
      const early = await store(side).write({ ...key, by: 'early' }, 0);
      const later = store(side, 120);
      const hidden = await later.get(key);
      const over = await later.write({ ...key, by: 'later' }, 0);
      return [first?.version, early, hidden, over, await sks(side, key.pk)];
    },
  },
  {
    behaviour: 'Store.remove while the version is the one expected',
    run: async (side) => {
      const key = { pk: 'store/remove', sk: 'a' };
      await store(side).write(key, 0);
      return [
        await store(side).remove(key, 2),
        await store(side).remove(key, 1),
        await store(side).remove(key, 1),
        await store(side).get(key),
      ];
    },
  },
  {
    behaviour: 'Store.append of 60 items, Store.query in their order and by prefix',
    run: async (side) => {
      const pk = 'store/append';
      const name = (index: number) => `${index % 2 === 0 ? 'even' : 'odd'}#${String(index).padStart(3, '0')}`;
      await store(side).append(Array.from({ length: 60 }, (_, index) => ({ pk, sk: name(59 - index) })));
      const all = await sks(side, pk);
      return [
        all.length,
        all.slice(0, 3),
        all.slice(-2),
        (await sks(side, pk, 'odd#')).length,
        await sks(side, pk, 'odd#05'),
      ];
    },
  },
  {
    behaviour: 'Store.query over more than the 1 MB of one page',
    run: async (side) => {
      const pk = 'store/pages';
      for (const sk of ['a', 'b', 'c', 'd'])
        await store(side).write({ pk, sk, body: 'x'.repeat(350_000) }, 0);
      return sks(side, pk);
    },
  },
  {
    behaviour: 'Store.query of a partition that is not there',
    run: (side) => sks(side, 'store/nobody'),
  },
  {
    behaviour: 'Store.query by an empty prefix',
    run: (side) => sks(side, 'store/append', ''),
  },
  {
    behaviour: 'Store.write and append of more than 400 KB',
    run: async (side) => {
      const item = { pk: 'store/large', sk: 'a', body: 'x'.repeat(410_000) };
      return [
        await attempt(() => store(side).write(item, 0)),
        await attempt(() => store(side).append([item])),
        await store(side).get(item),
      ];
    },
  },
  {
    behaviour: 'Store on a table that is not there',
    run: async ({ clients }) => {
      const gone = createStore(clients.dynamo, { table: 'nobody', clock: systemClock });
      return [
        await attempt(() => gone.get({ pk: 'a', sk: 'b' })),
        await attempt(() => gone.write({ pk: 'a', sk: 'b' }, 0)),
        await attempt(() => gone.append([{ pk: 'a', sk: 'b' }])),
      ];
    },
  },
];
