import {
  DurableExecutionAlreadyStartedException,
  InvokeCommand,
  LambdaClient,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createFunctionsPort } from '../../../../infra/cli/functions-port.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const lambda = mockClient(LambdaClient);
const port = createFunctionsPort(new LambdaClient({ region: 'eu-central-1' }));
const textOf = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('utf8');
const answer = (value: unknown) =>
  Object.assign(Buffer.from(JSON.stringify(value)), { transformToString: () => '' });

beforeEach(() => {
  lambda.reset();
});

describe('the Lambda port of the command line', () => {
  it('invokes a function, waits and answers its result', async () => {
    lambda.on(InvokeCommand).resolves({ StatusCode: 200, Payload: answer({ verdicts: [] }) as never });
    expect(await port.invoke('f', { action: 'plan' })).toEqual({ verdicts: [] });
    const [call] = lambda.commandCalls(InvokeCommand);
    expect(call?.args[0].input).toMatchObject({ FunctionName: 'f', InvocationType: 'RequestResponse' });
    expect(textOf(call?.args[0].input.Payload)).toBe('{"action":"plan"}');
  });

  it('throws what the function threw', async () => {
    const thrown = { errorType: 'ConfigurationError', errorMessage: 'config.json is missing' };
    lambda.on(InvokeCommand).resolves({ FunctionError: 'Unhandled', Payload: answer(thrown) as never });
    await expect(port.invoke('f', {})).rejects.toThrow(
      'f failed: ConfigurationError: config.json is missing',
    );
  });

  it('starts an execution by name on the alias, without waiting', async () => {
    lambda.on(InvokeCommand).resolves({ StatusCode: 202 });
    expect(await port.startExecution('f', 'staging-1-35-1', { action: 'start' })).toBe(true);
    expect(lambda.commandCalls(InvokeCommand)[0]?.args[0].input).toMatchObject({
      Qualifier: 'live',
      InvocationType: 'Event',
      DurableExecutionName: 'staging-1-35-1',
    });
  });

  it('says when the name is taken by another payload, and passes other errors on', async () => {
    lambda
      .on(InvokeCommand)
      .rejectsOnce(new DurableExecutionAlreadyStartedException({ message: 'taken', $metadata: {} } as never))
      .rejectsOnce(new Error('throttled'));
    expect(await port.startExecution('f', 'n', {})).toBe(false);
    await expect(port.startExecution('f', 'n', {})).rejects.toThrow('throttled');
  });

  it('completes and fails callbacks', async () => {
    lambda.on(SendDurableExecutionCallbackSuccessCommand).resolves({});
    lambda.on(SendDurableExecutionCallbackFailureCommand).resolves({});
    await port.succeedCallback('id-1', { decision: 'approve' });
    await port.failCallback('id-1', { type: 'rejected', message: 'anna: no' });
    const [success] = lambda.commandCalls(SendDurableExecutionCallbackSuccessCommand);
    expect(success?.args[0].input.CallbackId).toBe('id-1');
    expect(textOf(success?.args[0].input.Result)).toBe('{"decision":"approve"}');
    expect(lambda.commandCalls(SendDurableExecutionCallbackFailureCommand)[0]?.args[0].input).toEqual({
      CallbackId: 'id-1',
      Error: { ErrorType: 'rejected', ErrorMessage: 'anna: no' },
    });
  });
});
