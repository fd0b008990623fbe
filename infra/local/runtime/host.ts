/**
 * A function's execution environment, as Lambda's Node.js runtime would be: imports one bundle, takes one
 * invocation at a time over IPC, answers with its result. Everything that is written to stdout and stderr goes
 * to the account, in order with the results.
 */
import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ErrorObject, FromHost, ToHost } from './messages.ts';
import { isToHost } from './messages.ts';
import { requests, virtual } from './preload.ts';

type Handler = (event: unknown, context: object) => unknown;

const send = (message: FromHost) => process.send?.(message);

const captureOutput = (stream: 'stdout' | 'stderr') => {
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    send({
      type: 'log',
      stream,
      text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'),
    });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
  process[stream].write = write;
};

const errorObject = (error: unknown): ErrorObject =>
  error instanceof Error
    ? {
        errorType: error.name,
        errorMessage: error.message,
        trace: (error.stack ?? '').split('\n'),
      }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

let current: string | undefined;

/** What nobody caught ends the process, as in Lambda. */
const crash = (errorType: string | undefined) => (error: unknown) => {
  const described = errorObject(error);
  const reported =
    errorType === undefined
      ? described
      : { ...described, errorType, errorMessage: `${described.errorType}: ${described.errorMessage}` };
  leave(
    current === undefined
      ? { type: 'init-error', error: reported }
      : { type: 'failure', requestId: current, error: reported, exits: true },
  );
};

/** The last message has to be out before the process ends. */
const leave = (message: FromHost) => {
  process.exitCode = 1;
  if (process.send === undefined) process.exit();
  process.send(message, () => process.exit());
};

const loadHandler = async (): Promise<Handler> => {
  const [file = '', name = ''] = process.argv.slice(2);
  const bundle: Record<string, unknown> = await import(pathToFileURL(file).href);
  const handler = bundle[name];
  if (typeof handler !== 'function')
    throw Object.assign(new Error(`${file} exports no function ${name}`), {
      name: 'Runtime.HandlerNotFound',
    });
  return (event, context) => Reflect.apply(handler, undefined, [event, context]);
};

const lambdaContext = (invocation: Extract<ToHost, { type: 'invoke' }>) => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? '$LATEST',
  invokedFunctionArn: invocation.invokedFunctionArn,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? '128',
  awsRequestId: invocation.requestId,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME ?? '',
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '',
  getRemainingTimeInMillis: () => Math.max(0, invocation.deadlineAt - virtual.now()),
});

let isKept = false;

/**
 * What was compiled is written once there is an answer: with everything that an invocation runs, and not at the exit,
 * which a killed process never comes to. Where it was there already, Node writes nothing.
 */
const keepCompiled = () => {
  if (!isKept) flushCompileCache();
  isKept = true;
};

const run = async (handler: Handler, invocation: Extract<ToHost, { type: 'invoke' }>) => {
  const { requestId } = invocation;
  current = requestId;
  requests.killAt(invocation.kill);
  virtual.freeze(false);
  try {
    const result = await handler(invocation.event, lambdaContext(invocation));
    send({ type: 'result', requestId, payload: JSON.stringify(result === undefined ? null : result) });
  } catch (error) {
    send({ type: 'failure', requestId, error: errorObject(error), exits: false });
  } finally {
    current = undefined;
    requests.killAt(undefined);
    virtual.freeze(true);
    keepCompiled();
  }
};

captureOutput('stdout');
captureOutput('stderr');
process.on('uncaughtException', crash(undefined));
process.on('unhandledRejection', crash('Runtime.UnhandledPromiseRejection'));
process.on('disconnect', () => process.exit(0));

try {
  const handler = await loadHandler();
  process.on('message', (message) => {
    if (isToHost(message) && message.type === 'invoke') void run(handler, message);
  });
  virtual.freeze(true);
  send({ type: 'ready' });
} catch (error) {
  leave({ type: 'init-error', error: errorObject(error) });
}
