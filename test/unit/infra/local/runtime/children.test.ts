import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../support/folders.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const sourceOf = (path: string) =>
  JSON.stringify(fileURLToPath(new URL(`../../../../../infra/local/${path}`, import.meta.url)));

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const gone = async (pid: number): Promise<boolean> => {
  for (let tries = 0; tries < 100 && isRunning(pid); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return !isRunning(pid);
};

describe('a function’s process', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('ends with its parent on %s', async (signal) => {
    // On SIGKILL nobody can kill it: it has to notice by itself, so it must not compute.
    const body = signal === 'SIGKILL' ? 'return new Promise(() => {});' : 'for (;;);';
    const bundle = folder.write(
      `${signal}/index.mjs`,
      `import { writeSync } from 'node:fs';
       export const handler = async () => { writeSync(2, 'pid ' + process.pid + '\\n'); ${body} };`,
    );
    const parent = folder.write(
      `${signal}/parent.mjs`,
      `import { createWorldClock } from ${sourceOf('clock.ts')};
       import { startFunctionProcess } from ${sourceOf('runtime/function-process.ts')};
       const definition = { entryId: 'endless', name: 'n', arn: 'a', description: '', file: ${JSON.stringify(bundle)},
         handler: 'handler', memoryMb: 128, timeoutSeconds: 60, environment: {} };
       const child = startFunctionProcess({ clock: createWorldClock(Date.now()), number: 1, definition });
       await child.started;
       console.log(child.pid);
       await child.invoke({ requestId: 'r', event: {}, invokedFunctionArn: 'a', deadlineAt: 0 });`,
    );
    const running = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = (await once(running.stdout, 'data')) as [Buffer];
    const pid = Number(printed.toString());
    expect(isRunning(pid)).toBe(true);
    running.kill(signal);
    const [, endedBy] = (await once(running, 'exit')) as [number | null, NodeJS.Signals | null];
    expect(endedBy).toBe(signal);
    expect(await gone(pid)).toBe(true);
  });
});
