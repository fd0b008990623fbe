import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { createAsyncInvoker } from '../../../../shared/aws/lambda-invoke.ts';
import { createMessageSender } from '../../../../shared/aws/sqs.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const ARN = 'arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-spot-drain-worker';

describe('the asynchronous invoker', () => {
  it('queues an event for the function', async () => {
    const mock = mockClient(LambdaClient);
    mock.on(InvokeCommand).resolves({ StatusCode: 202 });
    await createAsyncInvoker(new LambdaClient({}), () => ARN).invoke({ kind: 'drain' });
    const [call] = mock.commandCalls(InvokeCommand);
    expect(call?.args[0].input).toMatchObject({ FunctionName: ARN, InvocationType: 'Event' });
    expect(Buffer.from(call?.args[0].input.Payload as Uint8Array).toString()).toBe('{"kind":"drain"}');
  });

  it('takes nothing but 202 for queued', async () => {
    const mock = mockClient(LambdaClient);
    mock.on(InvokeCommand).resolves({ StatusCode: 200 });
    await expect(createAsyncInvoker(new LambdaClient({}), () => ARN).invoke({})).rejects.toThrow(
      'status 200',
    );
  });
});

describe('the sender', () => {
  it('sends JSON to the queue with a delay', async () => {
    const mock = mockClient(SQSClient);
    mock.on(SendMessageCommand).resolves({});
    await createMessageSender(new SQSClient({}), () => 'https://queue').send(
      { kind: 'check' },
      { delaySeconds: 20 },
    );
    expect(mock.commandCalls(SendMessageCommand)[0]?.args[0].input).toEqual({
      QueueUrl: 'https://queue',
      MessageBody: '{"kind":"check"}',
      DelaySeconds: 20,
    });
  });
});
