import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** `npm run mutate -- --changed` as CI runs it, on a project of one decision and its test. */

const SOURCE = 'functions/x/decide/count.ts';
const TEST = 'test/unit/functions/x/decide/count.test.ts';

/** Without an end where `+=` becomes `-=`, and, for one mutant, a promise that nobody keeps. */
const COUNT = `
export const count = (to: number): number => {
  let counted = 0;
  while (counted < to) counted += 1;
  return counted;
};
export const isKept = (kept: boolean): Promise<void> =>
  new Promise((resolve) => {
    if (kept) resolve();
  });
`;
const testOf = (more: string): string => `
import { expect, it } from '@jest/globals';
import { count, isKept } from '../../../../../functions/x/decide/count.ts';
it('keeps', async () => { expect(await isKept(true)).toBeUndefined(); });
${more}
`;
const COUNTS = `it('counts', () => { expect(count(3)).toBe(3); });`;
const BREAKS = `it('breaks', async () => {
  const later = new Promise((resolve) => setImmediate(resolve, 'open'));
  const first = await Promise.race([isKept(false).then(() => 'kept'), later]);
  expect(first).toBe('open');
});`;

let root: string;

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const commit = () => {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: root });
  git('add', '-A');
  git('commit', '-q', '-m', 'a change');
};
const mutate = (...args: readonly string[]) => {
  const { status, stdout } = spawnSync(process.execPath, [resolve('test/mutation/main.ts'), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}` },
  });
  return { status, stdout };
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'caretaker-mutate-'));
  execFileSync('git', ['init', '-q'], { cwd: root });
  write('package.json', '{ "type": "module" }');
  write('.gitignore', 'node_modules\nout\n');
  write('test/mutation/runner.ts', `export * from ${JSON.stringify(resolve('test/mutation/runner.ts'))};\n`);
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  write(SOURCE, COUNT);
  write(TEST, testOf(`${COUNTS}\n${BREAKS}`));
  commit();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('what CI runs', () => {
  it('passes at once where no decision has changed, and says so', () => {
    write('README.md', 'text');
    commit();
    expect(mutate('--changed')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^mutate: since [0-9a-f]{12} changed: no decision and no part of the drain\n$/,
      ),
    });
  });

  it('names a file that is not there', () => {
    expect(mutate(SOURCE, 'functions/x/decide/none.ts:3-4')).toEqual({
      status: 1,
      stdout: 'mutate: there is no file functions/x/decide/none.ts:3-4\n',
    });
  });

  it('passes where the tests notice, and is not held up by mutants that never end', () => {
    write(SOURCE, `${COUNT}\nexport const MORE = [1];\n`);
    write(
      TEST,
      testOf(`${COUNTS}\n${BREAKS}\nit('has more', async () => {
      const { MORE } = await import('../../../../../functions/x/decide/count.ts');
      expect(MORE).toEqual([1]);
    });`),
    );
    commit();
    const { status, stdout } = mutate('--changed', '--within', '120');
    expect(stdout).toMatch(/^x +100\.0 % {2}\d\d noticed, 0 not$/m);
    expect(status).toBe(0);
  }, 120_000);

  it('fails where a test is gone, and says what nobody notices', () => {
    write(TEST, testOf(COUNTS));
    commit();
    const { status, stdout } = mutate('--changed', '--within', '120');
    expect(stdout).toMatch(`not noticed, and no reason is known: ${SOURCE}:9 ConditionalExpression`);
    expect(stdout).toMatch(
      /mutate: only [\d.]+ % are noticed in functions\/x\/decide\/count\.ts, 85 % are wanted/,
    );
    expect(status).toBe(1);
  }, 120_000);

  it('tests nothing after its time', () => {
    const { status, stdout } = mutate('--changed', '--force', '--within', '0.001');
    expect(stdout).toMatch(/^\d\d were not tested: the time was over$/m);
    expect(status).toBe(0);
  }, 120_000);
});
