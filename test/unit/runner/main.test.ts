import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** Two test files, one after the other in one process, with the runner of this project. */
const FILES = {
  'state.ts': `
export const state: { seen: string[] } = { seen: [] };`,
  'first.test.ts': `
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { state } from './state.ts';
const write = jest.spyOn(process.stdout, 'write');
it('changes what it can', () => {
  state.seen.push('first');
  process.env.FIRST = 'set';
  process.env.KEPT = 'changed';
  process.exitCode = 3;
  expect(write).toBe(process.stdout.write);
});
it('runs where the product does', () => {
  expect([]).toBeInstanceOf(Array);
  expect(() => JSON.parse('{')).toThrow(SyntaxError);
  expect(new Error('x')).toEqual(expect.any(Error));
});
it('fails', () => {
  interface Shape { readonly side: number }
  const shape: Shape = { side: 1 };
  expect(shape).toEqual({ side: 2 }); // line 20
});
describe('a block whose beginning fails', () => {
  beforeAll(() => { throw new TypeError('no beginning'); });
  it('fails with it', () => {});
});
it('fails by what nobody caught', async () => {
  void Promise.reject(new Error('dropped'));
  await new Promise((done) => setTimeout(done, 5));
});
it('fails when it takes too long', () => new Promise(() => {}), 50);`,
  'second.test.ts': `
import { expect, it, jest } from '@jest/globals';
import { state } from './state.ts';
it('finds everything as it was', () => {
  expect(state.seen).toEqual([]);
  expect(process.env.FIRST).toBeUndefined();
  expect(process.env.KEPT).toBe('as it was');
  expect(process.exitCode).toBeUndefined();
  expect(jest.isMockFunction(process.stdout.write)).toBe(false);
});`,
  'third.test.ts': `import './none.ts';`,
};

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

let root: string;
let status: number | null;
let report: Report;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'caretaker-runner-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, name), text);
  const config = { rootDir: root, transform: {}, testRunner: resolve('test/runner/main.ts') };
  const jest = [resolve('node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config)];
  const files = ['first', 'second', 'third'].map((name) => join(root, `${name}.test.ts`));
  const done = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...jest, '-i', '--json', '--runTestsByPath', ...files],
    { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, KEPT: 'as it was' } },
  );
  status = done.status;
  report = JSON.parse(done.stdout) as Report;
}, 60_000);
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const fileOf = (name: string) => {
  const found = report.testResults.find((result) => result.name === join(root, name));
  if (found === undefined) throw new Error(`${name} was not run`);
  return found;
};
const statusesOf = (name: string) =>
  fileOf(name).assertionResults.map(({ title, status: told }) => [title, told]);

describe('the test runner', () => {
  it('passes what passes, and fails what fails', () => {
    expect(statusesOf('first.test.ts')).toEqual([
      ['changes what it can', 'passed'],
      ['runs where the product does', 'passed'],
      ['fails', 'failed'],
      ['fails with it', 'failed'],
      ['fails by what nobody caught', 'failed'],
      ['fails when it takes too long', 'failed'],
    ]);
    expect(status).toBe(1);
  });

  it('shows what failed and where, with the lines of the file', () => {
    const { message } = fileOf('first.test.ts');
    expect(message).toMatch(/> 20 \|.*\/\/ line 20/);
    expect(message).toContain('first.test.ts:20:17');
    expect(message).toContain('no beginning');
    expect(message).toContain('dropped');
    expect(message).not.toContain('?file=');
  });

  it('gives each file modules, variables, exit code and functions as they were', () => {
    expect(statusesOf('second.test.ts')).toEqual([['finds everything as it was', 'passed']]);
  });

  it('fails a file that cannot be loaded', () => {
    expect(fileOf('third.test.ts').message).toContain('none.ts');
  });
});
