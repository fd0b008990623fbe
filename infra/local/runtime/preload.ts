/**
 * Loaded into a function's process before its bundle (`node --import`): from here on Date, performance.now and
 * every timer follow the world's clock, which comes by IPC. Socket time-outs stay with the machine's clock.
 * The bundle is not changed for it.
 */
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FromHost, ToHost, WorldTime } from './messages.ts';
import { isToHost } from './messages.ts';
import { watchRequests } from './requests.ts';
import { createVirtualTimers } from './virtual-timers.ts';

const RealDate = Date;
const machine = {
  now: RealDate.now,
  setTimeout: (run: () => void, ms: number) => realSetTimeout(run, ms),
  clearTimeout: (handle: unknown) => realClearTimeout(handle as NodeJS.Timeout | undefined),
  setImmediate: (run: () => void) => realSetImmediate(run),
};
const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;
const realSetImmediate = globalThis.setImmediate;
const realClearImmediate = globalThis.clearImmediate;
const realNow = performance.now.bind(performance);

const startTime = (): WorldTime => {
  const now = Number(process.env.CARETAKER_LOCAL_NOW ?? RealDate.now());
  const held = process.env.CARETAKER_LOCAL_HELD === 'true';
  // The bundle sees what the stack sets and nothing else.
  delete process.env.CARETAKER_LOCAL_NOW;
  delete process.env.CARETAKER_LOCAL_HELD;
  delete process.env.NODE_COMPILE_CACHE;
  return { now, held };
};

const start = startTime();
export const virtual = createVirtualTimers(machine, start);
export const requests = watchRequests();

const VirtualDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [virtual.now()] : args, newTarget),
  apply: () => new RealDate(virtual.now()).toString(),
  get: (target, property, receiver) =>
    property === 'now' ? virtual.now : Reflect.get(target, property, receiver),
});

/** Immediates that have been asked for and have not run. */
let immediates = 0;
const immediateDone = new WeakMap<object, () => void>();

const countedImmediate = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
  immediates++;
  let counted = true;
  const done = () => {
    if (counted) immediates--;
    counted = false;
  };
  const handle = realSetImmediate(() => {
    done();
    callback(...args);
  });
  immediateDone.set(handle, done);
  return handle;
};

const clearCountedImmediate = (handle: NodeJS.Immediate | undefined) => {
  if (handle !== undefined && handle !== null) immediateDone.get(handle)?.();
  realClearImmediate(handle);
};

const sleep = <T>(
  ms?: number,
  value?: T,
  options: { signal?: AbortSignal; ref?: boolean } = {},
): Promise<T> =>
  new Promise((resolve, reject) => {
    const { signal } = options;
    const abort = () => {
      virtual.clear(timer);
      // What `timers/promises` rejects with.
      reject(
        Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
          name: 'AbortError',
          code: 'ABORT_ERR',
        }),
      );
    };
    const timer = virtual.setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value as T);
    }, ms);
    if (options.ref === false) timer.unref();
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });

const ticks = async function* <T>(
  ms?: number,
  value?: T,
  options: { signal?: AbortSignal; ref?: boolean } = {},
) {
  for (;;) yield await sleep(ms, value, options);
};

const immediate = <T>(value?: T): Promise<T> =>
  new Promise((resolve) => {
    countedImmediate(() => resolve(value as T));
  });

const setTimeoutLike = Object.assign(virtual.setTimeout, { [promisify.custom]: sleep });
const setImmediateLike = Object.assign(countedImmediate, { [promisify.custom]: immediate });
const patched = {
  setTimeout: setTimeoutLike,
  setInterval: virtual.setInterval,
  setImmediate: setImmediateLike,
  clearTimeout: virtual.clear,
  clearInterval: virtual.clear,
  clearImmediate: clearCountedImmediate,
};
Object.assign(globalThis, patched, { Date: VirtualDate });
Object.assign(timers, patched);
Object.assign(timersPromises, { setTimeout: sleep, setInterval: ticks, setImmediate: immediate });
Object.assign(timersPromises.scheduler, {
  wait: (ms: number, options?: { signal?: AbortSignal }) => sleep(ms, undefined, options),
});
Object.defineProperty(performance, 'now', { value: () => virtual.now() - start.now, configurable: true });
Object.defineProperty(performance, 'timeOrigin', { value: start.now, configurable: true });
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  virtual.setTimeout(
    () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    ms,
  );
  return controller.signal;
};
syncBuiltinESMExports();

/** Work on other threads that ends in a callback: files read, names looked up, connections being made. */
const worksElsewhere = () => process.getActiveResourcesInfo().some((name) => /Req|ConnectWrap/.test(name));

/** A request without an answer counts as waiting, not working, after nothing has moved for so long. */
const STILL_MS = 100;

const send = (message: FromHost) => process.send?.(message);

const whenQuiet = async (): Promise<void> => {
  let movedAt = realNow();
  let moves = -1;
  for (;;) {
    await turn();
    await turn();
    if (immediates > 0 || virtual.firing || worksElsewhere()) continue;
    if (requests.outstanding().length === 0) return;
    if (requests.moves !== moves) {
      moves = requests.moves;
      movedAt = realNow();
    }
    if (realNow() - movedAt >= STILL_MS) return;
    await answeredWithin(STILL_MS - (realNow() - movedAt));
  }
};

const turn = () => new Promise<void>((resolve) => realSetImmediate(resolve));

const answeredWithin = (ms: number) =>
  new Promise<void>((resolve) => {
    const timer = realSetTimeout(resolve, Math.max(1, ms));
    requests.onAnswered(() => {
      realClearTimeout(timer);
      resolve();
    });
  });

const optional = <K extends string>(key: K, value: number | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: number };

const answerProbe = async (id: number) => {
  await whenQuiet();
  send({
    type: 'quiet',
    id,
    ...optional('earliest', virtual.earliest('ref')),
    ...optional('earliestUnref', virtual.earliest('unref')),
    outstanding: requests.outstanding(),
    sequence: requests.moves + virtual.fired,
  });
};

const onMessage = (message: ToHost) => {
  virtual.setTime(message);
  if (message.type === 'probe') void answerProbe(message.id);
};

process.on('message', (message) => {
  if (isToHost(message)) onMessage(message);
});
