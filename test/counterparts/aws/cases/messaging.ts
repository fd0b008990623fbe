import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { PublishBatchCommand, PublishCommand } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createEventPublisher } from '../../../../shared/aws/event-bridge.ts';
import { createAsyncInvoker } from '../../../../shared/aws/lambda-invoke.ts';
import { createNotifier } from '../../../../shared/aws/sns.ts';
import type { Case } from '../comparison.ts';
import { attempt } from '../comparison.ts';
import type { Side } from '../side.ts';
import { ACCOUNT, FUNCTION, REGION, RULE } from '../world.ts';

const publish = ({ clients, drawn }: Side, input: object) =>
  clients.sns.send(new PublishCommand({ TopicArn: drawn.topicArn, Message: 'text', ...input }));

const unknownTopic = ({ drawn }: Side) => drawn.topicArn.replace(/[^:]+$/, 'nobody');

const batch = ({ clients, drawn }: Side, entries: { Id: string; Message: string }[]) =>
  clients.sns.send(
    new PublishBatchCommand({ TopicArn: drawn.topicArn, PublishBatchRequestEntries: entries }),
  );

export const snsCases: readonly Case[] = [
  {
    behaviour: 'Notifier.notify: taken, also where subject and text have to be cut',
    run: async ({ clients, drawn }) => {
      const notifier = createNotifier(clients.sns, { topicArn: drawn.topicArn, automation: 'spot-drain' });
      await notifier.notify({ subject: 'short', text: 'short', cluster: 'shop' });
      await notifier.notify({ subject: `Größe\n${'x'.repeat(120)}`, text: 'ä'.repeat(200_000) });
      return 'taken';
    },
  },
  {
    behaviour: 'Notifier.notify to a topic that is gone',
    run: (side) =>
      createNotifier(side.clients.sns, { topicArn: unknownTopic(side), automation: 'spot-drain' }).notify({
        subject: 's',
        text: 't',
      }),
  },
  { behaviour: 'Publish: the members of the answer', run: (side) => publish(side, { Subject: 'Hello' }) },
  {
    behaviour: 'Publish with a subject of 100 characters, then one more',
    run: async (side) => [
      await attempt(async () => (await publish(side, { Subject: 'x'.repeat(100) })).$metadata.httpStatusCode),
      await attempt(() => publish(side, { Subject: 'x'.repeat(101) })),
    ],
  },
  {
    behaviour: 'Publish with a subject that is not ASCII, with a line break in it, with nothing in it',
    differs: {
      documented: [
        200,
        { error: 'InvalidParameterException', status: 400 },
        { error: 'InvalidParameterException', status: 400 },
      ],
      because:
        'moto takes any subject; API reference, Publish: UTF-8 text without line breaks or control characters',
    },
    run: async (side) => [
      await attempt(async () => (await publish(side, { Subject: 'Größe ☃' })).$metadata.httpStatusCode),
      await attempt(() => publish(side, { Subject: 'two\nlines' })),
      await attempt(() => publish(side, { Subject: '' })),
    ],
  },
  {
    behaviour: 'Publish of 256 KiB, then one byte more',
    run: async (side) => [
      await attempt(
        async () => (await publish(side, { Message: 'x'.repeat(262_144) })).$metadata.httpStatusCode,
      ),
      await attempt(() => publish(side, { Message: 'x'.repeat(262_145) })),
    ],
  },
  {
    behaviour: 'PublishBatch: each entry has its own answer',
    run: async (side) => {
      const { Successful = [], Failed } = await batch(side, [
        { Id: 'a', Message: 'a' },
        { Id: 'b', Message: 'b' },
      ]);
      return [Successful.map(({ Id, MessageId }) => ({ Id, MessageId })), Failed];
    },
  },
  ...(
    [
      ['of 11 entries', Array.from({ length: 11 }, (_, index) => ({ Id: `e${index}`, Message: 'x' }))],
      ['with one Id twice', ['x', 'x'].map((Id) => ({ Id, Message: 'x' }))],
    ] as const
  ).map(
    ([what, entries]): Case => ({
      behaviour: `PublishBatch ${what} is refused`,
      run: (side) => batch(side, [...entries]),
    }),
  ),
];

const put = ({ clients }: Side, ...Entries: object[]) =>
  clients.events.send(new PutEventsCommand({ Entries }));

const good = (detail: object = {}) => ({
  Source: RULE.source,
  DetailType: RULE.detailTypes[0],
  Detail: JSON.stringify(detail),
});

const putAnswer = (ErrorCode: string, ErrorMessage: string) => ({
  FailedEntryCount: 1,
  Entries: [{ ErrorCode, ErrorMessage }, { EventId: '<uuid>' }],
});

/** Beside a good entry, which is delivered and taken out again. */
const putBeside = async (side: Side, entry: object) => {
  const answer = await put(side, entry, good());
  await delivered(side);
  return answer;
};

/** What the rule has put into its queue. */
const delivered = async ({ clients, drawn }: Side): Promise<readonly Record<string, unknown>[]> => {
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: drawn.queueUrl('events'), MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body = '' }) => JSON.parse(Body) as Record<string, unknown>);
};

export const eventCases: readonly Case[] = [
  {
    behaviour:
      'EventPublisher.publish: a rule of the default bus takes the event to its queue, in AWS’s envelope',
    differs: {
      documented: {
        version: '0',
        id: '<uuid>',
        'detail-type': RULE.detailTypes[0],
        source: RULE.source,
        account: ACCOUNT,
        time: true,
        region: REGION,
        resources: [],
        detail: { node: 'a', count: 2, nested: { list: [1] } },
      },
      because:
        'moto leaves the account out; EventBridge user guide, "Event structure": account is in every event',
    },
    run: async (side) => {
      await createEventPublisher(side.clients.events).publish([
        { detailType: RULE.detailTypes[0] ?? '', detail: { node: 'a', count: 2, nested: { list: [1] } } },
      ]);
      const [event] = await delivered(side);
      const time = String(event?.time);
      return { ...event, time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(time) };
    },
  },
  {
    behaviour: 'EventPublisher.publish: more events than fit one request',
    run: async (side) => {
      await createEventPublisher(side.clients.events).publish(
        Array.from({ length: 12 }, (_, index) => ({ detailType: 'Nobody listens', detail: { index } })),
      );
      return 'taken';
    },
  },
  {
    behaviour: 'a rule takes its own source and detail types alone',
    run: async (side) => {
      await put(
        side,
        { ...good(), DetailType: 'Something else' },
        { ...good(), Source: 'somebody.else' },
        good({ wanted: true }),
      );
      return (await delivered(side)).map(({ detail }) => detail);
    },
  },
  {
    behaviour: 'PutEvents: the members of the answer',
    run: (side) => put(side, good()),
  },
  ...(
    [
      ['without a source', { ...good(), Source: undefined }],
      ['without a detail type', { ...good(), DetailType: undefined }],
      ['without a detail', { ...good(), Detail: undefined }],
      ['with a detail that is no JSON', { ...good(), Detail: 'no JSON' }],
    ] as const
  ).map(
    ([what, entry]): Case => ({
      behaviour: `PutEvents of an entry ${what} beside a good one`,
      run: (side) => putBeside(side, entry),
    }),
  ),
  {
    behaviour: 'PutEvents of an entry with a detail that is a list beside a good one',
    differs: {
      documented: putAnswer('MalformedDetail', 'Detail is malformed.'),
      because: 'moto takes it; API reference, PutEventsRequestEntry: Detail is a valid JSON object',
    },
    run: (side) => putBeside(side, { ...good(), Detail: '[1]' }),
  },
  {
    behaviour: 'PutEvents of an entry with a source of AWS beside a good one',
    differs: {
      documented: putAnswer('NotAuthorizedForSourceException', 'Not authorized for the source.'),
      because:
        'moto takes it; EventBridge user guide, "Sending events with PutEvents": a source of aws. is refused',
    },
    run: (side) => putBeside(side, { ...good(), Source: 'aws.ec2' }),
  },
  {
    behaviour: 'PutEvents of 11 entries',
    run: (side) => put(side, ...Array.from({ length: 11 }, () => good())),
  },
  {
    behaviour: 'PutEvents without entries',
    differs: {
      documented: { error: 'ValidationException', status: 400 },
      because: "moto takes it; the API's model wants 1 to 10 entries",
    },
    run: (side) => put(side),
  },
];

export const lambdaCases: readonly Case[] = [
  {
    behaviour: 'AsyncInvoker.invoke: queued, and nothing is waited for',
    run: async ({ clients, drawn }) => createAsyncInvoker(clients.lambda, () => drawn.functionArn).invoke({}),
  },
  {
    behaviour: 'AsyncInvoker.invoke of a function that is not there',
    differs: {
      documented: { error: 'ResourceNotFoundException', status: 404 },
      because: 'moto without containers invokes anything; API reference, Invoke: ResourceNotFoundException',
    },
    run: ({ clients, drawn }) =>
      createAsyncInvoker(clients.lambda, () => `${drawn.functionArn}-nobody`).invoke({}),
  },
  {
    behaviour: 'Invoke as Event: 202 and no payload',
    differs: {
      documented: [202, 0, undefined],
      because:
        "moto without containers answers a result at once; API reference, Invoke: an event's answer has a status code alone",
    },
    run: async ({ clients }) => {
      const { StatusCode, Payload, FunctionError } = await clients.lambda.send(
        new InvokeCommand({ FunctionName: FUNCTION, InvocationType: 'Event', Payload: Buffer.from('{}') }),
      );
      return [StatusCode, Payload?.length ?? 0, FunctionError];
    },
  },
  {
    behaviour: 'Invoke as DryRun: 204 and no payload',
    run: async ({ clients }) => {
      const { StatusCode, Payload } = await clients.lambda.send(
        new InvokeCommand({ FunctionName: FUNCTION, InvocationType: 'DryRun' }),
      );
      return [StatusCode, Payload?.length ?? 0];
    },
  },
  {
    behaviour: 'GetFunctionConfiguration: how a function is set up',
    run: async ({ clients }) => {
      const found = await clients.lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: FUNCTION }),
      );
      return {
        name: found.FunctionName,
        arn: found.FunctionArn,
        runtime: found.Runtime,
        handler: found.Handler,
        timeout: found.Timeout,
        memory: found.MemorySize,
        version: found.Version,
        package: found.PackageType,
        state: found.State,
      };
    },
  },
];
