import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Runs one command in a process group of its own and ends the whole group when its standard input closes. The
 * input is a pipe from whoever wanted the command: the system closes it however that process ends, SIGKILL
 * included, so nothing is left behind. Signals that can be caught have the same effect; whoever may be killed with its
 * whole group starts this process detached. Arguments: how nice the command is to others (0 to 19), a folder that goes
 * with the group when it is ended (or nothing), the command, its own.
 */
const [niceness = '0', folder = '', command = '', ...args] = process.argv.slice(2);
if (niceness !== '0') setPriority(Number(niceness)); // what it starts has the same
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

// Where Linux groups processes by session, a process is nice to those of its own session alone: see sched(7).
const autogroup = `/proc/${child.pid}/autogroup`;
if (niceness !== '0' && existsSync(autogroup)) writeFileSync(autogroup, niceness);

let isCutOff = false;
const cutOff = (): void => {
  isCutOff = true;
  endGroup();
};

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
  // What the group started under guardians of their own ends a moment later, and may still be writing.
  if (isCutOff && folder !== '')
    rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
});
process.stdin.once('error', cutOff);
process.stdin.once('end', cutOff);
process.stdin.resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, cutOff);
