import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Case } from '../../comparison.ts';
import type { Side } from '../../side.ts';
import { TABLE } from '../../world.ts';

/** What the cases of DynamoDB are written with. Each case has a partition of its own. */

export type Item = Record<string, AttributeValue>;

export const key = (pk: string, sk = 'a'): Item => ({ pk: { S: pk }, sk: { S: sk } });

export const put = ({ clients }: Side, Item: Item, more: object = {}) =>
  clients.dynamo.send(new PutItemCommand({ TableName: TABLE, Item, ...more }));

export const get = async ({ clients }: Side, Key: Item) =>
  (await clients.dynamo.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }))).Item;

export const update = async ({ clients }: Side, Key: Item, more: object) =>
  (await clients.dynamo.send(new UpdateItemCommand({ TableName: TABLE, Key, ...more }))).Attributes;

export const remove = async ({ clients }: Side, Key: Item, more: object = {}) =>
  (await clients.dynamo.send(new DeleteItemCommand({ TableName: TABLE, Key, ...more }))).Attributes;

export const query = (
  { clients }: Side,
  pk: string,
  more: { condition?: string; values?: object; [member: string]: unknown } = {},
) => {
  const { condition, values = {}, ...rest } = more;
  return clients.dynamo.send(
    new QueryCommand({
      TableName: TABLE,
      KeyConditionExpression: `pk = :pk${condition === undefined ? '' : ` AND ${condition}`}`,
      ExpressionAttributeValues: marshall({ ':pk': pk, ...values }),
      ...rest,
    }),
  );
};

export const sks = (answer: { Items?: Item[] | undefined }) => (answer.Items ?? []).map(({ sk }) => sk?.S);

export const fill = async (side: Side, pk: string, names: readonly string[]) => {
  for (const [index, name] of names.entries()) await put(side, { ...key(pk, name), n: { N: String(index) } });
};

/** Where DynamoDB refuses what moto does not. */
export const refused = (because: string): { readonly differs: NonNullable<Case['differs']> } => ({
  differs: { documented: { error: 'ValidationException', status: 400 }, because },
});
