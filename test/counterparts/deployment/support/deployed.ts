import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { StoredItem } from '../../../../shared/core/store.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import type { Aws } from './aws.ts';
import { eventually } from './eventually.ts';

/** Every item of a table whose `pk` begins so. */
export const itemsOf = async (
  { dynamodb }: Aws,
  table: string,
  pkPrefix: string,
): Promise<readonly StoredItem[]> => {
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  return Items.map((item) => unmarshall(item) as StoredItem).filter(({ pk }) => pk.startsWith(pkPrefix));
};

/** What the functions wrote into the journal, in the order of their time. */
export const journalOf = async (aws: Aws, table: string): Promise<readonly Verdict[]> => {
  const items = await itemsOf(aws, table, 'journal#');
  return items
    .flatMap(({ verdicts }) => verdicts as readonly Verdict[])
    .toSorted((left, right) => left.at.localeCompare(right.at));
};

/** What the first invocation wrote into the journal that began at or after `since` (epoch ms), if there was one. */
export const firstInvocation = async (
  aws: Aws,
  table: string,
  of: { readonly automation: string; readonly since: number },
): Promise<readonly Verdict[] | undefined> => {
  const items = (await itemsOf(aws, table, `journal#${of.automation}#`))
    .filter(({ sk }) => Date.parse(sk.split('#')[0] ?? '') >= of.since)
    .toSorted((left, right) => left.sk.localeCompare(right.sk));
  const requestOf = (sk: string) => sk.split('#')[1];
  const [first] = items;
  if (first === undefined) return undefined;
  return items
    .filter(({ sk }) => requestOf(sk) === requestOf(first.sk))
    .flatMap(({ verdicts }) => verdicts as readonly Verdict[]);
};

/** The archive that a function was deployed with. */
export const codeOf = async ({ lambda, raw }: Aws, FunctionName: string): Promise<Buffer> => {
  const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName }));
  // Its address names HTTP, whatever ministack speaks.
  const { pathname, search } = new URL(Code?.Location ?? '');
  const { status, body } = await raw({ service: 'lambda', method: 'GET', path: `${pathname}${search}` });
  if (status !== 200) throw new Error(`the code of ${FunctionName} cannot be read: ${status}`);
  return body;
};

/** Adds variables to a function, and waits until they hold. */
export const addVariables = async (
  { lambda }: Aws,
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> => {
  const FunctionName = name;
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      Environment: { Variables: { ...Environment?.Variables, ...variables } },
    }),
  );
  await eventually(`${name} is updated`, async () => {
    const { LastUpdateStatus } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return LastUpdateStatus === 'Successful' ? true : undefined;
  });
};

/** A queue of the test's own. */
export interface Inbox {
  /** Everything that arrived since it was last asked. */
  read(): Promise<readonly string[]>;
  /** The same; undefined where nothing did. */
  some(): Promise<readonly string[] | undefined>;
}

const inboxOf = ({ sqs }: Aws, QueueUrl: string): Inbox => {
  const read = async (): Promise<readonly string[]> => {
    const bodies: string[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
      );
      if (Messages.length === 0) return bodies;
      for (const { Body = '', ReceiptHandle } of Messages) {
        bodies.push(Body);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  };
  return {
    read,
    some: async () => {
      const bodies = await read();
      return bodies.length > 0 ? bodies : undefined;
    },
  };
};

export const inboxAt = (aws: Aws, queueUrl: string): Inbox => inboxOf(aws, queueUrl);

/** Names of what the test adds to the account begin so. */
export const OF_THE_TEST = 'of-the-test-';

/** AWS delivers to a queue only what its policy lets in. */
const createInbox = async (
  aws: Aws,
  options: { readonly name: string; readonly from: string },
): Promise<Inbox & { readonly arn: string }> => {
  const { sqs } = aws;
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: `${OF_THE_TEST}${options.name}` }),
  );
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const arn = Attributes?.QueueArn ?? '';
  const statement = {
    Effect: 'Allow',
    Principal: { Service: options.from },
    Action: 'sqs:SendMessage',
    Resource: arn,
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return { ...inboxOf(aws, QueueUrl), arn };
};

/** Events that the product puts on the bus, by a rule as a user would hang on it. */
export const listenToEvents = async (aws: Aws): Promise<Inbox> => {
  const inbox = await createInbox(aws, { name: 'events', from: 'events.amazonaws.com' });
  const Name = `${OF_THE_TEST}rule`;
  await aws.events.send(
    new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: ['eks-caretaker'] }) }),
  );
  await aws.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'queue', Arn: inbox.arn }] }));
  return inbox;
};

/** A subscriber of the product's topic. */
export const subscribe = async (aws: Aws, topicArn: string): Promise<Inbox> => {
  const inbox = await createInbox(aws, { name: 'notifications', from: 'sns.amazonaws.com' });
  await aws.sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: inbox.arn }));
  return inbox;
};
