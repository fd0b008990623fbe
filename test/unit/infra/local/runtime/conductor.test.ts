import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { WorldClock } from '../../../../../infra/local/clock.ts';
import { createWorldClock } from '../../../../../infra/local/clock.ts';
import { createConductor } from '../../../../../infra/local/runtime/conductor.ts';
import type { FunctionDefinition } from '../../../../../infra/local/runtime/function.ts';
import type { FunctionPool } from '../../../../../infra/local/runtime/function-pool.ts';
import { createFunctionPool } from '../../../../../infra/local/runtime/function-pool.ts';
import { functionOf, START, temporaryFolder } from '../support/folders.ts';

const folder = temporaryFolder();
let clock: WorldClock;
let pool: FunctionPool;

const deploy = (definitions: readonly FunctionDefinition[], stuckAfterSeconds = 20) => {
  clock = createWorldClock(START);
  clock.hold(true);
  pool = createFunctionPool({ clock, definitions });
  const conductor = createConductor({ clock, pool, stuckAfterSeconds });
  const invoke = async (entryId: string, event: unknown = {}) => {
    let done = false;
    const invocation = pool.invoke(entryId, event).finally(() => {
      done = true;
    });
    await conductor.drive({ done: () => done });
    const outcome = await invocation;
    return { ...outcome, value: JSON.parse(outcome.payload) };
  };
  return { conductor, invoke };
};

const bundle = (name: string, source: string, overrides: Partial<FunctionDefinition> = {}) =>
  functionOf(name, folder.write(`${name}/index.mjs`, source), overrides);

afterEach(async () => {
  await pool.close();
  clock.stop();
});

afterAll(() => folder.remove());

describe('a function under the conductor', () => {
  it('sleeps two minutes of the world in no time, by every kind of timer', async () => {
    const { invoke } = deploy([
      bundle(
        'sleeper',
        `import { setTimeout as wait, scheduler } from 'node:timers/promises';
         import timers from 'node:timers';
         import { promisify } from 'node:util';
         export const handler = async () => {
           const seen = [Date.now(), performance.now()];
           await new Promise((done) => setTimeout(done, 120_000));
           await wait(1_000);
           await scheduler.wait(1_000);
           await promisify(setTimeout)(1_000);
           await new Promise((done) => timers.setTimeout(done, 1_000));
           await new Promise((done) => AbortSignal.timeout(1_000).addEventListener('abort', done));
           let ticks = 0;
           await new Promise((done) => { const i = setInterval(() => { if (++ticks === 5) { clearInterval(i); done(); } }, 1_000); });
           return { passed: new Date().getTime() - seen[0], measured: performance.now() - seen[1], text: Date().slice(0, 15), start: seen[0] };
         };`,
      ),
    ]);
    const began = performance.now();
    const { value } = await invoke('sleeper');
    expect(value).toMatchObject({ passed: 130_000, measured: 130_000, text: 'Fri Nov 20 2026' });
    expect(value.start).toBe(clock.now() - 130_000);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('makes hundreds of jumps a second', async () => {
    const { invoke } = deploy([
      bundle(
        'stepper',
        `export const handler = async () => {
           for (let n = 0; n < 500; n++) await new Promise((done) => setTimeout(done, 100));
           return Date.now();
         };`,
        { timeoutSeconds: 900 },
      ),
    ]);
    await pool.prewarm('stepper', 1);
    const start = clock.now();
    const began = performance.now();
    const { value } = await invoke('stepper');
    expect(value - start).toBe(50_000);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('meets what the world does on the way, each at its time, in both functions', async () => {
    const source = `export const handler = async ({ every, times }) => {
      const seen = [];
      for (let n = 0; n < times; n++) { await new Promise((done) => setTimeout(done, every)); seen.push(Date.now()); }
      return seen;
    };`;
    const { conductor } = deploy([bundle('left', source), bundle('right', source)]);
    const start = clock.now();
    const world: number[] = [];
    for (const at of [500, 3_100]) clock.schedule(start + at, () => world.push(clock.now() - start));
    const left = pool.invoke('left', { every: 1_000, times: 3 });
    const right = pool.invoke('right', { every: 700, times: 3 });
    await conductor.drive({ done: () => pool.inFlight.length === 0, limit: start + 10_000 });
    expect(JSON.parse((await left).payload).map((at: number) => at - start)).toEqual([1_000, 2_000, 3_000]);
    expect(JSON.parse((await right).payload).map((at: number) => at - start)).toEqual([700, 1_400, 2_100]);
    expect(world).toEqual([500]);
    expect(clock.now()).toBe(start + 3_000);
  });

  it('does not move time while a function computes, imports or waits for an answer', async () => {
    const server = createServer((_request, response) => {
      setTimeout(() => response.end('late'), 60);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { invoke } = deploy([
      bundle(
        'busy',
        `import { request } from 'node:http';
         import { hrtime } from 'node:process';
         import { readFile } from 'node:fs/promises';
         const burn = () => { const end = hrtime.bigint() + 50_000_000n; while (hrtime.bigint() < end); };
         burn();
         export const handler = async () => {
           const start = Date.now();
           setTimeout(() => {}, 5_000);
           burn();
           for (let n = 0; n < 20; n++) await readFile(new URL(import.meta.url));
           const body = await new Promise((done) => request('http://127.0.0.1:${port}/', async (answer) => {
             let text = ''; for await (const chunk of answer) text += chunk; done(text);
           }).end());
           const viaFetch = await (await fetch('http://127.0.0.1:${port}/')).text();
           return { passed: Date.now() - start, body, viaFetch };
         };`,
      ),
    ]);
    try {
      expect((await invoke('busy')).value).toEqual({ passed: 0, body: 'late', viaFetch: 'late' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('lets a request time out that is never answered', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { invoke } = deploy([
      bundle(
        'hanging',
        `import { request } from 'node:http';
         export const handler = async () => {
           const start = Date.now();
           try { await fetch('http://127.0.0.1:${port}/', { signal: AbortSignal.timeout(10_000) }); }
           catch (error) { return { name: error.name, passed: Date.now() - start }; }
         };`,
      ),
    ]);
    try {
      expect((await invoke('hanging')).value).toEqual({ name: 'TimeoutError', passed: 10_000 });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('says who keeps time from moving when nothing goes on', async () => {
    const { invoke } = deploy([bundle('stuck', 'export const handler = () => new Promise(() => {});')], 1);
    // The function's own time-out is what ends it first.
    const { value } = await invoke('stuck');
    expect(value).toMatchObject({ errorType: 'Sandbox.Timedout' });
    const { invoke: again } = deploy([bundle('endless', 'export const handler = () => { for (;;); };')], 1);
    await expect(again('endless')).rejects.toThrow(/endless#1 \(computes without end\)/);
  });
});
