import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedExchange } from '../../e2e/support/exchanges.ts';
import { bodyOf, EXCHANGES_VARIABLE, isEndToEnd } from '../../e2e/support/exchanges.ts';
import { startProcess } from '../support/processes.ts';
import type { WireRequest, WireResponse } from './message.ts';

/** An exchange that the end-to-end tests put on the wire. */
export interface RecordedCall {
  /** Name of the test file: `spot-drain.faults.test`. */
  readonly test: string;
  readonly service: string;
  /** What the embedded account took it for; undefined where it was refused before that. */
  readonly operation: string | undefined;
  /** Entry id, or `administrator`. */
  readonly caller: string;
  readonly request: WireRequest;
  /** Undefined where a fault kept it from being answered. */
  readonly response: WireResponse | undefined;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const FLAGS = ['--disable-warning=ExperimentalWarning'];
const OUTPUT_TAIL = 4_000;

/** A file that is written to while it is read may end within a line. */
const wholeLines = (text: string): readonly string[] => text.split('\n').slice(0, -1);

const callOf = (test: string, line: string): RecordedCall => {
  const { operation, request, response, ...rest } = JSON.parse(line) as RecordedExchange;
  return {
    ...rest,
    test,
    operation,
    request: { ...request, body: bodyOf(request.body) },
    response: response === undefined ? undefined : { ...response, body: bodyOf(response.body) },
  };
};

const readFolder = (folder: string): readonly RecordedCall[] =>
  readdirSync(folder)
    .filter(isEndToEnd)
    .sort()
    .flatMap((name) => {
      const test = name.replace(/(\.test)-.*$/, '$1');
      return wholeLines(readFileSync(join(folder, name), 'utf8')).map((line) => callOf(test, line));
    });

/** Runs the end-to-end tests below `path` and keeps their exchanges in the folder. They end with this process. */
export const runEndToEnd = async (folder: string, path = 'test/e2e/'): Promise<void> => {
  const running = await startProcess({
    name: 'the end-to-end tests',
    command: process.execPath,
    args: [...FLAGS, join(root, 'node_modules/jest/bin/jest.js'), path],
    env: { [EXCHANGES_VARIABLE]: folder },
    cwd: root,
  });
  await running.ended;
  const output = running.output();
  if (!/^Tests:\s+(?!.*\bfailed\b).*\bpassed\b/m.test(output))
    throw new Error(`the end-to-end tests failed:\n${output.slice(-OUTPUT_TAIL)}`);
};

/**
 * The exchanges of an end-to-end run: of the one that wrote to the folder in CARETAKER_EXCHANGES, or of one that is
 * made now, which takes some minutes.
 */
export const recordedCalls = async (): Promise<readonly RecordedCall[]> => {
  const folder = process.env[EXCHANGES_VARIABLE];
  if (folder !== undefined && folder !== '') {
    const calls = readFolder(folder);
    if (calls.length === 0)
      throw new Error(
        `${EXCHANGES_VARIABLE} names ${folder}, which holds no exchange: run the end-to-end tests (npm test -- test/e2e) with it first, or unset it`,
      );
    return calls;
  }
  const own = mkdtempSync(join(tmpdir(), 'caretaker-exchanges-'));
  try {
    await runEndToEnd(own);
    return readFolder(own);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
};
