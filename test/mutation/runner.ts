import { resolve } from 'node:path';
import type { MutantCoverage, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import type {
  DryRunOptions,
  DryRunResult,
  MutantRunOptions,
  MutantRunResult,
  TestResult,
  TestRunner,
} from '@stryker-mutator/api/test-runner';
import {
  DryRunStatus,
  determineHitLimitReached,
  MutantRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import type { TestFiles } from './environment.ts';
import { createEnvironment } from './environment.ts';
import type { CollectedTest } from './globals.ts';
import { isTimeOver, TIME_OVER } from './until.ts';

/** What Stryker's instrumented code reads and writes. */
interface Instrumentation {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: MutantCoverage | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}

const instrumentation = (): Instrumentation => {
  const found: unknown = Reflect.get(globalThis, '__stryker__');
  if (found !== undefined) return found as Instrumentation;
  const made: Instrumentation = {};
  Reflect.set(globalThis, '__stryker__', made);
  return made;
};

/** How often the watch looks, and for how many looks in a row nothing may go on. */
const LOOK_MS = 250;
const IDLE_LOOKS = 4;
/** Work of a test that is known to take no time; of one that is not known yet in this process. */
const KNOWN_CPU_MS = 3_000;
const UNKNOWN_CPU_MS = 15_000;

/** Of each test by id, in this process. */
const tookMs = new Map<string, number>();

const mostCpuMs = (id: string): number => {
  const took = tookMs.get(id);
  return took === undefined ? UNKNOWN_CPU_MS : KNOWN_CPU_MS + 5 * took;
};

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Runs the test; rejects once the process has had nothing to do for a second, for then the test waits for what never
 * comes, and after seconds of work, for then it goes round in circles. Neither is told by the time alone, which
 * passes on a machine under load too. What lets no timer run is ended by Stryker's own time limit.
 */
const unlessEndless = async ({ id, run }: CollectedTest): Promise<void> => {
  const endless = Promise.withResolvers<never>();
  const endsAt = cpuMs() + mostCpuMs(id);
  let last = performance.eventLoopUtilization();
  let idleLooks = 0;
  const watch = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    idleLooks = utilization < 0.05 ? idleLooks + 1 : 0;
    if (idleLooks >= IDLE_LOOKS) endless.reject(new Error('it waits for what never comes'));
    if (cpuMs() > endsAt) endless.reject(new Error('it goes round in circles'));
  }, LOOK_MS);
  try {
    await Promise.race([run(), endless.promise]);
  } finally {
    clearInterval(watch);
  }
};

const runTests = async (
  tests: readonly CollectedTest[],
  options: { bail: boolean; mayBeEndless: boolean; begin: (test: CollectedTest) => void },
): Promise<TestResult[]> => {
  const results: TestResult[] = [];
  for (const test of tests) {
    options.begin(test);
    const startedAt = performance.now();
    const common = () => ({
      id: test.id,
      name: test.id,
      fileName: test.file,
      ...(test.startPosition === undefined ? {} : { startPosition: test.startPosition }),
      timeSpentMs: performance.now() - startedAt,
    });
    try {
      await (options.mayBeEndless ? unlessEndless(test) : test.run());
      tookMs.set(test.id, performance.now() - startedAt);
      results.push({ ...common(), status: TestStatus.Success });
    } catch (error) {
      results.push({ ...common(), status: TestStatus.Failed, failureMessage: reasonOf(error) });
      if (options.bail) break;
    }
  }
  return results;
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For the first that fails is the last that runs. */
const quickFirst = (tests: readonly CollectedTest[]): readonly CollectedTest[] =>
  tests.toSorted((a, b) => (tookMs.get(a.id) ?? 0) - (tookMs.get(b.id) ?? 0));

/** The tests asked for. One that is not there would let its mutants pass for unnoticed. */
const chosen = (
  loaded: readonly CollectedTest[],
  wanted: readonly string[] | undefined,
): readonly CollectedTest[] => {
  if (wanted === undefined) return loaded;
  const tests = loaded.filter(({ id }) => wanted.includes(id));
  if (tests.length < wanted.length)
    throw new Error(`${wanted.length - tests.length} tests are not loaded, ${wanted[0]} or others`);
  return tests;
};

/** Stryker's test runner for the project's tables and laws, in the process that it gives us. */
export const createRunner = (options: TestFiles): TestRunner => {
  const environment = createEnvironment(options);
  let loaded: readonly CollectedTest[] | undefined;
  let mutated: readonly string[] | undefined;

  const dryRun = async ({ files }: DryRunOptions): Promise<DryRunResult> => {
    const stryker = instrumentation();
    const mutantCoverage: MutantCoverage = { static: {}, perTest: {} };
    Object.assign(stryker, { mutantCoverage, currentTestId: undefined, activeMutant: undefined });
    mutated = files?.map((file) => resolve(file));
    loaded = await environment.load(mutated);
    const tests = await runTests(loaded, {
      bail: false,
      mayBeEndless: false,
      begin: ({ id }) => {
        stryker.currentTestId = id;
      },
    });
    Object.assign(stryker, { mutantCoverage: undefined, currentTestId: undefined });
    return { status: DryRunStatus.Complete, tests, mutantCoverage };
  };

  /** Modules of a mutant's own are those that import it; the others follow each other in one environment. */
  const load = (source: string, isOwn: boolean): Promise<readonly CollectedTest[]> =>
    environment.load(isOwn ? [source] : mutated);

  const mutantRun = async (run: MutantRunOptions): Promise<MutantRunResult> => {
    if (isTimeOver()) return { status: MutantRunStatus.Error, errorMessage: TIME_OVER };
    const { activeMutant, testFilter, hitLimit } = run;
    const source = resolve(run.sandboxFileName);
    const isStatic = run.mutantActivation === 'static';
    const isKept = environment.isKept(source);
    const stryker = instrumentation();
    Object.assign(stryker, { mutantCoverage: undefined, currentTestId: undefined });
    Object.assign(stryker, { hitLimit, hitCount: hitLimit === undefined ? undefined : 0 });
    stryker.activeMutant = isStatic ? activeMutant.id : undefined;
    try {
      if (loaded === undefined || run.reloadEnvironment || isKept) {
        loaded = undefined;
        loaded = await load(source, isStatic || isKept);
      }
    } catch (error) {
      stryker.activeMutant = undefined;
      // Nothing that imports it would run.
      return { status: MutantRunStatus.Killed, killedBy: [], failureMessage: reasonOf(error), nrOfTests: 0 };
    }
    stryker.activeMutant = activeMutant.id;
    const tests = await runTests(quickFirst(chosen(loaded, testFilter)), {
      bail: !run.disableBail,
      mayBeEndless: true,
      begin: () => {},
    });
    stryker.activeMutant = undefined;
    if (isKept) loaded = undefined;
    const tooOften = determineHitLimitReached(stryker.hitCount, hitLimit);
    return toMutantRunResult(tooOften ?? { status: DryRunStatus.Complete, tests });
  };

  return { capabilities: () => ({ reloadEnvironment: true }), dryRun, mutantRun };
};

const factory = (options: StrykerOptions): TestRunner =>
  createRunner({ root: process.cwd(), ...(options.tables as Omit<TestFiles, 'root'>) });
factory.inject = tokens(commonTokens.options);

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'tables', factory)];
/** Stryker warns of options that nobody declares. */
export const strykerValidationSchema = {
  properties: {
    tables: {
      type: 'object',
      required: ['tests', 'except'],
      properties: {
        tests: { type: 'array', items: { type: 'string' } },
        except: { type: 'array', items: { type: 'string' } },
      },
    },
  },
};
