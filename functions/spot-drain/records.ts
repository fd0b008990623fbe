import type { Clock } from '../../shared/core/clock.ts';
import type { Store, StoredItem } from '../../shared/core/store.ts';
import type { DrainRecord, RecordKey } from './decide/record.ts';

const KEPT_DAYS = 30;
const ATTEMPTS = 8;

/**
 * The records of this automation in the product's table: `pk = drain#<cluster>`, `sk = <instance id>#<node
 * UID>`, attribute `record`; kept for 30 days after the last change.
 */
export interface DrainRecords {
  get(key: RecordKey): Promise<DrainRecord | undefined>;
  /** One a node UID that the instance has had. */
  ofInstance(cluster: string, instanceId: string): Promise<readonly DrainRecord[]>;
  /**
   * Reads, changes and writes under the item's version, again where somebody else was faster. `change`
   * answers the same object, or undefined, where there is nothing to write. Answers what is there now.
   */
  change(
    key: RecordKey,
    change: (current: DrainRecord | undefined) => DrainRecord | undefined,
  ): Promise<DrainRecord | undefined>;
}

const partition = (cluster: string): string => `drain#${cluster}`;
const storeKey = ({ cluster, instanceId, nodeUid }: RecordKey) => ({
  pk: partition(cluster),
  sk: `${instanceId}#${nodeUid}`,
});
const recordIn = (item: StoredItem | undefined): DrainRecord | undefined =>
  item?.record as DrainRecord | undefined;

export const createDrainRecords = (store: Store, clock: Clock): DrainRecords => ({
  get: async (key) => recordIn(await store.get(storeKey(key))),
  ofInstance: async (cluster, instanceId) => {
    const found: DrainRecord[] = [];
    for await (const item of store.query(partition(cluster), { skPrefix: `${instanceId}#` })) {
      const record = recordIn(item);
      if (record !== undefined) found.push(record);
    }
    return found;
  },
  change: async (key, change) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const item = await store.get(storeKey(key));
      const current = recordIn(item);
      const next = change(current);
      if (next === undefined || next === current) return current;
      const expiresAt = Math.floor(clock.now() / 1000) + KEPT_DAYS * 86_400;
      const written = await store.write({ ...storeKey(key), expiresAt, record: next }, item?.version ?? 0);
      if (written !== undefined) return next;
      await clock.sleep(10 * attempt);
    }
    throw new Error(
      `the record of instance ${key.instanceId} was changed by others ${ATTEMPTS} times in a row; it is tried again`,
    );
  },
});
