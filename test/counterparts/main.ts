import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Suite } from './suites.ts';
import { missingOf, skipLine, suites } from './suites.ts';
import { FOLDER_VARIABLE } from './support/folders.ts';
import { guarded } from './support/guarded.ts';
import type { Row } from './support/results.ts';
import { ROWS_VARIABLE } from './support/results.ts';
import { isSet } from './support/variables.ts';
import { differences, withTable } from './table.ts';

/**
 * `npm run test:contract [-- [--complete] [--write] suite...]`: holds the product, the embedded account and the
 * stack against systems of others. A suite whose variables are not set is skipped and says so.
 *   --complete  a skipped suite is a failure
 *   --write     writes the table in README.md; without it, a table that a full run would change is a failure
 */
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { complete: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});

const TIME_LIMIT_MS = 15 * 60_000;
const ROWS = 'rows';
const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = join(root, 'test/counterparts/README.md');

const fail = (message: string): void => {
  process.stderr.write(`contract: ${message}\n`);
  process.exitCode = 1;
};

/** A signal's number, as a shell adds it to 128. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Jest's own exit code. Its guardian ends it, its workers, the counterparts that they started and their folder when the
 * time is over, on a signal, and when this process is killed.
 */
const runJest = (chosen: readonly Suite[], folder: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', jest];
    const paths = chosen.map(({ name }) => `test/counterparts/${name}/`);
    const guardian = spawn(
      process.execPath,
      guarded([...command, '--config', 'jest.contract.config.js', ...paths], { folder }),
      {
        cwd: root,
        stdio: ['pipe', 'inherit', 'inherit'],
        env: { ...process.env, [ROWS_VARIABLE]: join(folder, ROWS), [FOLDER_VARIABLE]: folder },
      },
    );
    const end = (message: string, code: number): void => {
      fail(message);
      process.exitCode = code;
      guardian.stdin?.end();
    };
    const timer = setTimeout(() => end(`ended after ${TIME_LIMIT_MS / 60_000} minutes`, 1), TIME_LIMIT_MS);
    for (const [signal, number] of Object.entries(SIGNALS))
      process.once(signal, () => end(`ended by ${signal}`, 128 + number));
    guardian.once('error', reject);
    guardian.once('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });

const collected = (folder: string): readonly Row[] =>
  readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Row),
  );

const updateTable = (rows: readonly Row[]): void => {
  const before = readFileSync(readme, 'utf8');
  const after = withTable(before, rows);
  if (after === before) return;
  if (flags.write) writeFileSync(readme, after);
  else
    fail(
      `the table in ${readme} is not what this run saw (--write brings it up to date):\n${differences(before, after).join('\n')}`,
    );
};

const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  fail(`no such suite: ${unknown.join(', ')}. There are ${suites.map(({ name }) => name).join(', ')}.`);
} else {
  const asked = suites.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const chosen = asked.filter((suite) => missingOf(suite, isSet).length === 0);
  for (const suite of asked)
    if (!chosen.includes(suite)) process.stdout.write(`${skipLine(suite, missingOf(suite, isSet))}\n`);
  if (flags.complete && chosen.length < suites.length) fail('with --complete every suite has to run');
  const folder = mkdtempSync(join(tmpdir(), 'caretaker-contract-'));
  mkdirSync(join(folder, ROWS));
  try {
    const code = chosen.length === 0 ? 0 : await runJest(chosen, folder);
    if (code !== 0) process.exitCode ||= code;
    else if (chosen.length === suites.length) updateTable(collected(join(folder, ROWS)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
