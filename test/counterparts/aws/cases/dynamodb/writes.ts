import { BatchGetItemCommand, BatchWriteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Case } from '../../comparison.ts';
import { attempt } from '../../comparison.ts';
import type { Side } from '../../side.ts';
import { TABLE } from '../../world.ts';
import type { Item } from './items.ts';
import { get, key, put, query, refused, remove, sks, update } from './items.ts';

/** Writing under conditions, updating, deleting, batches. */

const writeAll = ({ clients }: Side, items: readonly Item[]) =>
  clients.dynamo.send(
    new BatchWriteItemCommand({ RequestItems: { [TABLE]: items.map((Item) => ({ PutRequest: { Item } })) } }),
  );

export const writeCases: readonly Case[] = [
  {
    behaviour:
      'PutItem with attribute_not_exists: the second one is refused, with the item that stood in the way',
    run: async (side) => {
      const write = (by: string) =>
        put(
          side,
          { ...key('put'), by: { S: by } },
          {
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        );
      const first = await write('first');
      try {
        await write('second');
        return 'written twice';
      } catch (error) {
        const { name, message } = error as Error;
        return [first, name, message, (error as { Item?: Item }).Item, await get(side, key('put'))];
      }
    },
  },
  {
    behaviour: 'PutItem answers the old item where asked',
    run: async (side) => {
      await put(side, { ...key('old'), n: { N: '1' } });
      return (await put(side, { ...key('old'), n: { N: '2' } }, { ReturnValues: 'ALL_OLD' })).Attributes;
    },
  },
  {
    behaviour: 'GetItem of nothing has no Item; ProjectionExpression gives the attributes named',
    run: async (side) => {
      await put(side, {
        ...key('projection'),
        ...marshall({ a: 1, b: { c: [1, 2, 3], d: 'x' }, name: 'n' }),
      });
      const { Item } = await side.clients.dynamo.send(
        new GetItemCommand({
          TableName: TABLE,
          Key: key('projection'),
          ProjectionExpression: 'a, b.c[1], #name, absent',
          ExpressionAttributeNames: { '#name': 'name' },
        }),
      );
      return [await get(side, key('projection', 'nobody')), Item];
    },
  },
  {
    behaviour: 'UpdateItem: SET, if_not_exists, list_append, arithmetic, REMOVE, ADD and DELETE of sets',
    run: async (side) => {
      const Key = key('update');
      return [
        await update(side, Key, {
          UpdateExpression: 'SET n = if_not_exists(n, :zero) + :one, l = :list ADD s :set',
          ExpressionAttributeValues: {
            ':zero': { N: '0' },
            ':one': { N: '1' },
            ':list': { L: [{ S: 'a' }] },
            ':set': { SS: ['x', 'y'] },
          },
          ReturnValues: 'ALL_NEW',
        }),
        await update(side, Key, {
          UpdateExpression: 'SET n = n - :one, l = list_append(l, :list), l2 = l REMOVE absent DELETE s :set',
          ExpressionAttributeValues: {
            ':one': { N: '1' },
            ':list': { L: [{ S: 'b' }] },
            ':set': { SS: ['x', 'never there'] },
          },
          ReturnValues: 'UPDATED_NEW',
        }),
        await update(side, Key, { UpdateExpression: 'REMOVE l2, s', ReturnValues: 'UPDATED_OLD' }),
        await get(side, Key),
      ];
    },
  },
  {
    behaviour: 'UpdateItem under a condition that does not hold changes nothing',
    run: async (side) => {
      await put(side, { ...key('guarded'), v: { N: '1' } });
      const answer = await attempt(() =>
        update(side, key('guarded'), {
          UpdateExpression: 'SET v = :new',
          ConditionExpression: 'v = :old',
          ExpressionAttributeValues: { ':new': { N: '3' }, ':old': { N: '2' } },
        }),
      );
      return [answer, await get(side, key('guarded'))];
    },
  },
  {
    behaviour: 'UpdateItem: arithmetic on text, on what is not there, and a change of a key are refused',
    run: async (side) => {
      await put(side, { ...key('wrong'), words: { S: 'x' } });
      const one = { ':one': { N: '1' } };
      const ask = (UpdateExpression: string, values: object) =>
        attempt(() => update(side, key('wrong'), { UpdateExpression, ExpressionAttributeValues: values }));
      return [
        await ask('SET words = words + :one', one),
        await ask('SET absent = absent + :one', one),
        await ask('SET sk = :key', { ':key': { S: 'b' } }),
        await ask('SET a.b = :one', one),
        await ask('SET a = :one, a = :one', one),
      ];
    },
  },
  {
    behaviour: 'DeleteItem under a condition, of what is not there, and with the old item',
    run: async (side) => {
      await put(side, { ...key('delete'), v: { N: '1' } });
      const values = { ExpressionAttributeValues: { ':v': { N: '2' } } };
      return [
        await attempt(() => remove(side, key('delete'), { ConditionExpression: 'v = :v', ...values })),
        await attempt(() =>
          remove(side, key('delete', 'nobody'), { ConditionExpression: 'v = :v', ...values }),
        ),
        await remove(side, key('delete', 'nobody')),
        await remove(side, key('delete'), { ReturnValues: 'ALL_OLD' }),
        await get(side, key('delete')),
      ];
    },
  },
  {
    behaviour: 'BatchWriteItem puts and deletes; UnprocessedItems is there and empty',
    run: async (side) => {
      await put(side, key('batch', 'old'));
      const { UnprocessedItems } = await side.clients.dynamo.send(
        new BatchWriteItemCommand({
          RequestItems: {
            [TABLE]: [
              { PutRequest: { Item: key('batch', 'new') } },
              { DeleteRequest: { Key: key('batch', 'old') } },
              { DeleteRequest: { Key: key('batch', 'never there') } },
            ],
          },
        }),
      );
      return [UnprocessedItems, sks(await query(side, 'batch'))];
    },
  },
  {
    behaviour: 'BatchWriteItem of 26 items is refused',
    ...refused('moto writes them; API reference, BatchWriteItem: up to 25'),
    run: (side) =>
      writeAll(
        side,
        Array.from({ length: 26 }, (_, index) => key('many', String(index))),
      ),
  },
  {
    behaviour: 'BatchWriteItem with one key twice is refused',
    run: (side) => writeAll(side, [key('twice', 'x'), key('twice', 'x')]),
  },
  {
    behaviour: 'BatchWriteItem with an item without its sort key is refused, and writes nothing',
    differs: {
      documented: [{ error: 'ValidationException', status: 400 }, []],
      because:
        'moto refuses it and writes the item before; API reference, BatchWriteItem: DynamoDB rejects the entire operation',
    },
    run: async (side) => [
      await attempt(() => writeAll(side, [key('part', 'x'), { pk: { S: 'part' } }])),
      sks(await query(side, 'part')),
    ],
  },
  {
    behaviour: 'BatchGetItem: what is there of what was asked for',
    run: async (side) => {
      await put(side, key('batch-get', 'a'));
      const { Responses, UnprocessedKeys } = await side.clients.dynamo.send(
        new BatchGetItemCommand({
          RequestItems: { [TABLE]: { Keys: [key('batch-get', 'a'), key('batch-get', 'nobody')] } },
        }),
      );
      return [Responses, UnprocessedKeys];
    },
  },
];
