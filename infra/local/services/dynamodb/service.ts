import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import dynalite from 'dynalite';
import { decodeJson } from '../../protocol/json.ts';
import type { Input, Reply, Service, ServiceRequest } from '../../protocol/service.ts';
import { notImplemented, ServiceError } from '../../protocol/service.ts';
import type { Place } from './corrections.ts';
import { corrected, refuseEmptyKeys } from './corrections.ts';

const targetPrefix = 'DynamoDB_20120810.';

/** What dynalite does. What it lacks (transactions, TTL, PartiQL) is refused by name. */
const operations = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
]);

export interface DynamoDb {
  readonly service: Service;
  /** A table with the string keys `pk` and `sk`. */
  createTable(name: string): Promise<void>;
  /** Every item of a table, in DynamoDB's JSON. */
  items(tableName: string): Promise<readonly Input[]>;
  close(): Promise<void>;
}

/** Amazon DynamoDB (JSON 1.0): dynalite in memory behind the one endpoint. It keeps the limit of 400 KB an item. */
export const startDynamoDb = async (place: Place = nowhere): Promise<DynamoDb> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, maxItemSizeKb: 400 });
  const send: Send = (operation, body) => answerOf(server, operation, body);
  const ask = (operation: string, input: object) => send(operation, JSON.stringify(input));

  return {
    service: {
      name: 'dynamodb',
      unknownKey: { code: 'UnrecognizedClientException', status: 400 },
      decode: (request) => decode({ send, place }, request),
      encodeError: (error) => ({
        status: error.status,
        headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify({ __type: error.code, ...error.members, message: error.message }),
      }),
    },
    createTable: async (name) => {
      await expectOk(
        ask('CreateTable', {
          TableName: name,
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
      // dynalite answers CREATING and becomes ACTIVE at its next turn.
      for (;;) {
        const { Table } = await expectOk(ask('DescribeTable', { TableName: name }));
        if ((Table as Input).TableStatus === 'ACTIVE') return;
      }
    },
    items: async (tableName) => {
      const all: Input[] = [];
      for (let start: unknown; ; ) {
        const page = await expectOk(
          ask('Scan', { TableName: tableName, ...(start === undefined ? {} : { ExclusiveStartKey: start }) }),
        );
        all.push(...(page.Items as Input[]));
        start = page.LastEvaluatedKey;
        if (start === undefined) return all;
      }
    },
    close: async () => {},
  };
};

/** What a table's ARN says where nobody asks for it. */
const nowhere: Place = { accountId: '000000000000', region: 'us-east-1' };

const decode = ({ send, place }: { send: Send; place: Place }, request: ServiceRequest) => {
  const target = request.headers['x-amz-target'] ?? '';
  const operation = target.replace(targetPrefix, '');
  if (!target.startsWith(targetPrefix) || !operations.has(operation))
    throw notImplemented('dynamodb', operation === '' ? 'a request without X-Amz-Target' : operation);
  const input = decodeJson(request.body);
  return {
    operation,
    input,
    perform: async (): Promise<Reply> => {
      refuseEmptyKeys(operation, input);
      const answer = await send(operation, request.body.toString('utf8'));
      if (answer.status === 200) return corrected(operation, input, { reply: answer, place });
      const { __type, message, Message, ...members } = answer.output;
      const code = String(__type).split('#').at(-1) ?? 'InternalServerError';
      throw new ServiceError(code, String(message ?? Message ?? code), answer.status, {
        ...members,
        ...(await failedItem(send, code, input)),
      });
    },
  };
};

/** dynalite ignores `ReturnValuesOnConditionCheckFailure`: the item is read again, as nothing can have come between. */
const failedItem = async (send: Send, code: string, input: Input): Promise<Input> => {
  if (code !== 'ConditionalCheckFailedException' || input.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD')
    return {};
  const given = (input.Key ?? input.Item) as Input;
  const table = await send('DescribeTable', JSON.stringify({ TableName: input.TableName }));
  const schema = (table.output.Table as { KeySchema: readonly { AttributeName: string }[] }).KeySchema;
  const Key = Object.fromEntries(schema.map(({ AttributeName }) => [AttributeName, given[AttributeName]]));
  const found = await send(
    'GetItem',
    JSON.stringify({ TableName: input.TableName, Key, ConsistentRead: true }),
  );
  return found.output.Item === undefined ? {} : { Item: found.output.Item };
};

interface Answer extends Reply {
  readonly status: number;
  readonly output: Input;
}

const expectOk = async (pending: Promise<Answer>): Promise<Input> => {
  const answer = await pending;
  if (answer.status !== 200) throw new Error(`dynalite: ${JSON.stringify(answer.output)}`);
  return answer.output;
};

/** dynalite looks at the form of a signature, not at what it says. */
const signature =
  'AWS4-HMAC-SHA256 Credential=local/20200101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

type Send = (operation: string, body: string) => Promise<Answer>;

/** dynalite's server is not listened to: its handler is asked here, as HTTP would, at a fraction of the work. */
const answerOf = (server: Server, operation: string, body: string): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = new Map<string, string>();
    const outgoing = {
      statusCode: 200,
      setHeader: (name: string, value: string | number) =>
        void headers.set(name.toLowerCase(), String(value)),
      end: (text: string) => {
        const payload = Buffer.from(text);
        const status = outgoing.statusCode;
        const crc = headers.get('x-amz-crc32');
        resolve({
          status,
          output: decodeJson(payload),
          response: {
            status,
            headers: {
              'content-type': 'application/x-amz-json-1.0',
              ...(crc === undefined ? {} : { 'x-amz-crc32': crc }),
            },
            body: payload,
          },
        });
      },
    };
    const incoming = Object.assign(new EventEmitter(), {
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `${targetPrefix}${operation}`,
        'x-amz-date': '20200101T000000Z',
        authorization: signature,
      },
    });
    server.emit('request', incoming, outgoing);
    incoming.emit('data', Buffer.from(body));
    incoming.emit('end');
  });
