import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from './folders.ts';
import { guarded } from './guarded.ts';

const POLL_MS = 50;
const TAIL_CHARACTERS = 2000;

/** A counterpart's process. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** What it wrote so far, standard output and errors together. */
  output(): string;
  /** The end of that, for a message that says what went wrong. */
  lastWords(): string;
  readonly hasEnded: boolean;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it and everything that it started, by SIGKILL. */
  end(): Promise<void>;
}

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** 0 (as it is) to 19: how far it gives way to other processes. */
  readonly niceness?: number;
}

/** What a process needs of this one's environment; credentials and settings of the user's own stay out. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'LANG', 'TMPDIR'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Starts a command that ends with this process at the latest, also where this one is killed. */
export const startProcess = async ({
  name,
  command,
  args,
  env,
  cwd,
  niceness = 0,
}: ProcessSpec): Promise<Running> => {
  const folder = temporaryFolder('counterpart');
  const file = join(folder, 'output.log');
  const log = openSync(file, 'a');
  const guardian = spawn(process.execPath, guarded([command, ...args], { niceness }), {
    stdio: ['pipe', log, log],
    // A signal to the group of this process would end the guardian before what it guards.
    detached: true,
    env: { ...inherited(), HOME: folder, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  closeSync(log);
  let last: string | undefined;
  const output = () => last ?? readFileSync(file, 'utf8');
  const ended = new Promise<void>((resolve) => {
    guardian.once('close', () => {
      last = readFileSync(file, 'utf8');
      rmSync(folder, { recursive: true, force: true });
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    guardian.once('spawn', resolve);
    guardian.once('error', reject);
  });
  // The pipe and the process are no reason for Jest to go on waiting.
  guardian.unref();
  if (guardian.stdin instanceof Socket) guardian.stdin.unref();
  return {
    name,
    pid: guardian.pid ?? -1,
    output,
    lastWords: () => output().trim().slice(-TAIL_CHARACTERS),
    get hasEnded() {
      return last !== undefined;
    },
    ended,
    end: async () => {
      guardian.ref();
      guardian.stdin?.end();
      await ended;
    },
  };
};

/** Waits for a server. Rejects at once where its process ends first, and ends it where it is too slow. */
export const untilReady = async (
  running: Running,
  options: { readonly what: string; readonly withinSeconds: number; readonly ready: () => Promise<boolean> },
): Promise<void> => {
  const deadline = Date.now() + options.withinSeconds * 1000;
  while (!(await options.ready())) {
    if (running.hasEnded) {
      throw new Error(
        `${running.name} ended before ${options.what}. Its last words:\n${running.lastWords()}`,
      );
    }
    if (Date.now() > deadline) {
      await running.end();
      throw new Error(
        `${running.name}: not ${options.what} within ${options.withinSeconds} s, so it was ended. Its last words:\n${running.lastWords()}`,
      );
    }
    await sleep(POLL_MS);
  }
};
