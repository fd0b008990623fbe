import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from '@jest/globals';
import type { Account } from '../../../infra/local/account.ts';
import type { WireRequest, WireResponse } from '../../../infra/local/protocol/wire.ts';

/** Folder that every AWS exchange of the end-to-end tests is written to; nothing is written where it is not set. */
export const EXCHANGES_VARIABLE = 'CARETAKER_EXCHANGES';

/** As text where it is text. */
export type RecordedBody = { readonly text: string } | { readonly base64: string };

/** One line of a recording. */
export interface RecordedExchange {
  /** What the embedded account took it for. */
  readonly service: string;
  readonly operation: string;
  /** Id of the entry whose function sent it; `administrator` for the tests' own calls. */
  readonly caller: string;
  readonly request: Omit<WireRequest, 'body'> & { readonly body: RecordedBody };
  readonly response: Omit<WireResponse, 'body'> & { readonly body: RecordedBody };
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
 * Appends every exchange of the account to a file of its own, as long as the account lives:
 * `<test file>-<pid>-<uuid>.jsonl`.
 */
export const recordExchanges = (account: Account): void => {
  const folder = process.env[EXCHANGES_VARIABLE];
  if (folder === undefined || folder === '') return;
  mkdirSync(folder, { recursive: true });
  const test = basename(expect.getState().testPath ?? 'unknown', '.ts');
  const file = join(folder, `${test}-${process.pid}-${randomUUID()}.jsonl`);
  const entries = new Map(
    account.deployment.entries.map(({ entry, principal }) => [principal.accessKeyId, entry.id]),
  );
  account.onExchange(({ service, operation, accessKeyId, wire: { request, response } }) => {
    const recorded: RecordedExchange = {
      service,
      operation,
      caller: entries.get(accessKeyId) ?? 'administrator',
      request: { ...request, body: recordedBody(request.body) },
      response: { ...response, body: recordedBody(response.body) },
    };
    appendFileSync(file, `${JSON.stringify(recorded)}\n`);
  });
};
