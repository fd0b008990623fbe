import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = (operation: string, input: object) => send(port, operation, JSON.stringify(input));

  return {
    service: {
      name: 'dynamodb',
      unknownKey: { code: 'UnrecognizedClientException', status: 400 },
      decode: (request) => decode({ port, place }, request),
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
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined || error === null ? resolve() : reject(error)));
      });
    },
  };
};

/** What a table's ARN says where nobody asks for it. */
const nowhere: Place = { accountId: '000000000000', region: 'us-east-1' };

const decode = ({ port, place }: { port: number; place: Place }, request: ServiceRequest) => {
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
      const answer = await send(port, operation, request.body.toString('utf8'));
      if (answer.status === 200) return corrected(operation, input, { reply: answer, place });
      const { __type, message, Message, ...members } = answer.output;
      const code = String(__type).split('#').at(-1) ?? 'InternalServerError';
      throw new ServiceError(code, String(message ?? Message ?? code), answer.status, {
        ...members,
        ...(await failedItem(port, code, input)),
      });
    },
  };
};

/** dynalite ignores `ReturnValuesOnConditionCheckFailure`: the item is read again, as nothing can have come between. */
const failedItem = async (port: number, code: string, input: Input): Promise<Input> => {
  if (code !== 'ConditionalCheckFailedException' || input.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD')
    return {};
  const given = (input.Key ?? input.Item) as Input;
  const table = await send(port, 'DescribeTable', JSON.stringify({ TableName: input.TableName }));
  const schema = (table.output.Table as { KeySchema: readonly { AttributeName: string }[] }).KeySchema;
  const Key = Object.fromEntries(schema.map(({ AttributeName }) => [AttributeName, given[AttributeName]]));
  const found = await send(
    port,
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

const send = (port: number, operation: string, body: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(body),
          'x-amz-target': `${targetPrefix}${operation}`,
          'x-amz-date': '20200101T000000Z',
          authorization: signature,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const payload = Buffer.concat(chunks);
          const status = incoming.statusCode ?? 500;
          const crc = incoming.headers['x-amz-crc32'];
          resolve({
            status,
            output: decodeJson(payload),
            response: {
              status,
              headers: {
                'content-type': 'application/x-amz-json-1.0',
                ...(typeof crc === 'string' ? { 'x-amz-crc32': crc } : {}),
              },
              body: payload,
            },
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
