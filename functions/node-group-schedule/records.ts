import { CaretakerError } from '../../shared/core/errors.ts';
import type { Store, StoredItem } from '../../shared/core/store.ts';
import type { GroupRecord, Sizes } from './decide/model.ts';

/**
 * Items of this automation, one partition a cluster: `pk = node-group-schedule#<cluster>`.
 *
 * | sk | holds |
 * |---|---|
 * | `group#<node group ARN>` | where the group stands (`record`: GroupRecord), written before every step |
 * | `saved#<node group ARN>#<cycle>` | the awake sizes (`sizes`), written once a cycle and never changed |
 * | `discovery` | `at` (epoch ms) and `configHash` of the last full look at the cluster |
 */
const partitionOf = (cluster: string): string => `node-group-schedule#${cluster}`;
const groupKey = ({ cluster, arn }: Pick<GroupRecord, 'cluster' | 'arn'>) => ({
  pk: partitionOf(cluster),
  sk: `group#${arn}`,
});
const savedKey = ({ cluster, arn, cycleId }: SavedKey) => ({
  pk: partitionOf(cluster),
  sk: `saved#${arn}#${cycleId}`,
});
const discoveryKey = (cluster: string) => ({ pk: partitionOf(cluster), sk: 'discovery' });

export interface SavedKey {
  readonly cluster: string;
  readonly arn: string;
  /** Cycle's id. */
  readonly cycleId: string;
}

/** A record with the version under which the table knows it; 0 when it does not yet. */
export interface Tracked {
  readonly record: GroupRecord;
  readonly version: number;
}

export interface Discovery {
  /** Epoch ms. */
  readonly at: number;
  readonly configHash: string;
  readonly version: number;
}

/** Somebody else wrote the record meanwhile: what we know is old, so nothing more is done in this tick. */
export class RecordChangedError extends CaretakerError {
  constructor(nodeGroup: string) {
    super(
      'RecordChangedError',
      `the record of node group ${nodeGroup} was changed by another run; the next tick goes on`,
    );
  }
}

export interface ClusterRecords {
  readonly groups: readonly Tracked[];
  readonly saved: readonly SavedSizes[];
  readonly discovery: Discovery | undefined;
}

export interface SavedSizes extends SavedKey {
  readonly sizes: Sizes;
  readonly version: number;
}

const toSaved = (item: StoredItem): SavedSizes => ({
  cluster: String(item.cluster),
  arn: String(item.arn),
  cycleId: String(item.cycleId),
  sizes: item.sizes as Sizes,
  version: item.version,
});

/** Everything known of a cluster, in one query: all that an idle tick reads. */
export const loadCluster = async (store: Store, cluster: string): Promise<ClusterRecords> => {
  const groups: Tracked[] = [];
  const saved: SavedSizes[] = [];
  let discovery: Discovery | undefined;
  for await (const item of store.query(partitionOf(cluster))) {
    if (item.sk.startsWith('group#')) {
      groups.push({ record: item.record as GroupRecord, version: item.version });
    } else if (item.sk.startsWith('saved#')) {
      saved.push(toSaved(item));
    } else {
      discovery = {
        at: Number(item.at),
        configHash: String(item.configHash),
        version: item.version,
      };
    }
  }
  return { groups, saved, discovery };
};

/** A record as the table holds it now. */
export const readRecord = async (
  store: Store,
  group: Pick<GroupRecord, 'cluster' | 'arn'>,
): Promise<Tracked | undefined> => {
  const item = await store.get(groupKey(group));
  return item === undefined ? undefined : { record: item.record as GroupRecord, version: item.version };
};

/** Writes a record on top of the version that it was read with. Throws RecordChangedError. */
export const writeRecord = async (store: Store, tracked: Tracked, record: GroupRecord): Promise<Tracked> => {
  const written = await store.write({ ...groupKey(record), record }, tracked.version);
  if (written === undefined) throw new RecordChangedError(record.nodeGroup);
  return { record, version: written.version };
};

export const removeRecord = async (store: Store, { record, version }: Tracked): Promise<void> => {
  if (!(await store.remove(groupKey(record), version))) throw new RecordChangedError(record.nodeGroup);
};

/** Saves sizes for a cycle unless that was done before; answers what is saved, which is what holds. */
export const saveSizes = async (store: Store, key: SavedKey, sizes: Sizes): Promise<Sizes> => {
  const written = await store.write({ ...savedKey(key), ...key, sizes }, 0);
  if (written !== undefined) return sizes;
  const earlier = await readSaved(store, key);
  if (earlier === undefined) throw new RecordChangedError(key.arn);
  return earlier.sizes;
};

export const readSaved = async (store: Store, key: SavedKey): Promise<SavedSizes | undefined> => {
  const item = await store.get(savedKey(key));
  return item === undefined ? undefined : toSaved(item);
};

/** For a cycle that is over. */
export const removeSaved = async (store: Store, saved: SavedSizes): Promise<void> => {
  await store.remove(savedKey(saved), saved.version);
};

export const writeDiscovery = async (
  store: Store,
  cluster: string,
  { at, configHash, version }: Discovery,
): Promise<void> => {
  await store.write({ ...discoveryKey(cluster), at, configHash }, version);
};

/** The next tick looks at the whole cluster again. */
export const forgetDiscovery = async (store: Store, cluster: string): Promise<void> => {
  const item = await store.get(discoveryKey(cluster));
  if (item !== undefined) await store.remove(discoveryKey(cluster), item.version);
};
