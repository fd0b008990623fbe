import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Runs one command in a process group of its own and ends the whole group when its standard input closes. The
 * input is a pipe from whoever wanted the command: the system closes it however that process ends, SIGKILL
 * included, so nothing is left behind. Ctrl-C reaches this process as well. Arguments: how nice the command is to
 * others (0 to 19), the command, its own.
 */
const [niceness = '0', command = '', ...args] = process.argv.slice(2);
if (niceness !== '0') setPriority(Number(niceness)); // what it starts has the same
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

// Where Linux groups processes by session, a process is nice to those of its own session alone: see sched(7).
const autogroup = `/proc/${child.pid}/autogroup`;
if (niceness !== '0' && existsSync(autogroup)) writeFileSync(autogroup, niceness);

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
