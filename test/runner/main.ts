import { createRequire } from 'node:module';
import { ModuleMocker } from 'jest-mock';
import { loadTestFile, withoutMarks } from './modules.ts';

/**
 * Jest's test runner, with Node's own loader instead of Jest's registry (`modules.ts`). Whatever a test file changes
 * in the process - environment variables, exit code, spies - is put back after it.
 */

/** What Jest hands over; what is not used here is passed on as it comes. */
interface Environment {
  readonly global: { readonly console: Console };
}
interface Runtime {
  enterTestCode(): void;
  leaveTestCode(): void;
  requireModule(path: string): unknown;
}
interface TestEvent {
  readonly error?: unknown;
  readonly asyncError?: unknown;
}
type Run = (
  globalConfig: unknown,
  config: unknown,
  environment: object,
  runtime: object,
  testPath: string,
  sendMessageToJest: unknown,
) => Promise<unknown>;

const require = createRequire(import.meta.url);
const circus = require('jest-circus/runner') as { readonly default: Run };

const NODES_STACK_LINES = 10;
const HERE = new URL('.', import.meta.url).href;

/** Where circus keeps its state between modules that it expects to be of one test file. */
const HANDLERS = Symbol.for('EVENT_HANDLERS');
const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');
const STATE = 'JEST_STATE_SYMBOL';

const forgetLastFile = (): void => {
  const states = Object.getOwnPropertySymbols(globalThis).filter(({ description }) => description === STATE);
  for (const key of [HANDLERS, TIMEOUT, ...states]) Reflect.deleteProperty(globalThis, key);
};

const requireAnew = (path: string): unknown => {
  delete require.cache[path];
  return require(path);
};

const jestObject = () => {
  const mocker = new ModuleMocker(globalThis);
  const jest = {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    isMockFunction: mocker.isMockFunction.bind(mocker),
    restoreAllMocks: () => mocker.restoreAllMocks(),
    setTimeout: (ms: number) => Reflect.set(globalThis, TIMEOUT, ms),
  };
  return jest;
};

/** Shows a person the lines of the test, and none of this runner. */
const showFiles = (error: unknown): void => {
  if (!(error instanceof Error)) return;
  const lines = withoutMarks(error.stack ?? '').split('\n');
  error.stack = lines.filter((line) => !line.includes(HERE)).join('\n');
  showFiles(error.cause);
};

/** Runs `work` in a process that is afterwards as it was before. */
const puttingBack = async <T>(environment: Environment, work: () => Promise<T>): Promise<T> => {
  const { console } = globalThis;
  const { env, exitCode } = process;
  const { prepareStackTrace, stackTraceLimit } = Error;
  const variables = { ...env };
  // What tests write comes with their results.
  Object.assign(globalThis, { console: environment.global.console });
  // Jest maps every line to a source and keeps a hundred of them. Here no line has moved, and Node's ten are quick.
  Reflect.deleteProperty(Error, 'prepareStackTrace');
  Error.stackTraceLimit = NODES_STACK_LINES;
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { console });
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    for (const name of Object.keys(env)) if (!(name in variables)) delete env[name];
    Object.assign(env, variables);
    process.exitCode = exitCode;
  }
};

const run = (
  globalConfig: unknown,
  config: unknown,
  environment: Environment,
  runtime: Runtime,
  testPath: string,
  sendMessageToJest: unknown,
): Promise<unknown> => {
  let globals = {};
  const jest = jestObject();
  const nativeRuntime = {
    enterTestCode: () => runtime.enterTestCode(),
    leaveTestCode: () => runtime.leaveTestCode(),
    requireInternalModule: requireAnew,
    requireModule: require,
    setGlobalsForRuntime: (given: object) => {
      globals = { ...given, jest };
    },
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (path: string) => loadTestFile(path, globals),
  };
  const handleTestEvent = ({ error, asyncError }: TestEvent): void => {
    showFiles(error);
    showFiles(asyncError);
  };
  forgetLastFile();
  return puttingBack(environment, async () => {
    try {
      return await circus.default(
        globalConfig,
        config,
        { global: environment.global, handleTestEvent },
        nativeRuntime,
        testPath,
        sendMessageToJest,
      );
    } finally {
      jest.restoreAllMocks();
    }
  });
};

export default run;
