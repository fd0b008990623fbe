import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WorldClock } from '../../../../../infra/local/clock.ts';
import { createWorldClock } from '../../../../../infra/local/clock.ts';
import type { Conductor } from '../../../../../infra/local/runtime/conductor.ts';
import { createConductor } from '../../../../../infra/local/runtime/conductor.ts';
import type { FunctionDefinition } from '../../../../../infra/local/runtime/function.ts';
import type { FunctionPool } from '../../../../../infra/local/runtime/function-pool.ts';
import { createFunctionPool } from '../../../../../infra/local/runtime/function-pool.ts';
import { functionOf, START, temporaryFolder } from '../support/folders.ts';

const folder = temporaryFolder();
let clock: WorldClock;
let pool: FunctionPool;
let conductor: Conductor;

beforeEach(() => {
  clock = createWorldClock(START);
  clock.hold(true);
});

afterEach(async () => {
  await pool.close();
  clock.stop();
});

afterAll(() => folder.remove());

const deploy = (source: string, overrides: Partial<FunctionDefinition> = {}) => {
  const file = folder.write('probe/index.mjs', source);
  pool = createFunctionPool({ clock, definitions: [functionOf('probe', file, overrides)] });
  conductor = createConductor({ clock, pool, stuckAfterSeconds: 20 });
};

const invokeAll = async (events: readonly unknown[]) => {
  const invocations = Promise.all(events.map((event) => pool.invoke('probe', event)));
  await conductor.drive({ done: () => pool.inFlight.length === 0 });
  return invocations;
};

const invoke = async (event: unknown = {}) => {
  const [outcome] = await invokeAll([event]);
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
};

describe('the environments of a function', () => {
  it('see the event, a Lambda context and nothing of our own environment', async () => {
    process.env.CARETAKER_LEAK = 'leaked';
    deploy(
      `export const handler = async (event, context) => ({ event, left: context.getRemainingTimeInMillis(),
         name: context.functionName, arn: context.invokedFunctionArn, memory: context.memoryLimitInMB,
         id: typeof context.awsRequestId, names: Object.keys(process.env).sort(), table: process.env.CARETAKER_TABLE });`,
      { environment: { CARETAKER_TABLE: 'eks-caretaker' }, timeoutSeconds: 10 },
    );
    const value = JSON.parse((await invoke({ trigger: 'tick' })).payload);
    delete process.env.CARETAKER_LEAK;
    expect(value).toMatchObject({
      event: { trigger: 'tick' },
      left: 10_000,
      name: 'eks-caretaker-probe',
      arn: 'arn:aws:lambda:eu-central-1:123456789012:function:eks-caretaker-probe',
      memory: '128',
      id: 'string',
      table: 'eks-caretaker',
    });
    expect(value.names.filter((name: string) => !/^(AWS_|_HANDLER|LAMBDA_)/.test(name))).toEqual([
      'CARETAKER_TABLE',
      'HOME',
      'LANG',
      'PATH',
      'TZ',
    ]);
  });

  it('are reused while warm and one for each concurrent invocation', async () => {
    deploy(`let count = 0; export const handler = async () => {
      const mine = ++count; await new Promise((done) => setTimeout(done, 1_000)); return { pid: process.pid, mine };
    };`);
    const first = (await invokeAll([1, 2])).map(({ payload }) => JSON.parse(payload));
    expect(new Set(first.map(({ pid }) => pid)).size).toBe(2);
    const again = JSON.parse((await invoke()).payload);
    expect(first.map(({ pid }) => pid)).toContain(again.pid);
    expect(again.mine).toBe(2);
  });

  it('keep to the reserved concurrency: the third waits', async () => {
    deploy(
      `export const handler = async () => { const at = Date.now(); await new Promise((done) => setTimeout(done, 1_000)); return at; };`,
      { reservedConcurrency: 2 },
    );
    const start = clock.now();
    const outcomes = await invokeAll([1, 2, 3]);
    expect(outcomes.map(({ payload }) => Number(payload) - start).sort()).toEqual([0, 0, 1_000]);
  });

  it('collect what is written, line by line, with the invocation that wrote it', async () => {
    deploy(
      `export const handler = async ({ text }) => { console.log(text); console.error('bad'); process.stdout.write('a\\nb\\n'); };`,
    );
    expect((await invoke({ text: 'one' })).logs).toEqual(['one', 'bad', 'a', 'b']);
    const second = await invoke({ text: 'two' });
    expect(second.logs).toEqual(['two', 'bad', 'a', 'b']);
    expect(second.payload).toBe('null');
  });

  it('report an error that the handler throws', async () => {
    deploy(`export const handler = async () => { throw new TypeError('no such cluster'); };`);
    const outcome = await invoke();
    expect(outcome.ok).toBe(false);
    expect(outcome.error).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such cluster' });
    expect(outcome.error?.trace?.[0]).toBe('TypeError: no such cluster');
  });

  it('report an error at init by its name, once for each invocation', async () => {
    deploy(`throw Object.assign(new Error('config.json is missing'), { name: 'ConfigurationError' });`);
    for (const _attempt of [1, 2])
      expect((await invoke()).error).toMatchObject({
        errorType: 'ConfigurationError',
        errorMessage: 'config.json is missing',
      });
  });

  it('report a handler that the bundle does not export', async () => {
    deploy(`export const other = async () => 1;`);
    expect((await invoke()).error).toMatchObject({ errorType: 'Runtime.HandlerNotFound' });
  });

  it('follow a clock that runs when it jumps: what is due then happens at once', async () => {
    deploy(`export const handler = async () => {
      const at = Date.now(); await new Promise((done) => setTimeout(done, 200_000)); return Date.now() - at;
    };`);
    clock.hold(false);
    const outcome = pool.invoke('probe', {});
    const [flight] = pool.inFlight;
    await flight?.process?.started;
    await flight?.process?.probe();
    clock.jumpTo(clock.now() + 250_000);
    expect(Number((await outcome).payload)).toBeGreaterThanOrEqual(200_000);
  });

  it('are killed on demand, those of the entry that run', async () => {
    deploy(`export const handler = () => new Promise((done) => setTimeout(done, 60_000));`);
    clock.hold(false);
    const outcome = pool.invoke('probe', {});
    await pool.inFlight[0]?.process?.started;
    expect(pool.kill('another')).toBe(0);
    expect(pool.kill('probe')).toBe(1);
    expect((await outcome).error).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/Runtime exited with error: signal: killed$/),
    });
  });

  it('are killed at the function time-out, by the world’s time', async () => {
    deploy(`export const handler = () => new Promise((done) => setTimeout(done, 60_000));`, {
      timeoutSeconds: 10,
    });
    const start = clock.now();
    const outcome = await invoke();
    expect(clock.now() - start).toBe(10_000);
    expect(outcome.error?.errorMessage).toMatch(/Task timed out after 10\.00 seconds$/);
    expect((await invoke()).ok).toBe(false);
  });

  it.each([
    ['process.exit(3);', 'Runtime.ExitError', /exit status 3/],
    [
      'Promise.reject(new Error("nobody waits"));',
      'Runtime.UnhandledPromiseRejection',
      /Error: nobody waits/,
    ],
    ['setTimeout(() => { throw new RangeError("later"); }, 5);', 'RangeError', /later/],
  ])('report a process that ends itself: %s', async (statement, errorType, message) => {
    deploy(
      `export const handler = () => { ${statement} return new Promise((done) => setTimeout(done, 1_000)); };`,
    );
    const outcome = await invoke();
    expect(outcome.error).toMatchObject({ errorType, errorMessage: expect.stringMatching(message) });
    expect(pool.inFlight).toEqual([]);
  });

  it.each([
    ['before-send', 1],
    ['after-apply', 2],
  ] as const)('are killed %s of the second request: the server saw %i', async (when, seen) => {
    let count = 0;
    const server = createServer((_request, response) => {
      count++;
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    deploy(`import http from 'node:http';
      const agent = new http.Agent({ keepAlive: true });
      const get = () => new Promise((done, fail) => http.get({ port: ${port}, host: '127.0.0.1', path: '/a', agent }, (answer) => { answer.resume(); answer.once('end', done); }).once('error', fail));
      export const handler = async () => { try { await get(); await get(); await get(); return 'done'; } finally { console.log('finally'); } };`);
    pool.killAt('probe', { request: 2, when, contains: '/a' });
    try {
      const outcome = await invoke();
      expect(outcome.error).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/signal: killed/),
      });
      expect(outcome.logs).toEqual([]);
      expect(count).toBe(seen);
      expect((await invoke()).payload).toBe('"done"');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
