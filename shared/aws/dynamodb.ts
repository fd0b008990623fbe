import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '../core/clock.ts';
import type { NewItem, Store, StoredItem } from '../core/store.ts';
import { isAwsError } from './clients.ts';

const BATCH_SIZE = 25; // BatchWriteItem's own limit
const MAX_BATCH_ATTEMPTS = 6;

type Attributes = Record<string, AttributeValue>;

const toAttributes = (item: object): Attributes => marshall(item, { removeUndefinedValues: true });
const toItem = (attributes: Attributes): StoredItem => unmarshall(attributes) as StoredItem;

/**
 * The Store on DynamoDB. Guards are single-item conditions on `version`; TTL is applied by the reader,
 * because DynamoDB deletes expired items up to days later.
 */
export const createStore = (client: DynamoDBClient, options: { table: string; clock: Clock }): Store => {
  const { table, clock } = options;
  const nowSeconds = () => Math.floor(clock.now() / 1000);
  const alive = (item: StoredItem) => item.expiresAt === undefined || item.expiresAt > nowSeconds();

  const unlessConflict = async <T>(attempt: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await attempt();
    } catch (error) {
      if (isAwsError(error, 'ConditionalCheckFailedException')) return undefined;
      throw error;
    }
  };

  const get: Store['get'] = async ({ pk, sk }) => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: toAttributes({ pk, sk }), ConsistentRead: true }),
    );
    if (Item === undefined) return undefined;
    const item = toItem(Item);
    return alive(item) ? item : undefined;
  };

  async function* query(pk: string, { skPrefix }: { skPrefix?: string } = {}): AsyncIterable<StoredItem> {
    let startKey: Attributes | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: skPrefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: toAttributes({
            ':pk': pk,
            ...(skPrefix === undefined ? {} : { ':sk': skPrefix }),
          }),
          ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
        }),
      );
      for (const attributes of page.Items ?? []) {
        const item = toItem(attributes);
        if (alive(item)) yield item;
      }
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
  }

  const write = (item: NewItem, expectedVersion: number): Promise<StoredItem | undefined> => {
    const stored: StoredItem = { ...item, version: expectedVersion + 1 };
    const condition =
      expectedVersion === 0
        ? {
            ConditionExpression: 'attribute_not_exists(pk) OR #expiresAt <= :now',
            ExpressionAttributeNames: { '#expiresAt': 'expiresAt' },
            ExpressionAttributeValues: toAttributes({ ':now': nowSeconds() }),
          }
        : {
            ConditionExpression: '#version = :expected',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: toAttributes({ ':expected': expectedVersion }),
          };
    return unlessConflict(async () => {
      await client.send(new PutItemCommand({ TableName: table, Item: toAttributes(stored), ...condition }));
      return stored;
    });
  };

  const append: Store['append'] = async (items) => {
    for (let index = 0; index < items.length; index += BATCH_SIZE) {
      let requests = items
        .slice(index, index + BATCH_SIZE)
        .map((item) => ({ PutRequest: { Item: toAttributes({ ...item, version: 1 }) } }));
      for (let attempt = 1; requests.length > 0; attempt += 1) {
        const { UnprocessedItems } = await client.send(
          new BatchWriteItemCommand({ RequestItems: { [table]: requests } }),
        );
        const left = (UnprocessedItems?.[table] ?? []) as typeof requests;
        if (left.length > 0 && attempt === MAX_BATCH_ATTEMPTS) {
          throw new Error(
            `DynamoDB left ${left.length} items unwritten after ${attempt} attempts; try again later.`,
          );
        }
        if (left.length > 0) await clock.sleep(50 * 2 ** attempt);
        requests = left;
      }
    }
  };

  const remove: Store['remove'] = async ({ pk, sk }, expectedVersion) =>
    (await unlessConflict(async () => {
      await client.send(
        new DeleteItemCommand({
          TableName: table,
          Key: toAttributes({ pk, sk }),
          ConditionExpression: '#version = :expected',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: toAttributes({ ':expected': expectedVersion }),
        }),
      );
      return true;
    })) ?? false;

  return { get, query, write, append, remove };
};
