import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  GetAliasCommand,
  GetDurableExecutionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListDurableExecutionsByFunctionCommand,
  ListFunctionsCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { CallContext } from '../sdk.ts';
import { call, refused } from '../sdk.ts';

const object = ({ account }: CallContext, Key = 'a/b c.json') => ({
  Bucket: account.deployment.names.bucket,
  Key,
});

const s3 = [
  call('s3 PutObject', (context) =>
    context.as.s3.send(
      new PutObjectCommand({ ...object(context), Body: '{}', ContentType: 'application/json' }),
    ),
  ),
  call('s3 GetObject', (context) => context.as.s3.send(new GetObjectCommand(object(context)))),
  call('s3 HeadObject', (context) => context.as.s3.send(new HeadObjectCommand(object(context)))),
  call('s3 ListObjectsV2', (context) =>
    context.as.s3.send(
      new ListObjectsV2Command({ Bucket: object(context).Bucket, Prefix: 'a/', MaxKeys: 1 }),
    ),
  ),
  call('s3 DeleteObject', (context) => context.as.s3.send(new DeleteObjectCommand(object(context)))),
  refused('s3 GetObject', 'NoSuchKey', (context) =>
    context.as.s3.send(new GetObjectCommand(object(context, 'nowhere'))),
  ),
  refused('s3 GetObject', 'NoSuchBucket', ({ as }) =>
    as.s3.send(new GetObjectCommand({ Bucket: 'nowhere-at-all', Key: 'a' })),
  ),
  refused('s3 ListObjectsV2', 'NoSuchBucket', ({ as }) =>
    as.s3.send(new ListObjectsV2Command({ Bucket: 'nowhere-at-all' })),
  ),
  refused('s3 HeadObject', 'NotFound', (context) =>
    context.as.s3.send(new HeadObjectCommand(object(context, 'nowhere'))),
  ),
  refused('s3 PutObject', 'PreconditionFailed', (context) =>
    context.as.s3.send(new PutObjectCommand({ ...object(context), Body: '{}', IfMatch: '"0"' })),
  ),
  refused('s3 PutObject', 'AccessDenied', (context) =>
    context.asCleanup.s3.send(new PutObjectCommand({ ...object(context), Body: '{}' })),
  ),
];

const table = ({ account }: CallContext) => ({ TableName: account.deployment.names.table });
const Key = { pk: { S: 'wire#1' }, sk: { S: 'a' } };

const dynamodb = [
  call('dynamodb ListTables', ({ as }) => as.dynamodb.send(new ListTablesCommand({}))),
  call('dynamodb DescribeTable', (context) =>
    context.as.dynamodb.send(new DescribeTableCommand(table(context))),
  ),
  call('dynamodb PutItem', (context) =>
    context.as.dynamodb.send(new PutItemCommand({ ...table(context), Item: { ...Key, size: { N: '1' } } })),
  ),
  call('dynamodb UpdateItem', (context) =>
    context.as.dynamodb.send(
      new UpdateItemCommand({
        ...table(context),
        Key,
        UpdateExpression: 'SET #size = :size',
        ExpressionAttributeNames: { '#size': 'size' },
        ExpressionAttributeValues: { ':size': { N: '2' } },
        ReturnValues: 'ALL_NEW',
      }),
    ),
  ),
  call('dynamodb GetItem', (context) =>
    context.as.dynamodb.send(new GetItemCommand({ ...table(context), Key, ReturnConsumedCapacity: 'TOTAL' })),
  ),
  call('dynamodb BatchGetItem', (context) =>
    context.as.dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [table(context).TableName]: { Keys: [Key] } } }),
    ),
  ),
  call('dynamodb BatchWriteItem', (context) =>
    context.as.dynamodb.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [table(context).TableName]: [{ PutRequest: { Item: { ...Key, sk: { S: 'b' } } } }],
        },
      }),
    ),
  ),
  call('dynamodb Query', (context) =>
    context.as.dynamodb.send(
      new QueryCommand({
        ...table(context),
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': Key.pk },
        Limit: 1,
      }),
    ),
  ),
  call('dynamodb Scan', (context) => context.as.dynamodb.send(new ScanCommand(table(context)))),
  refused('dynamodb PutItem', 'ConditionalCheckFailedException', (context) =>
    context.as.dynamodb.send(
      new PutItemCommand({
        ...table(context),
        Item: Key,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  ),
  call('dynamodb DeleteItem', (context) =>
    context.as.dynamodb.send(new DeleteItemCommand({ ...table(context), Key, ReturnValues: 'ALL_OLD' })),
  ),
  refused('dynamodb GetItem', 'ValidationException', (context) =>
    context.as.dynamodb.send(new GetItemCommand({ ...table(context), Key: { pk: { N: '1' } } })),
  ),
  refused('dynamodb GetItem', 'ResourceNotFoundException', ({ as }) =>
    as.dynamodb.send(new GetItemCommand({ TableName: 'nowhere', Key })),
  ),
  refused('dynamodb Scan', 'AccessDeniedException', (context) =>
    context.asCleanup.dynamodb.send(new ScanCommand(table(context))),
  ),
];

const cleanup = { FunctionName: 'eks-caretaker-pod-cleanup' };
const upgrade = { FunctionName: 'eks-caretaker-cluster-upgrade' };
const execution = ({ account }: CallContext) => ({
  DurableExecutionArn: account.executions[0]?.arn ?? '',
});
const noExecution = (context: CallContext) => ({
  DurableExecutionArn: execution(context).DurableExecutionArn.replace(/[^/]+$/, 'nobody'),
});

const lambda = [
  call('lambda ListFunctions', ({ as }) => as.lambda.send(new ListFunctionsCommand({ MaxItems: 2 }))),
  call('lambda GetFunction', ({ as }) => as.lambda.send(new GetFunctionCommand(cleanup))),
  call('lambda GetFunctionConfiguration', ({ as }) =>
    as.lambda.send(new GetFunctionConfigurationCommand(upgrade)),
  ),
  call('lambda GetAlias', ({ as }) => as.lambda.send(new GetAliasCommand({ ...upgrade, Name: 'live' }))),
  call('lambda Invoke', ({ as }) =>
    as.lambda.send(new InvokeCommand({ ...cleanup, InvocationType: 'DryRun', Payload: '{}' })),
  ),
  call('lambda Invoke', ({ as }) =>
    as.lambda.send(new InvokeCommand({ ...cleanup, LogType: 'Tail', Payload: '{"trigger":"tick"}' })),
  ),
  call('lambda Invoke', ({ as }) =>
    as.lambda.send(
      new InvokeCommand({
        ...upgrade,
        Qualifier: 'live',
        InvocationType: 'Event',
        DurableExecutionName: 'staging-1-35-1',
        Payload: '{}',
      }),
    ),
  ),
  call('lambda GetDurableExecution', (context) =>
    context.as.lambda.send(new GetDurableExecutionCommand(execution(context))),
  ),
  call('lambda ListDurableExecutionsByFunction', ({ as }) =>
    as.lambda.send(new ListDurableExecutionsByFunctionCommand(upgrade)),
  ),
  call('lambda StopDurableExecution', (context) =>
    context.as.lambda.send(
      new StopDurableExecutionCommand({ ...execution(context), Error: { ErrorMessage: 'enough' } }),
    ),
  ),
  call('lambda GetDurableExecution', (context) =>
    context.as.lambda.send(new GetDurableExecutionCommand(execution(context))),
  ),
  refused('lambda GetDurableExecution', 'ResourceNotFoundException', (context) =>
    context.as.lambda.send(new GetDurableExecutionCommand(noExecution(context))),
  ),
  refused('lambda SendDurableExecutionCallbackSuccess', 'InvalidParameterValueException', ({ as }) =>
    as.lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: 'Zm9yZ2Vk' })),
  ),
  refused('lambda SendDurableExecutionCallbackHeartbeat', 'InvalidParameterValueException', ({ as }) =>
    as.lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: 'Zm9yZ2Vk' })),
  ),
  refused('lambda Invoke', 'ResourceNotFoundException', ({ as }) =>
    as.lambda.send(new InvokeCommand({ FunctionName: 'nowhere' })),
  ),
  refused('lambda Invoke', 'InvalidParameterValueException', ({ as }) =>
    as.lambda.send(new InvokeCommand({ ...upgrade, Payload: '{}' })),
  ),
  refused('lambda Invoke', 'InvalidRequestContentException', ({ as }) =>
    as.lambda.send(new InvokeCommand({ ...cleanup, Payload: '{' })),
  ),
  refused('lambda GetFunction', 'ResourceNotFoundException', ({ as }) =>
    as.lambda.send(new GetFunctionCommand({ FunctionName: 'nowhere' })),
  ),
  refused('lambda ListFunctions', 'AccessDeniedException', ({ asCleanup }) =>
    asCleanup.lambda.send(new ListFunctionsCommand({})),
  ),
];

export const storageCalls = [...s3, ...dynamodb, ...lambda];
