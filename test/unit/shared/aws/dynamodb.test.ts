import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import dynalite from 'dynalite';
import { createStore } from '../../../../shared/aws/dynamodb.ts';
import type { Store } from '../../../../shared/core/store.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const clock = createFakeClock();
let server: Server;
let client: DynamoDBClient;

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  await client.send(
    new CreateTableCommand({
      TableName: 'caretaker',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
});

afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const stores: readonly [string, () => Store][] = [
  ['on DynamoDB', () => createStore(client, { table: 'caretaker', clock })],
  ['in memory, as the unit tests use it', () => createMemoryStore(clock)],
];

let partition = 0;

describe.each(stores)('the store %s', (_name, open) => {
  const key = () => {
    partition += 1;
    return { pk: `test#${partition}`, sk: 'a' };
  };

  it('creates an item once', async () => {
    const store = open();
    const item = { ...key(), sizes: { min: 1, desired: 3 } };
    expect(await store.write(item, 0)).toMatchObject({ version: 1 });
    expect(await store.write({ ...item, sizes: { min: 0, desired: 0 } }, 0)).toBeUndefined();
    expect(await store.get(item)).toEqual({ ...item, version: 1 });
  });

  it('writes over the version that was read, and over no other', async () => {
    const store = open();
    const item = key();
    await store.write({ ...item, step: 'first' }, 0);
    expect(await store.write({ ...item, step: 'second' }, 1)).toMatchObject({ version: 2 });
    expect(await store.write({ ...item, step: 'late' }, 1)).toBeUndefined();
    expect(await store.get(item)).toMatchObject({ step: 'second' });
  });

  it('hides an expired item and lets it be created again', async () => {
    const store = open();
    const item = { ...key(), expiresAt: clock.now() / 1000 + 60 };
    await store.write(item, 0);
    clock.advance(60_000);
    expect(await store.get(item)).toBeUndefined();
    expect(await store.write({ pk: item.pk, sk: item.sk }, 0)).toMatchObject({ version: 1 });
  });

  it('removes only the version that was read', async () => {
    const store = open();
    const item = key();
    await store.write(item, 0);
    await store.write(item, 1);
    expect(await store.remove(item, 1)).toBe(false);
    expect(await store.remove(item, 2)).toBe(true);
    expect(await store.get(item)).toBeUndefined();
  });

  it('appends more items than one request takes and reads them back in order', async () => {
    const store = open();
    const { pk } = key();
    const items = Array.from({ length: 60 }, (_, index) => ({
      pk,
      sk: `n#${String(index).padStart(3, '0')}`,
    }));
    await store.append(items);
    await store.append([{ pk, sk: 'other' }]);
    const read: string[] = [];
    for await (const item of store.query(pk, { skPrefix: 'n#' })) read.push(item.sk);
    expect(read).toEqual(items.map(({ sk }) => sk));
  });

  it('leaves out attributes that are undefined', async () => {
    const store = open();
    const item = key();
    await store.write({ ...item, detail: { present: 1, absent: undefined } }, 0);
    expect(await store.get(item)).toEqual({ ...item, detail: { present: 1 }, version: 1 });
  });
});
