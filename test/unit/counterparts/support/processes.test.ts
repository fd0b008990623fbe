import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Running } from '../../../counterparts/support/processes.ts';
import { startProcess, untilReady } from '../../../counterparts/support/processes.ts';

const started: Running[] = [];
const startNode = async (code: string): Promise<Running> => {
  const running = await startProcess({ name: 'helper', command: process.execPath, args: ['-e', code] });
  started.push(running);
  return running;
};

afterEach(async () => {
  for (const running of started.splice(0)) await running.end();
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let tries = 0; !condition() && tries < 200; tries += 1) await sleep(50);
};

const pidsIn = (text: string): readonly number[] =>
  [...text.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));

/** A process that starts one of its own, and both would go on for ever. */
const FAMILY = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  console.log('pid ' + process.pid + ' pid ' + child.pid);
  setInterval(() => {}, 1000);
`;

describe('a counterpart process', () => {
  it('ends with everything that it started', async () => {
    const running = await startNode(FAMILY);
    await until(() => pidsIn(running.output()).length === 2);
    const pids = pidsIn(running.output());
    expect(pids.map(isAlive)).toEqual([true, true]);
    await running.end();
    await until(() => !pids.some(isAlive));
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('ends also when the process that started it is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'caretaker-kill-'));
    const file = join(folder, 'pids');
    const module = fileURLToPath(new URL('../../../counterparts/support/processes.ts', import.meta.url));
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { writeFileSync } from 'node:fs';
         import { startProcess } from ${JSON.stringify(module)};
         const running = await startProcess({ name: 'x', command: process.execPath, args: ['-e', ${JSON.stringify(FAMILY)}] });
         setInterval(() => writeFileSync(${JSON.stringify(file)}, running.output()), 50);`,
      ],
      { stdio: 'ignore' },
    );
    const written = () => {
      try {
        return pidsIn(readFileSync(file, 'utf8'));
      } catch {
        return [];
      }
    };
    await until(() => written().length === 2);
    const pids = written();
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
    expect(pids.map(isAlive)).toEqual([false, false]);
    rmSync(folder, { recursive: true });
  });

  it('says what it wrote where it ends before it is ready', async () => {
    const running = await startNode('console.error("bind: address already in use"); process.exit(1)');
    const waiting = untilReady(running, { what: 'ready', withinSeconds: 20, ready: async () => false });
    await expect(waiting).rejects.toThrow(/helper ended before ready[\s\S]*address already in use/);
  });

  it('is ended and named where it is too slow', async () => {
    const running = await startNode('console.log("pid " + process.pid); setInterval(() => {}, 1000)');
    await until(() => pidsIn(running.output()).length === 1);
    const waiting = untilReady(running, { what: 'ready', withinSeconds: 0.2, ready: async () => false });
    await expect(waiting).rejects.toThrow('helper: not ready within 0.2 s, so it was ended');
    await until(() => !pidsIn(running.output()).some(isAlive));
    expect(pidsIn(running.output()).map(isAlive)).toEqual([false]);
  });

  it('that cannot be started at all says so', async () => {
    const running = await startProcess({ name: 'nothing', command: '/nowhere/nothing', args: [] });
    started.push(running);
    const waiting = untilReady(running, { what: 'ready', withinSeconds: 20, ready: async () => false });
    await expect(waiting).rejects.toThrow(/nothing ended before ready[\s\S]*cannot be started/);
  });

  it('gives way to others as far as it is asked to', async () => {
    const args = ['-e', 'console.log(require("node:os").getPriority())'];
    const running = await startProcess({ name: 'helper', command: process.execPath, args, niceness: 7 });
    started.push(running);
    await running.ended;
    expect(running.output().trim()).toBe('7');
  });

  it("gets none of the user's credentials", async () => {
    process.env.AWS_PROFILE = 'production';
    const running = await startNode('console.log(JSON.stringify(Object.keys(process.env)))');
    delete process.env.AWS_PROFILE;
    await running.ended;
    const names = JSON.parse(running.output()) as string[];
    expect(names).toContain('PATH');
    expect(names).not.toContain('AWS_PROFILE');
  });
});
