import { beforeEach, describe, expect, it } from '@jest/globals';
import type { GroupRecord } from '../../../../functions/node-group-schedule/decide/model.ts';
import {
  forgetDiscovery,
  loadCluster,
  RecordChangedError,
  readRecord,
  readSaved,
  removeRecord,
  removeSaved,
  saveSizes,
  writeDiscovery,
  writeRecord,
} from '../../../../functions/node-group-schedule/records.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import type { MemoryStore } from '../../../fixtures/memory-store.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const record: GroupRecord = {
  arn: 'arn:web/1',
  cluster: 'staging',
  nodeGroup: 'web',
  schedule: 'office',
  source: 'tag',
  autoScalingGroups: ['asg-web'],
  knownSince: 1,
  phase: 'awake',
  notices: {},
};
const key = { cluster: 'staging', arn: record.arn, cycleId: '2026-11-19T19:00:00.000Z' };
const sizes = { min: 1, desired: 2, max: 3 };

let store: MemoryStore;
beforeEach(() => {
  store = createMemoryStore(createFakeClock());
});

describe('saved sizes', () => {
  it('are never overwritten within a cycle: the first save is what holds', async () => {
    expect(await saveSizes(store, key, sizes)).toEqual(sizes);
    expect(await saveSizes(store, key, { min: 0, desired: 0, max: 3 })).toEqual(sizes);
    expect((await readSaved(store, key))?.sizes).toEqual(sizes);
  });

  it('belong to one group and one cycle', async () => {
    await saveSizes(store, key, sizes);
    expect(await readSaved(store, { ...key, arn: 'arn:web/2' })).toBeUndefined();
    expect(await readSaved(store, { ...key, cycleId: '2026-11-20T19:00:00.000Z' })).toBeUndefined();
  });

  it('can be saved anew once they were removed', async () => {
    await saveSizes(store, key, sizes);
    const saved = await readSaved(store, key);
    if (saved !== undefined) await removeSaved(store, saved);
    expect(await saveSizes(store, key, { ...sizes, desired: 3 })).toEqual({ ...sizes, desired: 3 });
  });
});

describe('the record of a group', () => {
  it('is written only on top of the version that was read', async () => {
    const first = await writeRecord(store, { record, version: 0 }, record);
    const second = await writeRecord(store, first, { ...record, phase: 'draining' });
    expect(second.version).toBe(2);
    await expect(writeRecord(store, first, record)).rejects.toThrow(RecordChangedError);
    await expect(removeRecord(store, first)).rejects.toThrow(RecordChangedError);
    expect((await readRecord(store, record))?.record.phase).toBe('draining');
    await removeRecord(store, second);
    expect(await readRecord(store, record)).toBeUndefined();
  });
});

describe('a cluster', () => {
  it('is loaded in one query: groups, saved sizes, discovery; nothing of other clusters', async () => {
    await writeRecord(store, { record, version: 0 }, record);
    await writeRecord(store, { record, version: 0 }, { ...record, cluster: 'prod' });
    await saveSizes(store, key, sizes);
    await writeDiscovery(store, 'staging', { at: 5, configHash: 'abc', version: 0 });
    expect(await loadCluster(store, 'staging')).toEqual({
      groups: [{ record, version: 1 }],
      saved: [{ ...key, sizes, version: 1 }],
      discovery: { at: 5, configHash: 'abc', version: 1 },
    });
  });

  it('is looked at anew once its discovery is forgotten', async () => {
    await writeDiscovery(store, 'staging', { at: 5, configHash: 'abc', version: 0 });
    await forgetDiscovery(store, 'staging');
    await forgetDiscovery(store, 'staging');
    expect((await loadCluster(store, 'staging')).discovery).toBeUndefined();
  });
});
