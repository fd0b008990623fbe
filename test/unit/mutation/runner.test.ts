import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/**
 * The runner in a process of its own, on a project as Stryker leaves it: instrumented code that looks up which
 * mutant is active, while it runs (1, 2, 5 to 8) or while its module loads (3 and 4). What 7 answers is kept.
 */
const FILES = {
  'src/active.ts': `
const stryker = () => (globalThis as { __stryker__?: any }).__stryker__ ?? {};
const cover = (id: string) => {
  const { mutantCoverage, currentTestId } = stryker();
  if (mutantCoverage === undefined) return;
  const found = currentTestId === undefined ? mutantCoverage.static : (mutantCoverage.perTest[currentTestId] ??= {});
  found[id] = (found[id] ?? 0) + 1;
};
export const is = (id: string) => { cover(id); return stryker().activeMutant === id; };
`,
  'src/size.ts': `
import { is } from './active.ts';
export const LIMIT = is('3') ? 0 : 10;
if (is('4')) throw new Error('this mutant does not load');
export const isLarge = (n: number) => (is('1') ? true : n > LIMIT);
export const waits = () => (is('5') ? new Promise(() => {}) : Promise.resolve());
export const circles = async () => { while (is('6')) await new Promise(setImmediate); };
export const unseen = () => (is('2') ? 'mutant' : 'original');
`,
  'src/double.ts': `
import { is } from './active.ts';
export const double = (n: number) => (is('7') || is('8') ? 2 * n + (is('7') ? 1 : 0) : 2 * n);
`,
  'src/kept.ts': `
import { double } from './double.ts';
const known = new Map<number, {
  readonly double: number;
}>();
export const doubled = (n: number) => {
  const found = known.get(n) ?? { double: double(n) };
  known.set(n, found);
  return found.double;
};
`,
  'src/other.ts': `export const other = 1;`,
  'test/size.test.ts': `
import { describe, expect, it } from '@jest/globals';
import { circles, isLarge, unseen, waits } from '../src/size.ts';
describe('size', () => {
  it.each([[5, false], [11, true]])('%i: %s', (n, large) => { expect(isLarge(n)).toBe(large); });
  it('waits', async () => { await waits(); await circles(); expect(unseen()).toMatch(/a/); });
});
`,
  'test/kept.test.ts': `
import { expect, it } from '@jest/globals';
import { doubled } from '../src/kept.ts';
it('doubles', () => { expect(doubled(2)).toBe(4); });
`,
  'test/other.test.ts': `
import { describe, expect, it } from '@jest/globals';
import { other } from '../src/other.ts';
describe('laws of others', () => { throw new Error('laws are left out'); });
it('stands by itself', () => { expect(other).toBe(1); });
`,
  'test/some.laws.test.ts': `throw new Error('laws are left out');`,
};

const SCRIPT = `
import { createRunner } from ${JSON.stringify(resolve('test/mutation/runner.ts'))};
const root = process.cwd();
const runner = createRunner({ root, tests: ['test/**/*.test.ts'], except: ['**/*.laws.test.ts'] });
const source = root + '/src/size.ts';
const double = root + '/src/double.ts';
const dry = await runner.dryRun({ files: [source, double], timeout: 1000, disableBail: false, coverageAnalysis: 'perTest' });
const [kept, ...ids] = dry.tests.map(({ id }) => id);
const mutantRun = (id, mutantActivation, more = {}) =>
  runner.mutantRun({
    activeMutant: { id }, sandboxFileName: source, mutantActivation, timeout: 1000, disableBail: false,
    reloadEnvironment: mutantActivation === 'static', testFilter: ids, ...more,
  });
const seen = {
  dry,
  large: await mutantRun('1', 'runtime'),
  unseen: await mutantRun('2', 'runtime'),
  limit: await mutantRun('3', 'static'),
  broken: await mutantRun('4', 'static'),
  largeAgain: await mutantRun('1', 'runtime', { reloadEnvironment: true }),
  unseenAgain: await mutantRun('2', 'runtime'),
  limitLate: await mutantRun('3', 'runtime'),
  stuck: await mutantRun('5', 'runtime'),
  round: await mutantRun('6', 'runtime'),
  few: await mutantRun('1', 'runtime', { testFilter: [ids[1]] }),
  kept: await mutantRun('7', 'runtime', { sandboxFileName: double, testFilter: [kept] }),
  sameAsKept: await mutantRun('8', 'runtime', { sandboxFileName: double, testFilter: [kept] }),
  afterKept: await mutantRun('1', 'runtime'),
  missing: await mutantRun('1', 'runtime', { testFilter: ['no such test'] }).catch((error) => error.message),
};
process.env.CARETAKER_MUTATE_UNTIL = String(Date.now() - 1);
seen.late = await mutantRun('1', 'runtime');
process.stdout.write(JSON.stringify(seen));
`;

interface Seen {
  readonly dry: {
    readonly status: string;
    readonly tests: readonly {
      readonly id: string;
      readonly status: number;
      readonly startPosition: object;
    }[];
    readonly mutantCoverage: { readonly static: object; readonly perTest: Record<string, object> };
  };
  readonly [run: string]: unknown;
}

let root: string;
let seen: Seen;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'caretaker-mutation-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: root,
    encoding: 'utf8',
  });
  seen = JSON.parse(output) as Seen;
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const SIZE = 'test/size.test.ts > size >';

describe('the first run', () => {
  it('runs the tests that reach what is mutated, and no others', () => {
    expect(seen.dry.tests.map(({ id, status }) => [id, status])).toEqual([
      ['test/kept.test.ts > doubles #1', 0],
      [`${SIZE} %i: %s #1`, 0],
      [`${SIZE} %i: %s #2`, 0],
      [`${SIZE} waits #3`, 0],
    ]);
  });

  it('tells where each test stands, and which mutants it reaches', () => {
    expect(seen.dry.tests.map(({ startPosition }) => startPosition)).toMatchObject([
      { line: 4 },
      { line: 5 },
      { line: 5 },
      { line: 6 },
    ]);
    expect(seen.dry.mutantCoverage).toEqual({
      static: { 3: 1, 4: 1 },
      perTest: {
        'test/kept.test.ts > doubles #1': { 7: 1, 8: 1 },
        [`${SIZE} %i: %s #1`]: { 1: 1 },
        [`${SIZE} %i: %s #2`]: { 1: 1 },
        [`${SIZE} waits #3`]: { 2: 1, 5: 1, 6: 1 },
      },
    });
  });
});

describe('a mutant', () => {
  it.each(['large', 'largeAgain'])('is killed by the first test that fails (%s)', (run) => {
    expect(seen[run]).toMatchObject({ status: 'killed', killedBy: [`${SIZE} %i: %s #1`] });
  });

  it.each(['unseen', 'unseenAgain'])('survives where every test passes (%s)', (run) => {
    expect(seen[run]).toMatchObject({ status: 'survived', nrOfTests: 3 });
  });

  it('of what is worked out while the module loads is killed in modules loaded anew, and only there', () => {
    expect(seen.limit).toMatchObject({ status: 'killed', killedBy: [`${SIZE} %i: %s #1`] });
    expect(seen.limitLate).toMatchObject({ status: 'survived' });
  });

  it('whose module does not load is killed', () => {
    expect(seen.broken).toMatchObject({ status: 'killed', failureMessage: 'this mutant does not load' });
  });

  it('after which a test waits for what never comes is killed, after a second', () => {
    expect(seen.stuck).toMatchObject({
      status: 'killed',
      killedBy: [`${SIZE} waits #3`],
      failureMessage: 'it waits for what never comes',
    });
  });

  it('after which a test goes round in circles is killed, after seconds of work', () => {
    expect(seen.round).toMatchObject({ status: 'killed', failureMessage: 'it goes round in circles' });
  });

  it('is not hidden by what a module keeps, and leaves nothing there that speaks against the next', () => {
    expect(seen.kept).toMatchObject({ status: 'killed', killedBy: ['test/kept.test.ts > doubles #1'] });
    expect(seen.sameAsKept).toMatchObject({ status: 'survived', nrOfTests: 1 });
    expect(seen.afterKept).toMatchObject({ status: 'killed', killedBy: [`${SIZE} %i: %s #1`] });
  });

  it('that comes too late is not tested', () => {
    expect(seen.late).toEqual({ status: 'error', errorMessage: 'not tested: the time was over' });
  });

  it('is tested by the tests asked for alone, and by none that is missing', () => {
    expect(seen.few).toMatchObject({ status: 'survived', nrOfTests: 1 });
    expect(seen.missing).toMatch(/1 tests are not loaded, no such test/);
  });
});
