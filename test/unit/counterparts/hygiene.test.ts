import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { VARIABLES } from '../../counterparts/support/variables.ts';

const SCRIPT = fileURLToPath(new URL('../../counterparts/main.ts', import.meta.url));

let folder: string;
let contract: ChildProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caretaker-hygiene-'));
  const path = (name: string) => join(folder, name);
  for (const name of ['bin', 'tmp']) mkdirSync(path(name));
  // Every Node process of the run but those of a counterpart has this read first.
  const note = (file: string, text: string) =>
    `require('node:fs').appendFileSync(${JSON.stringify(path(file))}, ${text});`;
  writeFileSync(path('note.cjs'), note('run', "process.pid + '\\n'"));
  // A moto that never answers and goes on for ever.
  const hanging = `${note('moto', "process.pid + '\\n' + process.ppid + '\\n'")}setInterval(() => {}, 1000);`;
  writeFileSync(path('bin/moto_server'), `#!${process.execPath}\n${hanging}`);
  chmodSync(path('bin/moto_server'), 0o755);
});
afterEach(() => {
  contract.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const until = async <T>(look: () => T | undefined): Promise<T> => {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('not within 20 s');
};

const pidsIn = (file: string): readonly number[] =>
  readFileSync(join(folder, file), 'utf8').trim().split('\n').map(Number);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const left = (): readonly string[] =>
  readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('caretaker-'));

/** `npm run test:contract -- aws` until its counterpart hangs: the processes of the run, the counterpart and its guardian. */
const startHanging = async (): Promise<readonly number[]> => {
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: join(folder, 'tmp') };
  for (const name of VARIABLES) delete env[name];
  contract = spawn(process.execPath, [SCRIPT, 'aws'], {
    env: {
      ...env,
      NODE_OPTIONS: `--require ${join(folder, 'note.cjs')}`,
      COUNTERPARTS_BIN: join(folder, 'bin'),
    },
    stdio: 'ignore',
    detached: true,
  });
  await until(() => (existsSync(join(folder, 'moto')) && pidsIn('moto').length === 2 ? true : undefined));
  return [...pidsIn('run').filter(isAlive), ...pidsIn('moto')];
};

it.each([
  ['cancelled', 'SIGTERM', 143],
  ['interrupted', 'SIGINT', 130],
  ['killed', 'SIGKILL', null],
] as const)(
  'a run that is %s ends with all of its processes and leaves no folder',
  async (_how, signal, status) => {
    const pids = await startHanging();
    // This process's child, Jest and its guardian, the counterpart and its guardian.
    expect(pids.length).toBeGreaterThanOrEqual(5);
    expect(left()).toHaveLength(1);
    const code = new Promise((resolve) => contract.once('close', resolve));
    // Ctrl-C goes to the whole group.
    process.kill((signal === 'SIGINT' ? -1 : 1) * (contract.pid ?? 0), signal);
    await until(() => (pids.some(isAlive) ? undefined : true));
    expect(await code).toBe(status);
    await until(() => (left().length === 0 ? true : undefined));
  },
  60_000,
);
