import {
  GetDurableExecutionCommand,
  InvokeCommand,
  LambdaClient,
  ListDurableExecutionsByFunctionCommand,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { Account } from '../../../../../infra/local/account.ts';
import type { Execution } from '../../../../../infra/local/services/lambda/durable/execution.ts';
import { accountsOf, clientOf, entryOf } from '../support/functions.ts';

const HOUR_MS = 3_600_000;
const accounts = accountsOf();
let account: Account;
let lambda: LambdaClient;

afterEach(async () => {
  lambda.destroy();
  await accounts.stop();
});

afterAll(accounts.remove);

const durable = { executionTimeoutDays: 7, retentionDays: 30 };

const deploy = async (body: string, options: { handlers?: string } = {}) => {
  account = await accounts.start(
    `import { withDurableExecution, JitterStrategy, createRetryStrategy, CallbackTimeoutError } from '@aws/durable-execution-sdk-js';
     ${options.handlers ?? ''}
     export const handler = withDurableExecution(async (event, context) => { ${body} });`,
    [entryOf('workflow', { durable })],
  );
  lambda = new LambdaClient(clientOf(account));
};

const start = (payload: object = {}, name = 'run-1') =>
  lambda.send(
    new InvokeCommand({
      FunctionName: 'eks-caretaker-workflow',
      Qualifier: 'live',
      InvocationType: 'Event',
      DurableExecutionName: name,
      Payload: Buffer.from(JSON.stringify(payload)),
    }),
  );

const execution = (): Execution => {
  const [first] = account.executions;
  if (first === undefined) throw new Error('nothing was started');
  return first;
};

const toEnd = async (): Promise<Execution> => {
  await account.runUntilTrue(() => execution().status !== 'RUNNING', 8 * 24 * 3600);
  return execution();
};

const resultOf = ({ end }: Execution): unknown => {
  if (end?.status !== 'SUCCEEDED') throw new Error(JSON.stringify(end));
  return JSON.parse(end.result ?? 'null');
};

const callbackId = (): string => {
  const id = execution().operations.find(({ Type }) => Type === 'CALLBACK')?.CallbackDetails?.CallbackId;
  if (id === undefined) throw new Error('no callback is open');
  return id;
};

const invocations = () => account.invocations.length;

describe('a durable function', () => {
  it('runs steps once, and sleeps an hour without a process', async () => {
    await deploy(`
      const first = await context.step('first', async () => Date.now());
      await context.wait('pause', { seconds: 3600 });
      const second = await context.step('second', async () => Date.now());
      return { passed: second - first, input: event };`);
    const { DurableExecutionArn, StatusCode } = await start({ cluster: 'staging' });
    expect(StatusCode).toBe(202);
    expect(DurableExecutionArn).toMatch(
      /^arn:aws:lambda:eu-central-1:\d{12}:function:eks-caretaker-workflow:1\/durable-execution\/run-1\/[a-z0-9-]+$/,
    );
    const begun = account.clock.now();
    expect(resultOf(await toEnd())).toEqual({ passed: expect.any(Number), input: { cluster: 'staging' } });
    expect(account.clock.now() - begun).toBeLessThan(HOUR_MS + 2_000);
    expect(invocations()).toBe(2);
    const described = await lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
    expect(described).toMatchObject({
      Status: 'SUCCEEDED',
      DurableExecutionName: 'run-1',
      InputPayload: '{"cluster":"staging"}',
      StartTimestamp: new Date(begun),
    });
  });

  it('tries a failing step again when its delay is over', async () => {
    await deploy(`
      const seen = await context.step('flaky', async ({ attempt }) => {
        if (attempt < 3) throw new Error('attempt ' + attempt);
        return attempt;
      }, { retryStrategy: (_error, attempt) => ({ shouldRetry: attempt < 5, delay: { seconds: 30 } }) });
      return { seen };`);
    const begun = account.clock.now();
    await start();
    expect(resultOf(await toEnd())).toEqual({ seen: 3 });
    expect(account.clock.now() - begun).toBeGreaterThanOrEqual(60_000);
    expect(account.clock.now() - begun).toBeLessThan(62_000);
  });

  it('polls a condition, keeping its state', async () => {
    await deploy(`
      return context.waitForCondition('count', async (state) => state + 1, {
        initialState: 0,
        waitStrategy: (state) => state >= 4 ? { shouldContinue: false } : { shouldContinue: true, delay: { seconds: 60 } },
      });`);
    await start();
    expect(resultOf(await toEnd())).toBe(4);
  });

  it('waits for a callback, whose answer wakes it', async () => {
    await deploy(`
      const [answer] = await context.createCallback('approval', { timeout: { hours: 24 } });
      return { answer: await answer };`);
    await start();
    await account.runUntil(account.clock.now() + HOUR_MS);
    expect(execution().status).toBe('RUNNING');
    await lambda.send(
      new SendDurableExecutionCallbackSuccessCommand({
        CallbackId: callbackId(),
        Result: Buffer.from('{"approved":true}'),
      }),
    );
    await account.settle();
    expect(resultOf(execution())).toEqual({ answer: '{"approved":true}' });
    await expect(
      lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: callbackId() })),
    ).rejects.toMatchObject({ name: 'CallbackTimeoutException' });
  });

  it('hears a refusal by callback with its type', async () => {
    await deploy(`
      const [answer] = await context.createCallback('approval', { timeout: { hours: 24 } });
      try { return await answer; } catch (error) { return { name: error.cause?.name, message: error.message }; }`);
    await start();
    await account.settle();
    await lambda.send(
      new SendDurableExecutionCallbackFailureCommand({
        CallbackId: callbackId(),
        Error: { ErrorType: 'Rejected', ErrorMessage: 'not today' },
      }),
    );
    await account.settle();
    expect(resultOf(execution())).toEqual({ name: 'Rejected', message: 'not today' });
  });

  it.each([
    ['its time-out', '{ timeout: { hours: 24 } }', 24 * HOUR_MS],
    ['a heartbeat that stays away', '{ heartbeatTimeout: { hours: 2 } }', 3 * HOUR_MS],
  ])('ends a callback at %s', async (_why, config, after) => {
    await deploy(`
      const [answer] = await context.createCallback('approval', ${config});
      try { return await answer; } catch (error) { return { timeout: error instanceof CallbackTimeoutError }; }`);
    await start();
    const begun = account.clock.now();
    await account.runUntil(begun + HOUR_MS);
    await lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: callbackId() }));
    expect(resultOf(await toEnd())).toEqual({ timeout: true });
    expect(account.clock.now() - begun).toBeGreaterThanOrEqual(after);
    expect(account.clock.now() - begun).toBeLessThan(after + 2_000);
  });

  it('maps over items at a concurrency, each with waits of its own', async () => {
    await deploy(`
      const batch = await context.map('groups', [1, 2, 3, 4, 5], async (child, item) => {
        await child.step('begin', async () => item);
        await child.wait('roll', { seconds: 600 });
        return child.step('end', async () => item * 10);
      }, { maxConcurrency: 2 });
      return batch.getResults();`);
    const begun = account.clock.now();
    await start();
    expect(resultOf(await toEnd())).toEqual([10, 20, 30, 40, 50]);
    expect(account.clock.now() - begun).toBeGreaterThanOrEqual(3 * 600_000);
    expect(account.clock.now() - begun).toBeLessThan(3 * 600_000 + 10_000);
  });

  it('reads more operations than come with the event', async () => {
    await deploy(`
      let sum = 0;
      for (let n = 0; n < 130; n++) sum += await context.step('step-' + n, async () => n);
      await context.wait('pause', { seconds: 10 });
      return sum;`);
    await start();
    expect(resultOf(await toEnd())).toBe((129 * 130) / 2);
    expect(invocations()).toBe(2);
  });

  it('goes on from its record when its process is killed mid-step', async () => {
    await deploy(`
      const first = await context.step('first', async () => process.pid);
      const second = await context.step('second', async () => { await new Promise((done) => setTimeout(done, 5_000)); return process.pid; });
      return { first, second };`);
    // Its second checkpoint says that the second step has begun.
    account.killAt('workflow', { request: 2, when: 'after-apply', service: 'lambda' });
    await start();
    const { first, second } = resultOf(await toEnd()) as { first: number; second: number };
    expect(first).not.toBe(second);
    expect(account.invocations[0]?.error?.errorType).toBe('Runtime.ExitError');
    expect(invocations()).toBe(2);
  });

  it('makes a checkpoint once when its answer is lost and the SDK sends it again', async () => {
    await deploy(`
      let count = 0;
      await context.step('first', async () => { count++; });
      await context.step('second', async () => { count++; });
      return count;`);
    account.failNext('lambda', 'CheckpointDurableExecution', 'reset-after-apply');
    await start();
    expect(resultOf(await toEnd())).toBe(2);
    expect(invocations()).toBe(1);
  });

  it('fails with the error of its handler', async () => {
    await deploy(`throw new RangeError('no such cluster');`);
    await start();
    expect((await toEnd()).end).toMatchObject({
      status: 'FAILED',
      error: { ErrorType: 'RangeError', ErrorMessage: 'no such cluster' },
    });
  });

  it('fails when a checkpoint is larger than 256 KB', async () => {
    await deploy(`return context.step('large', async () => 'x'.repeat(262_144));`);
    await start();
    const { end } = await toEnd();
    expect(end?.status).toBe('FAILED');
    expect(end?.error?.ErrorMessage).toMatch(/less than or equal to 262144 bytes/);
  });

  it('is one execution for one name and payload, and refuses another payload', async () => {
    await deploy(`await context.wait('pause', { seconds: 60 }); return 1;`);
    const first = await start({ version: '1.35' });
    const second = await start({ version: '1.35' });
    expect(second.DurableExecutionArn).toBe(first.DurableExecutionArn);
    await expect(start({ version: '1.36' })).rejects.toMatchObject({
      name: 'DurableExecutionAlreadyStartedException',
    });
    const { DurableExecutions } = await lambda.send(
      new ListDurableExecutionsByFunctionCommand({
        FunctionName: 'eks-caretaker-workflow',
        Statuses: ['RUNNING'],
      }),
    );
    expect(DurableExecutions?.map(({ DurableExecutionName }) => DurableExecutionName)).toEqual(['run-1']);
  });

  it('is never invoked again once it is stopped', async () => {
    await deploy(`await context.wait('pause', { seconds: 600 }); return 1;`);
    const { DurableExecutionArn } = await start();
    await account.settle();
    await lambda.send(new StopDurableExecutionCommand({ DurableExecutionArn }));
    await account.runUntil(account.clock.now() + HOUR_MS);
    expect(execution().status).toBe('STOPPED');
    expect(invocations()).toBe(1);
  });

  it('is refused without a version or alias', async () => {
    await deploy('return 1;');
    await expect(
      lambda.send(new InvokeCommand({ FunctionName: 'eks-caretaker-workflow', InvocationType: 'Event' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('answers a synchronous invocation when it is over', async () => {
    await deploy(`await context.wait('pause', { seconds: 60 }); return { done: true };`);
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: 'eks-caretaker-workflow:live' }),
    );
    expect(FunctionError).toBeUndefined();
    expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toEqual({ done: true });
  });
});
