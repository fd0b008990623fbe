import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { createMessageSender } from '../../../../shared/aws/sqs.ts';
import type { Case } from '../comparison.ts';
import { attempt } from '../comparison.ts';
import type { Side } from '../side.ts';

const send = ({ clients, drawn }: Side, queue: string, MessageBody: string, more: object = {}) =>
  clients.sqs.send(new SendMessageCommand({ QueueUrl: drawn.queueUrl(queue), MessageBody, ...more }));

const receive = async ({ clients, drawn }: Side, queue: string, more: object = {}) => {
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: drawn.queueUrl(queue), MaxNumberOfMessages: 10, ...more }),
  );
  return Messages;
};

const bodies = async (side: Side, queue: string) =>
  (await receive(side, queue)).map(({ Body = '' }) => Body).sort();

const counts = async ({ clients, drawn }: Side, queue: string) => {
  const { Attributes = {} } = await clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: drawn.queueUrl(queue),
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesDelayed',
        'ApproximateNumberOfMessagesNotVisible',
      ],
    }),
  );
  return [
    Attributes.ApproximateNumberOfMessages,
    Attributes.ApproximateNumberOfMessagesDelayed,
    Attributes.ApproximateNumberOfMessagesNotVisible,
  ];
};

const remove = ({ clients, drawn }: Side, queue: string, ReceiptHandle: string) =>
  clients.sqs.send(new DeleteMessageCommand({ QueueUrl: drawn.queueUrl(queue), ReceiptHandle }));

const changeVisibility = (
  { clients, drawn }: Side,
  queue: string,
  { handle, seconds }: { handle: string; seconds: number },
) =>
  clients.sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: drawn.queueUrl(queue),
      ReceiptHandle: handle,
      VisibilityTimeout: seconds,
    }),
  );

const unknownQueue = ({ drawn }: Side) => drawn.queueUrl('batch').replace(/batch$/, 'nobody');

export const sqsCases: readonly Case[] = [
  {
    behaviour: 'MessageSender.send: the object comes out as JSON',
    run: async (side) => {
      const sender = createMessageSender(side.clients.sqs, () => side.drawn.queueUrl('own'));
      await sender.send({ node: 'ip-10-0-0-4', text: 'für <b>&' }, { delaySeconds: 0 });
      return bodies(side, 'own');
    },
  },
  {
    behaviour: 'MessageSender.send to a queue that is gone',
    run: (side) =>
      createMessageSender(side.clients.sqs, () => unknownQueue(side)).send({}, { delaySeconds: 0 }),
  },
  {
    behaviour: 'SendMessage, ReceiveMessage: MD5 sums, ids and the attributes asked for',
    run: async (side) => {
      const sent = await send(side, 'messages', 'hello ☃');
      const [message] = await receive(side, 'messages', { MessageSystemAttributeNames: ['All'] });
      const { ReceiptHandle = '', Attributes = {}, ...rest } = message ?? {};
      await remove(side, 'messages', ReceiptHandle);
      return {
        sent,
        rest,
        sameId: sent.MessageId === message?.MessageId,
        attributes: Object.keys(Attributes).sort(),
        received: Attributes.ApproximateReceiveCount,
        left: await counts(side, 'messages'),
      };
    },
  },
  {
    behaviour: 'ReceiveMessage without attributes asked for gives none; an empty queue gives no messages',
    run: async (side) => {
      await send(side, 'messages', 'one');
      const [message] = await receive(side, 'messages');
      await remove(side, 'messages', message?.ReceiptHandle ?? '');
      const { Messages } = await side.clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: side.drawn.queueUrl('messages') }),
      );
      return [message?.Attributes, Messages];
    },
  },
  {
    behaviour: 'ReceiveMessage takes at most as many as asked for',
    run: async (side) => {
      for (const body of ['a', 'b', 'c']) await send(side, 'messages', body);
      const first = await receive(side, 'messages', { MaxNumberOfMessages: 2 });
      const second = await receive(side, 'messages');
      for (const { ReceiptHandle = '' } of [...first, ...second])
        await remove(side, 'messages', ReceiptHandle);
      return [first.length, second.length];
    },
  },
  ...[0, 11].map(
    (MaxNumberOfMessages): Case => ({
      behaviour: `ReceiveMessage of ${MaxNumberOfMessages} messages is refused`,
      run: (side) => receive(side, 'refusals', { MaxNumberOfMessages }),
    }),
  ),
  {
    behaviour: 'ReceiveMessage that waits for longer than 20 s is refused',
    run: (side) => receive(side, 'refusals', { WaitTimeSeconds: 21 }),
  },
  {
    behaviour: 'a message in flight is hidden until its visibility time-out has passed',
    run: async (side) => {
      await send(side, 'handles', 'hidden');
      const [first] = await receive(side, 'handles', { VisibilityTimeout: 1 });
      const meanwhile = await receive(side, 'handles');
      await side.pass(1.2);
      const [again] = await receive(side, 'handles', { MessageSystemAttributeNames: ['All'] });
      await remove(side, 'handles', again?.ReceiptHandle ?? '');
      return [
        meanwhile.length,
        first?.MessageId === again?.MessageId,
        first?.ReceiptHandle === again?.ReceiptHandle,
        again?.Attributes?.ApproximateReceiveCount,
      ];
    },
  },
  {
    behaviour: 'ChangeMessageVisibility to 0 gives a message back at once',
    run: async (side) => {
      await send(side, 'handles', 'given back');
      const [first] = await receive(side, 'handles');
      await changeVisibility(side, 'handles', { handle: first?.ReceiptHandle ?? '', seconds: 0 });
      const [again] = await receive(side, 'handles');
      await remove(side, 'handles', again?.ReceiptHandle ?? '');
      return again?.Body;
    },
  },
  {
    behaviour: 'ChangeMessageVisibility of a message that is not in flight',
    differs: {
      documented: {},
      because:
        'moto refuses it; localstack/localstack #9632, tested against AWS: the call is taken and does nothing',
    },
    run: async (side) => {
      await send(side, 'handles', 'not in flight');
      const [first] = await receive(side, 'handles');
      const handle = first?.ReceiptHandle ?? '';
      await changeVisibility(side, 'handles', { handle, seconds: 0 });
      const answer = await attempt(() => changeVisibility(side, 'handles', { handle, seconds: 5 }));
      const [again] = await receive(side, 'handles', { VisibilityTimeout: 0 });
      await remove(side, 'handles', again?.ReceiptHandle ?? '');
      return answer;
    },
  },
  {
    behaviour: 'ChangeMessageVisibility of a message that was deleted',
    differs: {
      documented: { error: 'InvalidParameterValue', status: 400 },
      because:
        'moto calls the handle invalid; AWS: "Message does not exist or is not available for visibility timeout change" (aws/aws-sdk-js-v3 #2983, vmihailenco/taskq #29)',
    },
    run: async (side) => {
      await send(side, 'handles', 'deleted');
      const [first] = await receive(side, 'handles');
      const handle = first?.ReceiptHandle ?? '';
      await remove(side, 'handles', handle);
      return changeVisibility(side, 'handles', { handle, seconds: 5 });
    },
  },
  {
    behaviour: 'ChangeMessageVisibility to more than 12 hours',
    run: async (side) => {
      await send(side, 'handles', 'for ever');
      const [first] = await receive(side, 'handles');
      const handle = first?.ReceiptHandle ?? '';
      const answer = await attempt(() => changeVisibility(side, 'handles', { handle, seconds: 43_201 }));
      await remove(side, 'handles', handle);
      return answer;
    },
  },
  {
    behaviour: 'DeleteMessage twice with one handle is fine',
    run: async (side) => {
      await send(side, 'handles', 'twice');
      const [first] = await receive(side, 'handles');
      const handle = first?.ReceiptHandle ?? '';
      await remove(side, 'handles', handle);
      return (await remove(side, 'handles', handle)).$metadata.httpStatusCode;
    },
  },
  {
    behaviour: 'DeleteMessage with a handle that SQS never gave out',
    run: (side) => remove(side, 'handles', 'no handle'),
  },
  {
    behaviour: 'SendMessage with a delay: hidden until then, counted as delayed',
    run: async (side) => {
      await send(side, 'delays', 'later', { DelaySeconds: 1 });
      const before = [await bodies(side, 'delays'), await counts(side, 'delays')];
      await side.pass(1.2);
      return [before, await bodies(side, 'delays')];
    },
  },
  {
    behaviour: 'SendMessage with a delay of 901 s is refused',
    run: (side) => send(side, 'refusals', 'never', { DelaySeconds: 901 }),
  },
  {
    behaviour: 'SendMessage with a delay of -1 s is refused',
    differs: {
      documented: { error: 'InvalidParameterValue', status: 400 },
      because: 'moto takes it; API reference, SendMessage: DelaySeconds from 0 to 900',
    },
    run: (side) => send(side, 'refusals', 'never', { DelaySeconds: -1 }),
  },
  {
    behaviour: 'SendMessage without a body is refused',
    differs: {
      documented: { error: 'MissingParameter', status: 400 },
      because:
        'moto takes it; API reference, SendMessage: at least one character, and Common Errors: MissingParameter',
    },
    run: (side) => send(side, 'refusals', ''),
  },
  {
    behaviour: 'SendMessage with a character that XML cannot hold is refused',
    differs: {
      documented: { error: 'InvalidMessageContents', status: 400 },
      because:
        'moto takes it; API reference, SendMessage: InvalidMessageContents for characters that XML does not allow',
    },
    run: (side) => send(side, 'refusals', 'bell \u0007'),
  },
  {
    behaviour: 'SendMessage of 1 MiB is taken, one byte more is refused',
    run: async (side) => [
      await attempt(
        async () => (await send(side, 'refusals', 'x'.repeat(1_048_576))).$metadata.httpStatusCode,
      ),
      await attempt(() => send(side, 'refusals', 'x'.repeat(1_048_577))),
    ],
  },
  {
    behaviour: 'every call on an unknown queue: QueueDoesNotExist',
    run: async (side) => {
      const QueueUrl = unknownQueue(side);
      const { sqs } = side.clients;
      return [
        await attempt(() => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))),
        await attempt(() => sqs.send(new ReceiveMessageCommand({ QueueUrl }))),
        await attempt(() => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' }))),
        await attempt(() => sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))),
        await attempt(() => sqs.send(new GetQueueUrlCommand({ QueueName: 'nobody' }))),
      ];
    },
  },
  {
    behaviour: 'GetQueueUrl and ListQueues by prefix',
    run: async ({ clients }) => {
      const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
      const { QueueUrls } = await clients.sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'de' }));
      return [QueueUrl, QueueUrls?.toSorted()];
    },
  },
  {
    behaviour: 'GetQueueAttributes: counts, ARN, time-out, redrive policy',
    run: async (side) => {
      await send(side, 'counts', 'visible');
      await send(side, 'counts', 'in flight');
      await send(side, 'counts', 'delayed', { DelaySeconds: 900 });
      await receive(side, 'counts', { MaxNumberOfMessages: 1 });
      const { Attributes } = await side.clients.sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: side.drawn.queueUrl('jobs'),
          AttributeNames: ['QueueArn', 'VisibilityTimeout', 'RedrivePolicy'],
        }),
      );
      return [
        await counts(side, 'counts'),
        { ...Attributes, RedrivePolicy: JSON.parse(Attributes?.RedrivePolicy ?? '{}') },
      ];
    },
  },
  {
    behaviour: 'SendMessageBatch: each entry has its own answer',
    run: async (side) => {
      const { Successful = [], Failed } = await side.clients.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: side.drawn.queueUrl('batch'),
          Entries: [
            { Id: 'good', MessageBody: 'good' },
            { Id: 'late', MessageBody: 'late', DelaySeconds: 900 },
          ],
        }),
      );
      return [
        Successful.map(({ Id, MD5OfMessageBody }) => ({ Id, MD5OfMessageBody })),
        Failed,
        await bodies(side, 'batch'),
      ];
    },
  },
  ...(
    [
      ['without entries', []],
      ['of 11 entries', Array.from({ length: 11 }, (_, index) => ({ Id: `e${index}`, MessageBody: 'x' }))],
      ['with one Id twice', ['x', 'x'].map((Id) => ({ Id, MessageBody: 'x' }))],
      ['with an Id that holds a blank', [{ Id: 'not an id', MessageBody: 'x' }]],
    ] as const
  ).map(
    ([what, Entries]): Case => ({
      behaviour: `SendMessageBatch ${what} is refused`,
      run: ({ clients, drawn }) =>
        clients.sqs.send(
          new SendMessageBatchCommand({ QueueUrl: drawn.queueUrl('refusals'), Entries: [...Entries] }),
        ),
    }),
  ),
  {
    behaviour: 'SendMessageBatch with one entry that cannot be taken',
    run: async ({ clients, drawn }) => {
      const { Successful = [], Failed = [] } = await clients.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: drawn.queueUrl('refusals'),
          Entries: [
            { Id: 'good', MessageBody: 'good' },
            { Id: 'bad', MessageBody: 'bad', DelaySeconds: 901 },
          ],
        }),
      );
      return [
        Successful.map(({ Id }) => Id),
        Failed.map(({ Id, Code, SenderFault }) => ({ Id, Code, SenderFault })),
      ];
    },
  },
  {
    behaviour: 'DeleteMessageBatch with a good and a bad handle',
    run: async (side) => {
      await send(side, 'batch', 'to go');
      const [message] = await receive(side, 'batch');
      const { Successful = [], Failed = [] } = await side.clients.sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: side.drawn.queueUrl('batch'),
          Entries: [
            { Id: 'good', ReceiptHandle: message?.ReceiptHandle ?? '' },
            { Id: 'bad', ReceiptHandle: 'no handle' },
          ],
        }),
      );
      return [
        Successful.map(({ Id }) => Id),
        Failed.map(({ Id, Code, SenderFault }) => ({ Id, Code, SenderFault })),
      ];
    },
  },
  {
    behaviour: 'a message received as often as the redrive policy allows goes to the dead-letter queue',
    run: async (side) => {
      await send(side, 'jobs', 'poison');
      const seen: string[][] = [];
      for (let round = 0; round < 3; round++) {
        seen.push(await bodies(side, 'jobs'));
        await side.pass(1.2);
      }
      return [seen, await bodies(side, 'dead')];
    },
  },
  {
    behaviour: 'PurgeQueue leaves nothing',
    run: async (side) => {
      await send(side, 'purged', 'one');
      await side.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: side.drawn.queueUrl('purged') }));
      return bodies(side, 'purged');
    },
  },
];
