import type { WorldClock } from '../../clock.ts';
import { awsJson } from '../../protocol/aws-json.ts';
import { optionalInteger, optionalText, records, text, texts } from '../../protocol/input.ts';
import type { Input, Service } from '../../protocol/service.ts';
import { notImplemented, ServiceError } from '../../protocol/service.ts';
import type { Message, Queue } from './queue.ts';
import { isHandle } from './queue.ts';

const LARGEST_MESSAGE_BYTES = 1_048_576;
const LONGEST_DELAY_SECONDS = 900;
const LONGEST_VISIBILITY_SECONDS = 43_200;
const LONGEST_WAIT_SECONDS = 20;

/** What XML 1.0 cannot hold: SQS takes tab, line feed, carriage return, and everything from the blank on but FFFE and FFFF. */
const FORBIDDEN_CHARACTERS = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/** Codes of the query protocol that the JSON protocol sends along, from SQS's service model. */
const QUERY_ERRORS = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  ReceiptHandleIsInvalid: 'ReceiptHandleIsInvalid',
  InvalidMessageContents: 'InvalidMessageContents',
  InvalidParameterValue: 'InvalidParameterValue',
  MissingParameter: 'MissingParameter',
};

/** SQS for queues that exist already: send, receive, delete, visibility, attributes. */
export const sqsService = (options: {
  clock: WorldClock;
  accountId: string;
  /** Base of queue URLs, known once the server listens. */
  endpoint: () => string;
  queues: readonly Queue[];
}): Service => {
  const { clock, accountId, queues } = options;
  const urlOf = (queue: Queue) => `${options.endpoint()}/${accountId}/${queue.name}`;

  const named = (name: string): Queue => {
    const queue = queues.find((candidate) => candidate.name === name);
    if (queue === undefined)
      throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.', 400);
    return queue;
  };
  const queueOf = (input: Input): Queue => named(text(input, 'QueueUrl').split('/').at(-1) ?? '');

  const send = (queue: Queue, input: Input, senderId: string): Message => {
    for (const member of ['MessageAttributes', 'MessageGroupId', 'MessageDeduplicationId'])
      if (input[member] !== undefined) throw notImplemented('sqs', `SendMessage with ${member}`);
    const body = optionalText(input, 'MessageBody') ?? '';
    if (body === '')
      throw new ServiceError('MissingParameter', 'The request must contain the parameter MessageBody.', 400);
    if (FORBIDDEN_CHARACTERS.test(body))
      throw new ServiceError(
        'InvalidMessageContents',
        'Invalid binary character was found in the message body.',
        400,
      );
    if (Buffer.byteLength(body) > LARGEST_MESSAGE_BYTES)
      throw invalid(
        `One or more parameters are invalid. Reason: Message must be shorter than ${LARGEST_MESSAGE_BYTES} bytes.`,
      );
    const delaySeconds = within(input, 'DelaySeconds', LONGEST_DELAY_SECONDS);
    return queue.send(body, { senderId, ...(delaySeconds === undefined ? {} : { delaySeconds }) });
  };

  const remove = (queue: Queue, input: Input) => {
    if (!queue.remove(text(input, 'ReceiptHandle'))) throw badHandle();
    return {};
  };

  const receive = async (input: Input) => {
    const queue = queueOf(input);
    const most = optionalInteger(input, 'MaxNumberOfMessages') ?? 1;
    if (most < 1 || most > 10)
      throw invalid(
        `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
      );
    const visibility = within(input, 'VisibilityTimeout', LONGEST_VISIBILITY_SECONDS);
    const waitSeconds = within(input, 'WaitTimeSeconds', LONGEST_WAIT_SECONDS) ?? 0;
    let messages = queue.receive(most, visibility);
    if (messages.length === 0 && waitSeconds > 0) {
      await visibleWithin(clock, queue, waitSeconds * 1000);
      messages = queue.receive(most, visibility);
    }
    const asked = [...texts(input, 'AttributeNames'), ...texts(input, 'MessageSystemAttributeNames')];
    return messages.length === 0 ? {} : { Messages: messages.map((message) => received(message, asked)) };
  };

  const changeVisibility = (queue: Queue, input: Input) => {
    const seconds = within(input, 'VisibilityTimeout', LONGEST_VISIBILITY_SECONDS);
    if (seconds === undefined) throw invalid('The request must contain the parameter VisibilityTimeout.');
    const handle = text(input, 'ReceiptHandle');
    if (!isHandle(handle)) throw badHandle();
    if (!queue.changeVisibility(handle, seconds))
      throw invalid(
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    return {};
  };

  return awsJson(
    'sqs',
    'AmazonSQS',
    {
      SendMessage: (input, { accessKeyId }) => sent(send(queueOf(input), input, accessKeyId)),
      SendMessageBatch: (input, { accessKeyId }) =>
        batch(input, (entry) => sent(send(queueOf(input), entry, accessKeyId))),
      ReceiveMessage: receive,
      DeleteMessage: (input) => remove(queueOf(input), input),
      DeleteMessageBatch: (input) => batch(input, (entry) => remove(queueOf(input), entry)),
      ChangeMessageVisibility: (input) => changeVisibility(queueOf(input), input),
      ChangeMessageVisibilityBatch: (input) =>
        batch(input, (entry) => changeVisibility(queueOf(input), entry)),
      GetQueueUrl: (input) => ({ QueueUrl: urlOf(named(text(input, 'QueueName'))) }),
      ListQueues: (input) => ({
        QueueUrls: queues
          .filter(({ name }) => name.startsWith(String(input.QueueNamePrefix ?? '')))
          .map((queue) => urlOf(queue)),
      }),
      GetQueueAttributes: (input) => ({
        Attributes: attributesOf(queueOf(input), texts(input, 'AttributeNames')),
      }),
      PurgeQueue: (input) => {
        queueOf(input).purge();
        return {};
      },
    },
    { version: '1.0', invalidCode: 'InvalidParameterValue', queryErrors: QUERY_ERRORS },
  );
};

const invalid = (message: string) => new ServiceError('InvalidParameterValue', message, 400);
const badHandle = () =>
  new ServiceError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 400);

const within = (input: Input, name: string, most: number): number | undefined => {
  const value = optionalInteger(input, name);
  if (value !== undefined && (value < 0 || value > most))
    throw invalid(`Value ${value} for parameter ${name} is invalid. Reason: Must be between 0 and ${most}.`);
  return value;
};

const sent = (message: Message) => ({ MessageId: message.id, MD5OfMessageBody: message.bodyMd5 });

const received = (message: Message, asked: readonly string[]) => {
  const all: Record<string, string> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  };
  const attributes = Object.entries(all).filter(([name]) => asked.includes('All') || asked.includes(name));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.bodyMd5,
    Body: message.body,
    ...(attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) }),
  };
};

const attributesOf = (queue: Queue, asked: readonly string[]): Record<string, string> => {
  const { visible, delayed, inFlight } = queue.counts();
  const all: Record<string, string> = {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    VisibilityTimeout: String(queue.visibilitySeconds),
  };
  if (queue.redrive !== undefined)
    all.RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: queue.redrive.queue.arn,
      maxReceiveCount: queue.redrive.maxReceives,
    });
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => asked.includes('All') || asked.includes(name)),
  );
};

/** One entry's error is that entry's alone. */
const batch = (input: Input, run: (entry: Input) => object) => {
  const entries = records(input, 'Entries');
  const ids = entries.map((entry) => text(entry, 'Id'));
  if (ids.length === 0)
    throw new ServiceError('EmptyBatchRequest', 'There should be at least one entry in the request.', 400);
  if (ids.length > 10)
    throw new ServiceError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${ids.length}.`,
      400,
    );
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id)))
    throw new ServiceError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      400,
    );
  if (new Set(ids).size < ids.length)
    throw new ServiceError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.', 400);
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const [index, entry] of entries.entries()) {
    const Id = ids[index];
    try {
      Successful.push({ Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code === 'QueueDoesNotExist') throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
};

const visibleWithin = (clock: WorldClock, queue: Queue, ms: number) =>
  new Promise<void>((resolve) => {
    const finish = () => {
      cancel();
      stop();
      resolve();
    };
    const cancel = clock.schedule(clock.now() + ms, finish);
    const stop = queue.onVisible(finish);
  });
