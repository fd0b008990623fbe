#!/usr/bin/env node
// Plain JavaScript, so that any Node 20 can start it: the command line itself needs Node 24, which runs
// TypeScript as it is. `npm ci` puts one into node_modules/node whatever the host has.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('./main.ts', import.meta.url);
const installed = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { runFromProcess } = await import(main.href);
  await runFromProcess();
} else if (existsSync(installed)) {
  const child = spawn(installed, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`caretaker: ${installed} did not start: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal); // ends as the child did, so that a shell sees the same
  });
} else {
  process.stderr.write('caretaker: needs Node 24 and found none in node_modules; run `npm ci` first\n');
  process.exitCode = 1;
}
