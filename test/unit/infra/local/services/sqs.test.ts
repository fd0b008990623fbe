import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Account } from '../../../../../infra/local/account.ts';
import { accountsOf, clientOf, entryOf } from '../support/functions.ts';

const accounts = accountsOf();
let account: Account;
let sqs: SQSClient;

const intake = (maxReceives = 2) =>
  entryOf('intake', {
    timeoutSeconds: 10,
    trigger: { kind: 'queue', patterns: [], batchSize: 10, visibilitySeconds: 60, maxReceives },
  });

const deploy = async (source: string) => {
  account = await accounts.start(source, [intake()]);
  sqs = new SQSClient(clientOf(account));
};

afterEach(async () => {
  sqs.destroy();
  await accounts.stop();
});

afterAll(accounts.remove);

interface BatchEvent {
  readonly Records: readonly { readonly body: string }[];
}

/** In the order in which they began. */
const batches = (): readonly BatchEvent[] =>
  account.invocations
    .toSorted((left, right) => left.startedAt - right.startedAt)
    .map(({ event }) => event as BatchEvent);

const handledBatches = (): readonly string[][] =>
  batches().map(({ Records }) => Records.map(({ body }) => body));

describe('a queue on the wire', () => {
  let QueueUrl: string;

  beforeEach(async () => {
    await deploy('export const handler = async () => {};');
    ({ QueueUrl = '' } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: account.deployment.names.failures }),
    ));
  });

  const receive = async (settings: { VisibilityTimeout?: number } = {}) =>
    (
      await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['All'],
          ...settings,
        }),
      )
    ).Messages ?? [];

  const pass = (seconds: number) => account.runUntil(account.clock.now() + seconds * 1000);

  it('gives a message once until its visibility ends, counting receives', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'grüße' }));
    const [first] = await receive();
    expect(first).toMatchObject({ Body: 'grüße', Attributes: { ApproximateReceiveCount: '1' } });
    expect(await receive()).toEqual([]);
    await pass(30);
    const [again] = await receive();
    expect(again).toMatchObject({
      MessageId: first?.MessageId,
      Attributes: { ApproximateReceiveCount: '2' },
    });
  });

  it('hides a delayed message until it is due', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 20 }));
    await pass(19);
    expect(await receive()).toEqual([]);
    await pass(1);
    expect(await receive()).toHaveLength(1);
  });

  it('makes a message visible again at once, or keeps it longer', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const [message] = await receive();
    const change = (VisibilityTimeout: number, ReceiptHandle = message?.ReceiptHandle) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
    await change(90);
    await pass(60);
    expect(await receive()).toEqual([]);
    await change(0);
    const [again] = await receive();
    expect(again?.Body).toBe('one');
    await expect(change(5)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('not available for visibility timeout change'),
    });
    await expect(change(5, 'no handle')).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
    await change(0, again?.ReceiptHandle);
    await change(60, again?.ReceiptHandle); // visible again: taken, and nothing is done
    expect(await receive()).toHaveLength(1);
  });

  it('deletes by handle, and refuses what is none', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    const [message] = await receive();
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    await pass(120);
    expect(await receive()).toEqual([]);
    await expect(
      sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'no handle' })),
    ).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
  });

  it.each([
    ['nothing', '', 'MissingParameter'],
    ['a control character', 'bell \u0007', 'InvalidMessageContents'],
    ['a character that is none', 'end \uffff', 'InvalidMessageContents'],
    ['half of a pair', 'half \ud800', 'InvalidMessageContents'],
  ])('takes no message of %s', async (_, MessageBody, name) => {
    const call = sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await expect(call).rejects.toMatchObject({ name });
    expect(await receive()).toEqual([]);
  });

  it('takes every character of XML', async () => {
    const MessageBody = 'tab\t line\n return\r ü ☃ \u{1f600} \ufffd';
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    expect((await receive()).map(({ Body }) => Body)).toEqual([MessageBody]);
  });

  it.each([['with blanks'], [''], ['x'.repeat(81)]])('takes no batch with the Id "%s"', async (Id) => {
    const call = sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id, MessageBody: 'one' }] }));
    await expect(call).rejects.toMatchObject({
      name: Id === '' ? 'InvalidParameterValue' : 'InvalidBatchEntryId',
    });
  });

  it('handles the entries of a batch each by itself', async () => {
    const { Successful, Failed } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'good', MessageBody: 'one' },
          { Id: 'bad', MessageBody: 'two', DelaySeconds: 901 },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidParameterValue', SenderFault: true }]);
    await expect(
      sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: [
            { Id: 'same', ReceiptHandle: 'a' },
            { Id: 'same', ReceiptHandle: 'b' },
          ],
        }),
      ),
    ).rejects.toMatchObject({ name: 'BatchEntryIdsNotDistinct' });
  });

  it('counts, purges, and does not know other queues', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'two', DelaySeconds: 60 }));
    const attributes = () => sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect((await attributes()).Attributes).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesDelayed: '1',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect((await attributes()).Attributes).toMatchObject({ ApproximateNumberOfMessages: '0' });
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'other' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });
});

describe('the queue’s function', () => {
  it('gets up to ten messages that were sent together, in the shape Lambda has', async () => {
    await deploy('export const handler = async () => ({ batchItemFailures: [] });');
    for (let n = 0; n < 12; n++) account.sendMessage(`message ${n}`);
    await account.settle();
    const [first, second] = batches().toSorted((left, right) => right.Records.length - left.Records.length);
    expect([first?.Records.length, second?.Records.length]).toEqual([10, 2]);
    const [record] = first?.Records ?? [];
    expect(record).toEqual({
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      body: 'message 0',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {},
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:eks-caretaker',
      awsRegion: 'eu-central-1',
    });
  });

  it('runs five batches at once at first, the sixth when one is done', async () => {
    await deploy(
      `export const handler = async () => { await new Promise((done) => setTimeout(done, 5_000)); };`,
    );
    for (let n = 0; n < 60; n++) account.sendMessage(`message ${n}`);
    const start = account.clock.now();
    await account.settle();
    expect(account.invocations.map(({ startedAt }) => (startedAt - start) / 1000)).toEqual([
      0, 0, 0, 0, 0, 5,
    ]);
  });

  it('sees only the failed message of a batch again, after its visibility, and then loses it to the dead letters', async () => {
    await deploy(`export const handler = async ({ Records }) => ({
      batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })),
    });`);
    const start = account.clock.now();
    for (const body of ['good', 'bad', 'fine']) account.sendMessage(body);
    await account.settle();
    expect(handledBatches()).toEqual([['good', 'bad', 'fine'], ['bad']]);
    expect(account.queues.deadLetters.messages().map(({ body }) => body)).toEqual(['bad']);
    expect(account.clock.now() - start).toBe(120_000);
  });

  it.each([
    ['throws', `throw new Error('no');`],
    ['names an unknown message', `return { batchItemFailures: [{ itemIdentifier: 'unknown' }] };`],
    ['names none', `return { batchItemFailures: [{ itemIdentifier: '' }] };`],
    ['answers no list', `return { batchItemFailures: 'all' };`],
    ['answers a text', `return 'fine';`],
    ['runs out of time', 'await new Promise(() => setTimeout(() => {}, 1_000_000));'],
    ['is killed', `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`],
  ])('has the whole batch again when it %s', async (_how, body) => {
    await deploy(`export const handler = async () => { ${body} };`);
    for (const text of ['one', 'two']) account.sendMessage(text);
    await account.settle();
    expect(handledBatches()).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
    expect(account.queues.deadLetters.counts().visible).toBe(2);
  });

  it.each([
    ['nothing', 'undefined'],
    ['null', 'null'],
    ['no failures', '{}'],
    ['a null list', '{ batchItemFailures: null }'],
  ])('has done its batch when it answers %s', async (_what, answer) => {
    await deploy(`export const handler = async () => (${answer});`);
    account.sendMessage('one');
    await account.settle();
    expect(handledBatches()).toEqual([['one']]);
    expect(account.queues.deadLetters.counts().visible).toBe(0);
  });
});
