import { spawn } from 'node:child_process';

/**
 * Runs one command in a process group of its own and ends the whole group when its standard input closes. The
 * input is a pipe from whoever wanted the command: the system closes it however that process ends, SIGKILL
 * included, so nothing is left behind. Ctrl-C reaches this process as well.
 */
const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

const endGroup = (): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: the group has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

child.once('error', (error) => {
  process.stderr.write(`${command} cannot be started: ${error.message}\n`);
  process.exitCode = 127;
  process.stdin.destroy();
});
child.once('exit', (code) => {
  endGroup();
  process.exitCode = code ?? 1;
  process.stdin.destroy();
});
process.stdin.once('error', endGroup);
process.stdin.once('end', endGroup);
process.stdin.resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endGroup);
