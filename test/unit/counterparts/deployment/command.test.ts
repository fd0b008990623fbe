import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { runCommand, runOrThrow } from '../../../counterparts/deployment/support/command.ts';
import { eventually } from '../../../counterparts/deployment/support/eventually.ts';

const node = (script: string, withinSeconds = 20) => ({
  command: process.execPath,
  args: ['-e', script],
  cwd: tmpdir(),
  env: { PATH: process.env.PATH ?? '' },
  withinSeconds,
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a command', () => {
  it('answers what it wrote and how it ended', async () => {
    const script = "console.log('out'); console.error('err'); process.exitCode = 3;";
    expect(await runCommand(node(script))).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('that fails is named with its last words where that is an error', async () => {
    await expect(runOrThrow(node("console.error('no such bucket'); process.exitCode = 1;"))).rejects.toThrow(
      /ended with 1:\nno such bucket/,
    );
  });

  it('that takes too long is killed with everything that it started, and says what it wrote', async () => {
    const script = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log('child ' + child.pid);
      setInterval(() => {}, 1000);
    `;
    const failure = await runCommand(node(script, 3)).catch((error: unknown) => String(error));
    expect(failure).toMatch(/not done within 3 s. Its last words:\nchild \d+/);
    const [, pid] = /child (\d+)/.exec(String(failure)) ?? [];
    const isGone = async () => (isAlive(Number(pid)) ? undefined : true);
    expect(await eventually('its end', isGone, 10)).toBe(true);
  });
});
