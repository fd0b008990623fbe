import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { WorldClock } from '../clock.ts';
import { endWithParent } from './children.ts';
import type { FunctionDefinition } from './function.ts';
import { versionOf } from './function.ts';
import type { ErrorObject, FromHost, Invocation, KillPoint, Quiet, ToHost } from './messages.ts';

/** What one invocation came to, as Lambda reports it. */
export interface Outcome {
  readonly requestId: string;
  readonly ok: boolean;
  /** JSON: the handler's result, or `{ errorType, errorMessage, trace }`. */
  readonly payload: string;
  readonly error?: ErrorObject;
  readonly logs: readonly string[];
}

/** One execution environment of a function: a child process that handles one invocation at a time. */
export interface FunctionProcess {
  /** `spot-drain-worker#2` */
  readonly name: string;
  readonly pid: number | undefined;
  readonly dead: boolean;
  /** Resolves when the bundle is imported; with the error when that failed. */
  readonly started: Promise<ErrorObject | undefined>;
  readonly exited: Promise<void>;
  invoke(invocation: Invocation, kill?: KillPoint): Promise<Outcome>;
  /** Resolves when the process has nothing to compute; undefined when it is gone. */
  probe(): Promise<Quiet | undefined>;
  /** Ends it at once with SIGKILL; an invocation in flight fails with `error`. */
  kill(error?: ErrorObject): void;
}

const PRELOAD = new URL('./preload.ts', import.meta.url);
/** Compiled code of the host and the bundles, kept between processes; the bundle does not see the variable. */
export const COMPILE_CACHE = join(tmpdir(), 'eks-caretaker-compiled');
const HOST = fileURLToPath(new URL('./host.ts', import.meta.url));

export const startFunctionProcess = (options: {
  definition: FunctionDefinition;
  clock: WorldClock;
  number: number;
}): FunctionProcess => {
  const { definition, clock } = options;
  const name = `${definition.entryId}#${options.number}`;
  const time = () => ({ now: clock.now(), held: clock.held });
  const child = spawn(
    process.execPath,
    ['--import', PRELOAD.href, HOST, definition.file, definition.handler],
    {
      cwd: dirname(definition.file),
      env: {
        ...environmentOf(definition, options.number),
        ...localTime(time()),
        NODE_COMPILE_CACHE: COMPILE_CACHE,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );

  endWithParent(child);
  const started = Promise.withResolvers<ErrorObject | undefined>();
  const exited = Promise.withResolvers<void>();
  const probes = new Map<number, (quiet: Quiet | undefined) => void>();
  let lastProbe = 0;
  let dead = false;
  let reason: ErrorObject | undefined;
  let logs: string[] = [];
  let current: { requestId: string; finish: (outcome: Outcome) => void } | undefined;

  const log = (text: string) => logs.push(...text.split('\n').filter((line) => line !== ''));
  const capture = (stream: Readable) => createInterface({ input: stream }).on('line', log);
  capture(child.stdout as Readable);
  capture(child.stderr as Readable);

  const finish = (result: { payload: string } | { error: ErrorObject }) => {
    if (current === undefined) return;
    const { requestId, finish: done } = current;
    current = undefined;
    const taken = logs;
    logs = [];
    if ('payload' in result) done({ requestId, ok: true, payload: result.payload, logs: taken });
    else
      done({ requestId, ok: false, payload: JSON.stringify(result.error), error: result.error, logs: taken });
  };

  const exitError = (code: number | null, signal: NodeJS.Signals | null): ErrorObject => {
    const how =
      signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`;
    return {
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${current?.requestId ?? 'none'} Error: Runtime exited with error: ${how}`,
    };
  };

  const end = (error: ErrorObject) => {
    dead = true;
    stopFollowing();
    started.resolve(error);
    finish({ error });
    for (const answer of probes.values()) answer(undefined);
    probes.clear();
    exited.resolve();
  };

  const onMessage = (message: FromHost) => {
    if (message.type === 'log') log(message.text);
    else if (message.type === 'ready') started.resolve(undefined);
    else if (message.type === 'init-error') started.resolve(message.error);
    else if (message.type === 'quiet') {
      probes.get(message.id)?.(message);
      probes.delete(message.id);
    } else if (message.requestId === current?.requestId) {
      if (message.type === 'failure' && message.exits) dead = true;
      finish(message.type === 'result' ? { payload: message.payload } : { error: message.error });
    }
  };

  child.on('message', (message) => onMessage(message as FromHost));
  child.once('error', (error) =>
    end({ errorType: 'Runtime.InvalidEntrypoint', errorMessage: error.message }),
  );
  child.once('exit', (code, signal) => end(reason ?? exitError(code, signal)));

  const send = (message: ToHost) => {
    // A message to a process that ends meanwhile is lost; its 'exit' says the rest.
    if (child.connected) child.send(message, () => undefined);
  };

  // Held time comes with the conductor's probes, once the process has nothing to compute.
  const stopFollowing = clock.onJump(() => {
    if (!clock.held) send({ type: 'time', ...time() });
  });

  return {
    name,
    pid: child.pid,
    get dead() {
      return dead;
    },
    started: started.promise,
    exited: exited.promise,
    invoke: (invocation, kill) =>
      new Promise((resolve) => {
        current = { requestId: invocation.requestId, finish: resolve };
        if (dead) finish({ error: reason ?? exitError(child.exitCode, child.signalCode) });
        else send({ type: 'invoke', ...time(), ...invocation, ...(kill === undefined ? {} : { kill }) });
      }),
    probe: () =>
      new Promise((resolve) => {
        if (dead) {
          resolve(undefined);
          return;
        }
        const id = ++lastProbe;
        probes.set(id, resolve);
        send({ type: 'probe', id, ...time() });
      }),
    kill: (error) => {
      reason = error;
      child.kill('SIGKILL');
    },
  };
};

const localTime = (time: { now: number; held: boolean }) => ({
  CARETAKER_LOCAL_NOW: String(time.now),
  CARETAKER_LOCAL_HELD: String(time.held),
});

/**
 * What Lambda sets by itself, the function's own variables, and nothing of this process's.
 * Source: Lambda developer guide, "Defined runtime environment variables".
 */
const environmentOf = (definition: FunctionDefinition, number: number): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
  // The SDK looks for ~/.aws here and finds none.
  HOME: dirname(definition.file),
  LAMBDA_TASK_ROOT: dirname(definition.file),
  _HANDLER: `index.${definition.handler}`,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: definition.name,
  AWS_LAMBDA_FUNCTION_VERSION: versionOf(definition),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: `local/[1]${number}`,
  ...definition.environment,
});
