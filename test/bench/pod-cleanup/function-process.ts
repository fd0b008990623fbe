/**
 * Runs a handler of a bundle once, in this fresh process, as Lambda would; answers over IPC how long it took, what it
 * returned, and the most memory that the process ever held: `function-process.ts FILE EXPORT EVENT`.
 */
import { pathToFileURL } from 'node:url';

/** What is told over IPC. */
export interface FunctionRun {
  /** Of the handler alone, without the import. */
  readonly seconds: number;
  /** Peak resident set size of the process. */
  readonly peakMb: number;
  readonly result?: unknown;
  readonly error?: string;
}

const TIMEOUT_MS = 900_000;
const [file = '', name = '', event = '{}'] = process.argv.slice(2);

const context = () => {
  const endsAt = Date.now() + TIMEOUT_MS;
  return {
    functionName: 'eks-caretaker-pod-cleanup',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-pod-cleanup',
    memoryLimitInMB: '512',
    awsRequestId: '00000000-0000-4000-8000-000000000000',
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  };
};

const run = async (): Promise<FunctionRun> => {
  const bundle: Record<string, unknown> = await import(pathToFileURL(file).href);
  const handler = bundle[name];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${name}`);
  const startedAt = performance.now();
  const ended: Pick<FunctionRun, 'result' | 'error'> = await Promise.resolve(
    Reflect.apply(handler, undefined, [JSON.parse(event), context()]),
  ).then(
    (result: unknown) => ({ result }),
    (error: unknown) => ({ error: String(error) }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return { ...ended, seconds, peakMb: process.resourceUsage().maxRSS / 1024 };
};

const told = await run();
process.send?.(told, () => process.exit());
