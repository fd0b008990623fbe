import type { UpgradeRecord } from '../../../functions/index.ts';
import {
  currentRunKey,
  isUpgradeOpen,
  readUpgradeRecord,
  upgradePartition,
} from '../../../functions/index.ts';
import type { Store } from '../../../shared/core/store.ts';
import { BlockedError } from '../errors.ts';

/** Every run of a cluster that is still recorded, in no particular order. */
export const readRuns = async (store: Store, cluster: string): Promise<readonly UpgradeRecord[]> => {
  const pointer = currentRunKey(cluster).sk;
  const records: UpgradeRecord[] = [];
  for await (const item of store.query(upgradePartition(cluster))) {
    if (item.sk !== pointer) records.push(item as typeof item & UpgradeRecord);
  }
  return records;
};

/** The run that holds the cluster's lock, or last held it; without one the run that was started last. */
export const readCurrent = async (store: Store, cluster: string): Promise<UpgradeRecord | undefined> => {
  const pointer = await store.get(currentRunKey(cluster));
  const name = pointer?.executionName;
  const held =
    typeof name === 'string' ? await readUpgradeRecord(store, { cluster, executionName: name }) : undefined;
  if (held !== undefined) return held;
  const runs = await readRuns(store, cluster);
  return runs.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))[0];
};

/** The run that a decision or a stop is about. Throws BlockedError when none is under way. */
export const requireOpenRun = async (store: Store, cluster: string): Promise<UpgradeRecord> => {
  const record = await readCurrent(store, cluster);
  if (record === undefined) throw new BlockedError(`no upgrade of ${cluster} is recorded`);
  if (!isUpgradeOpen(record.status)) {
    throw new BlockedError(
      `no upgrade of ${cluster} is under way: ${record.executionName} has ended (${record.status})`,
    );
  }
  return record;
};
