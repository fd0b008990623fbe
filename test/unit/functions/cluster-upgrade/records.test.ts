import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { UpgradeRecord } from '../../../../functions/cluster-upgrade/records.ts';
import {
  changeRecord,
  currentRunKey,
  executionNameOf,
  nextExecutionNumber,
  pointToRun,
  readRecord,
} from '../../../../functions/cluster-upgrade/records.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const run = { cluster: 'staging', executionName: 'staging-1-35-1' };
const record: UpgradeRecord = {
  ...run,
  executionArn: 'arn',
  targetVersion: '1.35',
  planHash: 'a',
  mode: 'act',
  status: 'running',
  phase: 'lock',
  startedAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
};

describe('the name of an execution', () => {
  it('is cluster, version and number', () => {
    expect(executionNameOf({ cluster: 'staging', version: '1.35', number: 2 })).toBe('staging-1-35-2');
  });

  it('always is one that Lambda takes, and differs for different clusters', () => {
    const names = fc.stringMatching(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/);
    fc.assert(
      fc.property(names, names, fc.integer({ min: 1, max: 999 }), (a, b, number) => {
        const first = executionNameOf({ cluster: a, version: '1.35', number });
        expect(first).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
        if (a !== b) expect(executionNameOf({ cluster: b, version: '1.35', number })).not.toBe(first);
      }),
    );
  });

  it('counts on from the highest number of the same version', () => {
    const known = [
      { executionName: 'staging-1-35-1', targetVersion: '1.35' },
      { executionName: 'staging-1-35-12', targetVersion: '1.35' },
      { executionName: 'staging-1-34-40', targetVersion: '1.34' },
    ];
    expect(nextExecutionNumber(known, '1.35')).toBe(13);
    expect(nextExecutionNumber(known, '1.36')).toBe(1);
  });
});

describe('the record of a run', () => {
  it('is changed again when somebody else wrote in between', async () => {
    const store = createMemoryStore(createFakeClock());
    await changeRecord(store, run, () => record);
    let interfered = false;
    const meddled = {
      ...store,
      write: async (...args: Parameters<typeof store.write>) => {
        if (!interfered) {
          interfered = true;
          await changeRecord(store, run, (current) => ({ ...record, ...current, stopRequestedAt: 'now' }));
        }
        return store.write(...args);
      },
    };
    await changeRecord(meddled, run, (current) => ({ ...record, ...current, phase: 'verify' }));
    expect(await readRecord(store, run)).toMatchObject({
      phase: 'verify',
      stopRequestedAt: 'now',
      version: 3,
    });
  });

  it('gives up with a word on what to do when it can never be written', async () => {
    const store = createMemoryStore(createFakeClock());
    const stuck = { ...store, write: async () => undefined };
    await expect(changeRecord(stuck, run, () => record)).rejects.toThrow('try again');
  });

  it('is pointed to by the cluster’s current run', async () => {
    const store = createMemoryStore(createFakeClock());
    await pointToRun(store, run);
    await pointToRun(store, { ...run, executionName: 'staging-1-35-2' });
    await pointToRun(store, { ...run, executionName: 'staging-1-35-2' });
    expect(await store.get(currentRunKey('staging'))).toMatchObject({
      executionName: 'staging-1-35-2',
      version: 2,
    });
  });
});
