import {
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProtocolServer } from '../../../../../infra/local/protocol/server.ts';
import { startProtocolServer } from '../../../../../infra/local/protocol/server.ts';
import type { DynamoDb } from '../../../../../infra/local/services/dynamodb/service.ts';
import { startDynamoDb } from '../../../../../infra/local/services/dynamodb/service.ts';
import { createFakeClock } from '../../../../fixtures/fake-clock.ts';

let database: DynamoDb;
let server: ProtocolServer;
let client: DynamoDBClient;
const TableName = 'caretaker';

beforeAll(async () => {
  database = await startDynamoDb({ accountId: '111122223333', region: 'eu-central-1' });
  await database.createTable(TableName);
  server = await startProtocolServer({
    clock: createFakeClock(),
    region: 'eu-central-1',
    services: [database.service],
    knowsKey: () => true,
  });
  client = new DynamoDBClient({
    endpoint: server.endpoint,
    region: 'eu-central-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
});
afterAll(async () => {
  await server.close();
  await database.close();
});

const item = (pk: string, sk: string, extra: Record<string, { S: string } | { N: string }> = {}) => ({
  pk: { S: pk },
  sk: { S: sk },
  ...extra,
});

describe('DynamoDB', () => {
  it('writes once under a condition, and gives back what stood in the way', async () => {
    const put = (value: string) =>
      client.send(
        new PutItemCommand({
          TableName,
          Item: item('once', '1', { value: { S: value } }),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    await put('first');
    await expect(put('second')).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: item('once', '1', { value: { S: 'first' } }),
    });
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: item('once', '1') }));
    expect(Item?.value).toEqual({ S: 'first' });
  });

  it('queries a partition in the order of its sort key', async () => {
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [TableName]: ['3', '1', '2'].map((sk) => ({ PutRequest: { Item: item('list', sk) } })),
        },
      }),
    );
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND sk >= :from',
        ExpressionAttributeValues: { ':pk': { S: 'list' }, ':from': { S: '2' } },
      }),
    );
    expect(Items?.map(({ sk }) => sk?.S)).toEqual(['2', '3']);
    expect(await database.items(TableName)).toEqual(expect.arrayContaining([item('list', '3')]));
  });

  it('ends a page before it holds more than 1 MB', async () => {
    const names = ['1', '2', '3', '4', '5'];
    for (const sk of names)
      await client.send(
        new PutItemCommand({ TableName, Item: item('pages', sk, { text: { S: 'x'.repeat(300_000) } }) }),
      );
    const page = (from?: string) =>
      client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: 'pages' } },
          ...(from === undefined ? {} : { ExclusiveStartKey: item('pages', from) }),
        }),
      );
    const first = await page();
    expect(first).toMatchObject({ Count: 3, ScannedCount: 3, LastEvaluatedKey: item('pages', '3') });
    expect(first.Items).toHaveLength(3);
    const second = await page('3');
    expect(second.Items?.map(({ sk }) => sk?.S)).toEqual(['4', '5']);
    expect(second.LastEvaluatedKey).toBeUndefined();
  });

  it.each([
    ['pk = :pk', { ':pk': { S: '' } }, 'pk'],
    ['pk = :pk AND begins_with(sk, :sk)', { ':pk': { S: 'a' }, ':sk': { S: '' } }, 'sk'],
    [
      'pk = :pk AND sk BETWEEN :from AND :to',
      { ':pk': { S: 'a' }, ':from': { S: 'a' }, ':to': { S: '' } },
      'sk',
    ],
  ])('refuses an empty string in the key condition %s', async (KeyConditionExpression, values, key) => {
    const call = client.send(
      new QueryCommand({ TableName, KeyConditionExpression, ExpressionAttributeValues: values }),
    );
    await expect(call).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(`cannot contain an empty string value. Key: ${key}`),
    });
  });

  it('names the table by account and region', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/caretaker',
      TableStatus: 'ACTIVE',
    });
  });

  it('describes a table with the members that DynamoDB has today', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    });
    expect(Table).not.toHaveProperty('TableThroughputModeSummary');
    expect(Table?.ProvisionedThroughput).not.toHaveProperty('NumberOfDecreasesToday');
  });

  it('keeps the limit of 400 KB an item', async () => {
    const put = new PutItemCommand({
      TableName,
      Item: item('big', '1', { text: { S: 'x'.repeat(410_000) } }),
    });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('says that it has no transactions', async () => {
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [{ Put: { TableName, Item: item('t', '1') } }],
    });
    await expect(client.send(transaction)).rejects.toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    });
  });
});
