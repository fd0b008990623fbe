import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordedCalls } from '../../../counterparts/wire/recording.ts';
import { rights, unused } from '../../../counterparts/wire/rights.ts';
import type { RecordedExchange } from '../../../e2e/support/exchanges.ts';
import { EXCHANGES_VARIABLE } from '../../../e2e/support/exchanges.ts';

const exchange = (body: RecordedExchange['request']['body']): RecordedExchange => ({
  service: 'eks',
  operation: 'ListClusters',
  caller: 'pod-cleanup',
  request: { method: 'GET', path: '/clusters', query: '', headers: {}, body },
  response: { status: 200, headers: {}, body: { text: '{}' } },
});

describe('the recording of an end-to-end run', () => {
  const before = process.env[EXCHANGES_VARIABLE];
  let folder: string;

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const line = (text: string) => `${JSON.stringify(exchange({ text }))}\n`;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caretaker-recording-'));
    process.env[EXCHANGES_VARIABLE] = folder;
  });

  afterEach(() => {
    if (before === undefined) delete process.env[EXCHANGES_VARIABLE];
    else process.env[EXCHANGES_VARIABLE] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it('is read from the folder, file by file, with text and bytes as they were', async () => {
    write('pod-cleanup.test-2-b.jsonl', line('b'));
    write('pod-cleanup.test-1-a.jsonl', `${line('a')}${JSON.stringify(exchange({ base64: '/w==' }))}\n`);
    const calls = await recordedCalls();
    expect(calls.map(({ request }) => request.body)).toEqual([
      Buffer.from('a'),
      Buffer.from([0xff]),
      Buffer.from('b'),
    ]);
    expect(calls[0]).toMatchObject({ service: 'eks', operation: 'ListClusters', caller: 'pod-cleanup' });
  });

  it('holds requests without an answer, and those that were taken for no operation', async () => {
    const { operation: _taken, response: _answer, ...lone } = exchange({ text: '' });
    write('pod-cleanup.faults.test-1-a.jsonl', `${JSON.stringify(lone)}\n`);
    expect(await recordedCalls()).toMatchObject([
      { test: 'pod-cleanup.faults.test', operation: undefined, response: undefined },
    ]);
  });

  it('leaves out what is being written, and what other suites wrote', async () => {
    write('pod-cleanup.test-1-a.jsonl', `${line('a')}{"service":"e`);
    write('bundles.contract-1-a.jsonl', line('b'));
    expect(await recordedCalls()).toHaveLength(1);
  });

  it('says what to do where there is none', async () => {
    write('bundles.contract-1-a.jsonl', line('b'));
    await expect(recordedCalls()).rejects.toThrow(/holds no exchange: run the end-to-end tests/);
  });
});

describe('the rights that have to be used', () => {
  it('are those of every entry but for table and logs, under the names of the API', () => {
    const all = rights();
    expect(all).toContainEqual({
      entryId: 'spot-drain',
      action: 'lambda:InvokeFunction',
      service: 'lambda',
      operation: 'Invoke',
    });
    expect(all.map(({ service }) => service)).not.toContain('dynamodb');
    expect(new Set(all.map(({ entryId }) => entryId)).size).toBeGreaterThanOrEqual(8);
  });

  it('are named rightly where one has a reason not to be', () => {
    const all = rights().map(({ entryId, action }) => `${entryId} ${action}`);
    expect(Object.keys(unused).filter((right) => !all.includes(right))).toEqual([]);
  });
});
