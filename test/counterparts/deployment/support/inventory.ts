import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import type { Aws } from './aws.ts';
import { OF_THE_TEST } from './deployed.ts';
import { roleNames } from './iam.ts';

/** What is in the account, by kind: everything that the stack is made of, but what lives within one of these. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

const ask = async (
  { raw }: Aws,
  request: { service: string; path: string; target?: string; form?: string },
): Promise<string> => {
  const { service, path, target, form } = request;
  const { status, body } = await raw({
    service,
    path,
    method: target === undefined && form === undefined ? 'GET' : 'POST',
    ...(target === undefined
      ? {}
      : {
          headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
          body: '{}',
        }),
    ...(form === undefined
      ? {}
      : { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form }),
  });
  const text = body.toString('utf8');
  if (status !== 200) throw new Error(`${service}: ${status} ${text}`);
  return text;
};

export const inventoryOf = async (aws: Aws): Promise<Inventory> => {
  const { lambda, sqs, sns, events, dynamodb, s3 } = aws;
  const groups = JSON.parse(await ask(aws, { service: 'scheduler', path: '/schedule-groups' })) as {
    ScheduleGroups: readonly { Name: string }[];
  };
  const logs = JSON.parse(
    await ask(aws, { service: 'logs', path: '/', target: 'Logs_20140328.DescribeLogGroups' }),
  ) as { logGroups: readonly { logGroupName: string }[] };
  const alarms = await ask(aws, {
    service: 'monitoring',
    path: '/',
    form: 'Action=DescribeAlarms&Version=2010-08-01',
  });
  return {
    functions: ((await lambda.send(new ListFunctionsCommand({}))).Functions ?? []).map(
      ({ FunctionName = '' }) => FunctionName,
    ),
    mappings: ((await lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings ?? []).map(
      ({ UUID = '' }) => UUID,
    ),
    queues: (await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [],
    topics: ((await sns.send(new ListTopicsCommand({}))).Topics ?? []).map(({ TopicArn = '' }) => TopicArn),
    rules: ((await events.send(new ListRulesCommand({}))).Rules ?? []).map(({ Name = '' }) => Name),
    tables: (await dynamodb.send(new ListTablesCommand({}))).TableNames ?? [],
    buckets: ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name = '' }) => Name),
    roles: await roleNames(aws),
    scheduleGroups: groups.ScheduleGroups.map(({ Name }) => Name),
    logGroups: logs.logGroups.map(({ logGroupName }) => logGroupName),
    alarms: [...alarms.matchAll(/<AlarmName>([^<]+)<\/AlarmName>/g)].map(([, name = '']) => name),
  };
};

/** What the first has and the second has not, but for what the test added; kinds without any are left out. */
export const without = (inventory: Inventory, before: Inventory): Inventory =>
  Object.fromEntries(
    Object.entries(inventory)
      .map(
        ([kind, names]) =>
          [
            kind,
            names.filter((name) => !before[kind]?.includes(name) && !name.includes(OF_THE_TEST)),
          ] as const,
      )
      .filter(([, names]) => names.length > 0),
  );
