import {
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Case } from '../../comparison.ts';
import { attempt } from '../../comparison.ts';
import { TABLE } from '../../world.ts';
import type { Item } from './items.ts';
import { get, key, put, refused, update } from './items.ts';

/** What an item can hold, keys, the table itself. */

const NUMBERS = 'developer guide, "Supported data types": up to 38 digits, up to 9.99E+125';
const SETS = 'developer guide, "Supported data types": each value within a set is unique';

const taken =
  (members: object): Case['run'] =>
  async (side) => {
    await put(side, { ...key('refused/put'), ...members });
    return 'taken';
  };

export const valueCases: readonly Case[] = [
  {
    behaviour: 'reserved words have to be given a name',
    run: async (side) => {
      const ask = (word: string) =>
        attempt(async () => {
          await update(side, key('reserved'), {
            UpdateExpression: `SET ${word} = :v`,
            ExpressionAttributeValues: { ':v': { N: '1' } },
          });
          return 'taken';
        });
      return [
        await ask('status'),
        await ask('version'),
        await ask('ttl'),
        await ask('mode'),
        await ask('holder'),
      ];
    },
  },
  {
    behaviour: 'every type comes back as it was written',
    run: async (side) => {
      const Item: Item = {
        ...key('types'),
        text: { S: '☃ ü' },
        empty: { S: '' },
        number: { N: '-12.5' },
        binary: { B: new Uint8Array([0, 1, 255]) },
        noBinary: { B: new Uint8Array([]) },
        yes: { BOOL: true },
        nothing: { NULL: true },
        list: { L: [{ S: 'a' }, { L: [] }] },
        map: { M: { deep: { M: {} } } },
        texts: { SS: ['b', 'a'] },
        numbers: { NS: ['2', '10'] },
        binaries: { BS: [new Uint8Array([2]), new Uint8Array([1])] },
      };
      await put(side, Item);
      const found = await get(side, key('types'));
      return {
        ...found,
        texts: found?.texts?.SS?.toSorted(),
        numbers: found?.numbers?.NS?.toSorted(),
        binaries: found?.binaries?.BS?.map(String).sort(),
      };
    },
  },
  {
    behaviour: 'numbers come back in their shortest form, with 38 digits',
    differs: {
      documented: [
        '007 7',
        '1.50 1.5',
        '-0 0',
        '1e3 1000',
        '1E-5 0.00001',
        '12345678901234567890123456789012345678 12345678901234567890123456789012345678',
        '0.1 0.1',
        '100000 100000',
      ],
      because:
        'moto gives the text back as it came; developer guide, "Supported data types": leading and trailing zeroes are trimmed',
    },
    run: async (side) => {
      const numbers = [
        '007',
        '1.50',
        '-0',
        '1e3',
        '1E-5',
        '12345678901234567890123456789012345678',
        '0.1',
        '100000',
      ];
      const Item: Item = {
        ...key('numbers'),
        ...Object.fromEntries(numbers.map((N, index) => [`n${index}`, { N }])),
      };
      await put(side, Item);
      const found = await get(side, key('numbers'));
      return numbers.map((number, index) => `${number} ${found?.[`n${index}`]?.N}`);
    },
  },
  ...(
    [
      ['a number that is none', { n: { N: 'ten' } }],
      ['an empty set', { n: { SS: [] } }],
      ['an empty partition key', { pk: { S: '' } }],
      ['an empty sort key', { sk: { S: '' } }],
      ['a key of another type', { sk: { N: '1' } }],
      ['more than 400 KB', { body: { S: 'x'.repeat(409_600) } }],
      ['a sort key of 1,025 bytes', { sk: { S: 'x'.repeat(1_025) } }],
    ] as const
  ).map(([what, members]): Case => ({ behaviour: `PutItem with ${what} is refused`, run: taken(members) })),
  ...(
    [
      ['a number of 39 digits', { n: { N: '123456789012345678901234567890123456789' } }, NUMBERS],
      ['a number beyond 1E+125', { n: { N: '1e126' } }, NUMBERS],
      ['a set with one value twice', { n: { SS: ['a', 'a'] } }, SETS],
      ['a set of numbers with one value in two forms', { n: { NS: ['1', '1.0'] } }, SETS],
    ] as const
  ).map(
    ([what, members, source]): Case => ({
      behaviour: `PutItem with ${what} is refused`,
      ...refused(`moto takes it; ${source}`),
      run: taken(members),
    }),
  ),
  {
    behaviour: 'PutItem of exactly 400 KB is taken, UpdateItem beyond them is refused',
    run: async (side) => {
      const pk = 'limit';
      const names = 'pk'.length + 'sk'.length + 'body'.length;
      const body = 'x'.repeat(400 * 1024 - pk.length - 'a'.length - names);
      await put(side, { ...key(pk), body: { S: body } });
      return attempt(() =>
        update(side, key(pk), {
          UpdateExpression: 'SET more = :m',
          ExpressionAttributeValues: { ':m': { S: 'x' } },
        }),
      );
    },
  },
  {
    behaviour: 'keys that are not whole: GetItem without a sort key, with one too many',
    run: async (side) => [
      await attempt(() => get(side, { pk: { S: 'a' } })),
      await attempt(() => get(side, { ...key('a'), more: { S: 'x' } })),
    ],
  },
  {
    behaviour: 'a table that is not there',
    run: async ({ clients }) => {
      const TableName = 'nobody';
      return [
        await attempt(() => clients.dynamo.send(new GetItemCommand({ TableName, Key: key('a') }))),
        await attempt(() => clients.dynamo.send(new PutItemCommand({ TableName, Item: key('a') }))),
        await attempt(() => clients.dynamo.send(new DescribeTableCommand({ TableName }))),
      ];
    },
  },
  {
    behaviour: 'DescribeTable: keys, billing, state',
    run: async ({ clients }) => {
      const { Table } = await clients.dynamo.send(new DescribeTableCommand({ TableName: TABLE }));
      return {
        name: Table?.TableName,
        status: Table?.TableStatus,
        keys: Table?.KeySchema,
        attributes: Table?.AttributeDefinitions?.toSorted((a, b) =>
          (a.AttributeName ?? '').localeCompare(b.AttributeName ?? ''),
        ),
        billing: Table?.BillingModeSummary?.BillingMode,
        arn: Table?.TableArn,
      };
    },
  },
  {
    behaviour: 'consumed capacity is told where asked for',
    run: async ({ clients }) => {
      const { ConsumedCapacity } = await clients.dynamo.send(
        new PutItemCommand({ TableName: TABLE, Item: key('capacity'), ReturnConsumedCapacity: 'TOTAL' }),
      );
      return ConsumedCapacity;
    },
  },
  {
    behaviour: 'TransactWriteItems',
    differs: {
      documented: { error: 'NotImplemented', status: 501 },
      because:
        'dynalite has no transactions and says so; the product writes single items under conditions, so that none is needed',
    },
    run: async ({ clients }) => {
      await clients.dynamo.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Put: { TableName: TABLE, Item: key('transaction') } }],
        }),
      );
      return 'taken';
    },
  },
];
