import { crc32 } from 'node:zlib';
import type { Input, Reply } from '../../protocol/service.ts';
import { ServiceError } from '../../protocol/service.ts';
import { describedToday } from './table-description.ts';

/** Where dynalite does otherwise than DynamoDB. */

export interface Place {
  readonly accountId: string;
  readonly region: string;
}

const PAGE_BYTES = 1_048_576;

const COMPARED = /(#?[\w.]+)\s*(?:=|<=|>=|<|>|BETWEEN)\s*(:\w+)(?:\s+AND\s+(:\w+))?/gi;
const PREFIX = /begins_with\s*\(\s*(#?[\w.]+)\s*,\s*(:\w+)\s*\)/gi;

/** dynalite lets a key condition hold an empty string; DynamoDB does not (seen by getmoto/moto #7062). */
export const refuseEmptyKeys = (operation: string, input: Input): void => {
  if (operation !== 'Query' || typeof input.KeyConditionExpression !== 'string') return;
  const values = (input.ExpressionAttributeValues ?? {}) as Readonly<Record<string, { S?: string }>>;
  const names = (input.ExpressionAttributeNames ?? {}) as Readonly<Record<string, string>>;
  for (const pattern of [PREFIX, COMPARED])
    for (const [, name = '', ...placeholders] of input.KeyConditionExpression.matchAll(pattern))
      if (placeholders.some((placeholder) => values[placeholder]?.S === ''))
        throw new ServiceError(
          'ValidationException',
          `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${names[name] ?? name}`,
        );
};

/** dynalite's answer as DynamoDB gives it. */
export const corrected = (operation: string, input: Input, given: { reply: Reply; place: Place }): Reply => {
  const { reply, place } = given;
  const output = reply.output as Input;
  const better =
    operation === 'Query' || operation === 'Scan' ? oneMegabyte(input, output) : inPlace(output, place);
  if (better === output) return reply;
  const body = JSON.stringify(better);
  const headers = { ...reply.response.headers, 'x-amz-crc32': String(crc32(body)) };
  return { output: better, response: { ...reply.response, headers, body } };
};

/** dynalite takes account and region of its tables' ARNs from the environment. */
const inPlace = (output: Input, { accountId, region }: Place): Input => {
  const [member, table] = Object.entries(output).find(([name]) => /^Table(Description)?$/.test(name)) ?? [];
  if (member === undefined || typeof table !== 'object' || table === null || !('TableName' in table))
    return output;
  const TableArn = `arn:aws:dynamodb:${region}:${accountId}:table/${table.TableName}`;
  return { ...output, [member]: { ...describedToday({ ...table }), TableArn } };
};

/**
 * dynalite's page holds the item that goes beyond 1 MB; DynamoDB's is "1 MB in size (or less)" (developer guide,
 * "Paginating table query results"). Left alone where a filter or a projection hides how much was read.
 */
const oneMegabyte = (input: Input, output: Input): Input => {
  const { Items, LastEvaluatedKey } = output as { Items?: readonly Item[]; LastEvaluatedKey?: Item };
  if (Items === undefined || LastEvaluatedKey === undefined) return output;
  if (input.FilterExpression !== undefined || input.ProjectionExpression !== undefined) return output;
  let count = Items.length;
  let bytes = Items.reduce((sum, item) => sum + itemBytes(item), 0);
  for (; count > 1 && bytes > PAGE_BYTES; count--) bytes -= itemBytes(Items[count - 1] ?? {});
  if (count === Items.length) return output;
  const last = Items[count - 1] ?? {};
  return {
    ...output,
    Items: Items.slice(0, count),
    Count: count,
    ScannedCount: count,
    LastEvaluatedKey: Object.fromEntries(Object.keys(LastEvaluatedKey).map((name) => [name, last[name]])),
  };
};

type Item = Readonly<Record<string, unknown>>;

const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

/** DynamoDB developer guide, "DynamoDB item sizes and formats". */
const valueBytes = (value: unknown): number => {
  const [[type, content] = ['NULL', true]] = Object.entries(value as Record<string, unknown>);
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(content));
    case 'B':
      return Buffer.from(String(content), 'base64').length;
    case 'N':
      return Math.ceil(String(content).replace(/[^\d]/g, '').length / 2) + 1;
    case 'SS':
    case 'NS':
    case 'BS': {
      const members = content as readonly string[];
      return members.reduce((sum, member) => sum + valueBytes({ [type.charAt(0)]: member }), 0);
    }
    case 'L':
      return (content as readonly unknown[]).reduce<number>((sum, member) => sum + 1 + valueBytes(member), 3);
    case 'M':
      return 3 + Object.keys(content as Item).length + itemBytes(content as Item);
    default:
      return 1;
  }
};
