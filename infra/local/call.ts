/**
 * Calls a handler of a bundle by hand, in a process of its own, as Lambda would:
 *
 *     env $(cat out/local/pod-cleanup.env) node infra/local/call.ts BUNDLE EXPORT EVENT.json
 *
 * `{{now}}` in the event stands for the present (ISO 8601, whole seconds), `{{id}}` for a new UUID. Logs go where
 * the bundle writes them; the result comes last. Exit code 1 when the handler fails.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const LONGEST_INVOCATION_MS = 15 * 60_000;

const [bundle, exported, eventFile] = process.argv.slice(2);
if (bundle === undefined || exported === undefined || eventFile === undefined) {
  process.stderr.write('usage: call.ts BUNDLE EXPORT EVENT.json\n');
  process.exit(2);
}

const now = new Date().toISOString().replace(/\.\d{3}Z$/, 'Z');
const event: unknown = JSON.parse(
  readFileSync(eventFile, 'utf8').replaceAll('{{now}}', now).replaceAll('{{id}}', randomUUID()),
);
const handlers: Record<string, unknown> = await import(pathToFileURL(resolve(bundle)).href);
const handler = handlers[exported];
if (typeof handler !== 'function') {
  process.stderr.write(`${bundle} exports ${Object.keys(handlers).join(', ')}, not ${exported}\n`);
  process.exit(2);
}

const endsAt = Date.now() + LONGEST_INVOCATION_MS;
const functionName = basename(dirname(resolve(bundle)));
const context = {
  functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: functionName,
  memoryLimitInMB: '512',
  awsRequestId: randomUUID(),
  getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
};
try {
  const result: unknown = await Reflect.apply(handler, undefined, [event, context]);
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} catch (error) {
  process.stderr.write(`the handler failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
