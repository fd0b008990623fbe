import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { Account } from '../../../../infra/local/account.ts';
import { envelope, spotInterruption } from '../../../../infra/local/world/events.ts';
import { accountsOf, clientOf, entryOf, everything } from './support/functions.ts';
import { worldSpec } from './support/specs.ts';

const accounts = accountsOf();
let account: Account;

afterEach(accounts.stop);
afterAll(accounts.remove);

const MINUTE_MS = 60_000;
const echo = 'export const handler = async (event) => event;';

const publishFrom = (source: string, detail = '{"a":1}') => {
  const client = new EventBridgeClient(clientOf(account));
  return client
    .send(new PutEventsCommand({ Entries: [{ Source: source, DetailType: 'drained', Detail: detail }] }))
    .finally(() => client.destroy());
};

const lambda = async <T>(run: (client: LambdaClient) => Promise<T>): Promise<T> => {
  const client = new LambdaClient(clientOf(account));
  try {
    return await run(client);
  } finally {
    client.destroy();
  }
};

const event = () =>
  envelope(spotInterruption('i-0123456789abcdef0', 'eu-central-1a'), {
    accountId: account.world.accountId,
    region: account.world.region,
    now: account.clock.now(),
    id: 'b2c3',
  });

describe('events', () => {
  it('reach the queue and the function whose patterns they match, as EventBridge has them', async () => {
    const pattern = { source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] };
    account = await accounts.start(echo, [
      entryOf('intake', {
        trigger: { kind: 'queue', patterns: [pattern], batchSize: 10, visibilitySeconds: 60, maxReceives: 3 },
      }),
      entryOf('direct', { trigger: { kind: 'events', patterns: [pattern] } }),
      entryOf('other', { trigger: { kind: 'events', patterns: [{ ...pattern, source: ['aws.ecr'] }] } }),
    ]);
    account.putEvent(event());
    await account.settle();
    const byEntry = new Map(account.invocations.map(({ entryId, event }) => [entryId, event]));
    expect([...byEntry.keys()].sort()).toEqual(['direct', 'intake']);
    expect(byEntry.get('direct')).toEqual(event());
    const { Records } = byEntry.get('intake') as { Records: { body: string }[] };
    expect(JSON.parse(Records[0]?.body ?? '')).toEqual(event());
  });

  it('of a caller are kept, and cannot pretend to be AWS’s', async () => {
    account = await accounts.start(echo, []);
    const good = await publishFrom('eks-caretaker');
    expect(good).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    const forged = await publishFrom('aws.ec2');
    expect(forged).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }],
    });
    expect(await publishFrom('eks-caretaker', '[]')).toMatchObject({
      Entries: [{ ErrorCode: 'MalformedDetail' }],
    });
    expect(account.published).toMatchObject([
      { source: 'eks-caretaker', 'detail-type': 'drained', detail: { a: 1 } },
    ]);
  });
});

describe('ticks', () => {
  const tick = entryOf('tick', {
    trigger: { kind: 'tick', everyMinutes: 5, input: { trigger: 'tick' } },
  });

  it('come at round times, with their input', async () => {
    account = await accounts.start(echo, [tick], { schedules: true });
    await account.runUntil(account.clock.now() + 12 * MINUTE_MS);
    expect(
      account.invocations.map(({ startedAt, event }) => [new Date(startedAt).toISOString(), event]),
    ).toEqual([
      ['2026-11-19T21:05:00.000Z', { trigger: 'tick' }],
      ['2026-11-19T21:10:00.000Z', { trigger: 'tick' }],
    ]);
  });

  it('can be left to the test', async () => {
    account = await accounts.start(echo, [tick]);
    await account.runUntil(account.clock.now() + 12 * MINUTE_MS);
    expect(account.invocations).toEqual([]);
    expect((await account.invoke('tick', { trigger: 'tick' })).payload).toEqual({ trigger: 'tick' });
  });

  it('that fail are tried after one and two minutes more, and then kept with their event', async () => {
    account = await accounts.start(
      `export const handler = async () => { throw new Error('down'); };`,
      [tick],
      {
        schedules: true,
      },
    );
    const start = account.clock.now();
    await account.runUntil(start + 9 * MINUTE_MS);
    expect(account.invocations.map(({ startedAt }) => (startedAt - start) / MINUTE_MS)).toEqual([5, 6, 8]);
    const [failure] = account.queues.failures.messages();
    expect(JSON.parse(failure?.body ?? '')).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { trigger: 'tick' },
      responsePayload: { errorMessage: 'down' },
    });
  });
});

describe('functions on the wire', () => {
  it('answer their result, or the error that they threw with the end of their log', async () => {
    account = await accounts.start(
      `export const handler = async (event) => { console.log('asked'); if (event.fail) throw new TypeError('no'); return { got: event }; };`,
      [entryOf('probe')],
    );
    const invoke = (payload: object) =>
      lambda((client) =>
        client.send(
          new InvokeCommand({
            FunctionName: 'eks-caretaker-probe',
            LogType: 'Tail',
            Payload: Buffer.from(JSON.stringify(payload)),
          }),
        ),
      );
    const good = await invoke({ a: 1 });
    expect(good).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(JSON.parse(Buffer.from(good.Payload ?? []).toString())).toEqual({ got: { a: 1 } });
    const bad = await invoke({ fail: true });
    expect(bad.FunctionError).toBe('Unhandled');
    expect(JSON.parse(Buffer.from(bad.Payload ?? []).toString())).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'no',
    });
    expect(Buffer.from(bad.LogResult ?? '', 'base64').toString()).toBe('asked');
  });

  it('are started and not waited for when invoked as an event', async () => {
    account = await accounts.start(echo, [entryOf('probe')]);
    const arn = account.deployment.scope.functionArn('probe');
    const { StatusCode } = await lambda((client) =>
      client.send(
        new InvokeCommand({ FunctionName: arn, InvocationType: 'Event', Payload: Buffer.from('{}') }),
      ),
    );
    expect(StatusCode).toBe(202);
    await account.settle();
    expect(account.invocations).toHaveLength(1);
  });

  it('are described as they are deployed', async () => {
    account = await accounts.start(echo, [entryOf('probe', { reservedConcurrency: 1, timeoutSeconds: 42 })]);
    const described = await lambda((client) =>
      client.send(new GetFunctionCommand({ FunctionName: 'eks-caretaker-probe' })),
    );
    expect(described).toMatchObject({
      Configuration: {
        FunctionName: 'eks-caretaker-probe',
        Timeout: 42,
        Runtime: 'nodejs24.x',
        Version: '$LATEST',
      },
      Concurrency: { ReservedConcurrentExecutions: 1 },
    });
    const { Functions } = await lambda((client) => client.send(new ListFunctionsCommand({})));
    expect(Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['eks-caretaker-probe']);
    await expect(
      lambda((client) => client.send(new GetFunctionCommand({ FunctionName: 'other' }))),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('see the variables that the stack sets for what they use', async () => {
    account = await accounts.start(
      `export const handler = async () => Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('CARETAKER_')));`,
      [entryOf('probe', { uses: ['table', 'topic', 'worker'] })],
    );
    expect((await account.invoke('probe', {})).payload).toEqual({
      CARETAKER_TABLE: 'eks-caretaker',
      CARETAKER_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111122223333:eks-caretaker',
      CARETAKER_WORKER: 'arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-spot-drain-worker',
    });
  });
});

describe('rights', () => {
  const source = `
    import { SNSClient, PublishCommand } from '@aws-sdk/client-sns';
    export const handler = async ({ topic }) => {
      const client = new SNSClient({ maxAttempts: 1 });
      await client.send(new PublishCommand({ TopicArn: topic, Subject: 'Drained', Message: 'one node' }));
    };`;
  const topic = 'arn:aws:sns:eu-central-1:111122223333:eks-caretaker';

  it('of the manifest are enough for what it names', async () => {
    account = await accounts.start(source, [
      entryOf('probe', { statements: [{ actions: ['sns:Publish'], resources: [topic] }] }),
    ]);
    expect(await account.invoke('probe', { topic })).toMatchObject({ ok: true });
    expect(account.notifications).toMatchObject([{ subject: 'Drained', message: 'one node' }]);
  });

  it.each([
    ['another action', { actions: ['sns:Subscribe'], resources: [topic] }],
    ['another topic', { actions: ['sns:Publish'], resources: [`${topic}-2`] }],
  ])('for %s are not', async (_what, statement) => {
    account = await accounts.start(source, [entryOf('probe', { statements: [statement] })]);
    const { ok, payload } = await account.invoke('probe', { topic });
    expect(ok).toBe(false);
    expect(payload).toMatchObject({
      errorMessage: expect.stringContaining(
        `is not authorized to perform: sns:Publish on resource: ${topic} because`,
      ),
    });
    expect(account.notifications).toEqual([]);
  });
});

describe('the account', () => {
  it('tells the command line what the stack made', async () => {
    account = await accounts.start(echo, [entryOf('spot-drain-worker')]);
    const client = new CloudFormationClient(clientOf(account));
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 'eks-caretaker' }));
    expect(Stacks?.[0]?.Outputs).toEqual(
      expect.arrayContaining([
        { OutputKey: 'TableName', OutputValue: 'eks-caretaker' },
        {
          OutputKey: 'WorkerArn',
          OutputValue: 'arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-spot-drain-worker',
        },
      ]),
    );
    await expect(client.send(new DescribeStacksCommand({ StackName: 'other' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id other does not exist',
    });
    client.destroy();
  });

  it('puts the shipped ClusterRoles into its clusters', async () => {
    account = await accounts.start(
      echo,
      [entryOf('probe', { kubernetesRules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] })],
      { spec: worldSpec },
    );
    const [cluster] = account.world.clusters.values();
    expect(cluster?.kubernetes.objects.get('clusterroles', undefined, 'eks-caretaker:probe')?.rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    ]);
  });

  it('runs with the machine’s time when it is asked to', async () => {
    account = await accounts.start(
      `export const handler = async () => { const start = Date.now(); await new Promise((done) => setTimeout(done, 30)); return Date.now() - start; };`,
      [entryOf('probe')],
      { time: 'running' },
    );
    expect((await account.invoke('probe', {})).payload).toBeGreaterThanOrEqual(30);
    await expect(account.runUntil(account.clock.now() + 1_000)).rejects.toThrow('runs by itself');
  });

  it('leaves no process behind when it is closed', async () => {
    account = await accounts.start(
      `export const handler = async ({ wait }) => { if (wait) await new Promise((done) => setTimeout(done, 1e6)); return process.pid; };`,
      [entryOf('probe', { statements: [everything] })],
    );
    const { payload } = await account.invoke('probe', {});
    const running = account.invoke('probe', { wait: true });
    const ended = expect(running).rejects.toThrow('closed');
    await account.close();
    await ended;
    expect(() => process.kill(Number(payload), 0)).toThrow('ESRCH');
  });
});
