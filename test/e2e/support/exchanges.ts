import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { appendFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Account } from '../../../infra/local/account.ts';
import type { WireRequest, WireResponse, WireTraffic } from '../../../infra/local/protocol/wire.ts';
import { WIRE_CHANNEL } from '../../../infra/local/protocol/wire.ts';

/** Folder that every AWS exchange of the end-to-end tests is written to; nothing is written where it is not set. */
export const EXCHANGES_VARIABLE = 'CARETAKER_EXCHANGES';

/** As text where it is text. */
export type RecordedBody = { readonly text: string } | { readonly base64: string };

/** One line of a recording. */
export interface RecordedExchange {
  readonly service: string;
  /** What the embedded account took it for; left out where it was refused before that. */
  readonly operation?: string;
  /** Id of the entry whose function sent it; `administrator` for the tests' own calls; the key under `caretaker local`. */
  readonly caller: string;
  readonly request: Omit<WireRequest, 'body'> & { readonly body: RecordedBody };
  /** Left out where a fault kept it from being answered. */
  readonly response?: Omit<WireResponse, 'body'> & { readonly body: RecordedBody };
}

const recordedBody = (body: Buffer): RecordedBody => {
  const text = body.toString('utf8');
  return Buffer.from(text).equals(body) ? { text } : { base64: body.toString('base64') };
};

export const bodyOf = (body: RecordedBody): Buffer =>
  'text' in body ? Buffer.from(body.text) : Buffer.from(body.base64, 'base64');

/** Files that hold exchanges of end-to-end tests: other suites use scenes as well. */
export const isEndToEnd = (file: string): boolean => /\.test-[^/]+\.jsonl$/.test(file);

/**
 * Appends every exchange that `covers` picks to a file of its own until what this answers is called:
 * `<test file>-<pid>-<uuid>.jsonl`. Does nothing where no folder is named.
 */
export const recordTraffic = (
  test: string,
  options: { covers?(traffic: WireTraffic): boolean; callerOf(accessKeyId: string): string },
): (() => void) => {
  const folder = process.env[EXCHANGES_VARIABLE];
  if (folder === undefined || folder === '') return () => undefined;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${test}-${process.pid}-${randomUUID()}.jsonl`);
  const append = (told: unknown): void => {
    const traffic = told as WireTraffic; // as the channel says
    if (options.covers?.(traffic) === false) return;
    const { service, operation, accessKeyId, request, response } = traffic;
    const recorded: RecordedExchange = {
      service,
      ...(operation === undefined ? {} : { operation }),
      caller: options.callerOf(accessKeyId),
      request: { ...request, body: recordedBody(request.body) },
      ...(response === undefined ? {} : { response: { ...response, body: recordedBody(response.body) } }),
    };
    appendFileSync(file, `${JSON.stringify(recorded)}\n`);
  };
  subscribe(WIRE_CHANNEL, append);
  return () => {
    unsubscribe(WIRE_CHANNEL, append);
  };
};

/** Every exchange of an account in this process. To be stopped when the account is closed: its port may be another's then. */
export const recordExchanges = (
  { admin, deployment }: Account,
  testPath: string | undefined,
): (() => void) => {
  const entries = new Map(
    deployment.entries.map(({ entry, principal }) => [principal.accessKeyId, entry.id]),
  );
  return recordTraffic(basename(testPath ?? 'unknown', '.ts'), {
    covers: ({ endpoint }) => endpoint === admin.AWS_ENDPOINT_URL,
    callerOf: (accessKeyId) => entries.get(accessKeyId) ?? 'administrator',
  });
};
