import type { Clock } from '../../shared/core/clock.ts';
import type { Store, StoredItem, StoreKey } from '../../shared/core/store.ts';
import type { DrainRecord, RecordKey } from './decide/record.ts';
import type { RecordedNotice } from './decide/recorded-notice.ts';
import { joinNotices } from './decide/recorded-notice.ts';

const KEPT_DAYS = 30;
const ATTEMPTS = 8;

/**
 * The records of this automation in the product's table: `pk = drain#<cluster>`, `sk = <instance id>#<node
 * UID>`, attribute `record`; kept for 30 days after the last change, and after the last time that it names.
 *
 * Beside them `pk = drain-states#<cluster>`, `sk = <instance id>`, attribute `states`: the instance's changes of state,
 * which may be told before there is a record, and belong into each that there will be.
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
  /** To be called before the records are looked for: whoever makes one meanwhile reads the states after it. */
  addState(cluster: string, instanceId: string, state: RecordedNotice): Promise<void>;
  statesOf(cluster: string, instanceId: string): Promise<readonly RecordedNotice[]>;
}

const partition = (cluster: string): string => `drain#${cluster}`;
const recordKey = ({ cluster, instanceId, nodeUid }: RecordKey): StoreKey => ({
  pk: partition(cluster),
  sk: `${instanceId}#${nodeUid}`,
});
const statesKey = (cluster: string, instanceId: string): StoreKey => ({
  pk: `drain-states#${cluster}`,
  sk: instanceId,
});
const recordIn = (item: StoredItem | undefined): DrainRecord | undefined =>
  item?.record as DrainRecord | undefined;
const statesIn = (item: StoredItem | undefined): readonly RecordedNotice[] =>
  (item?.states as readonly RecordedNotice[] | undefined) ?? [];

/** A maintenance may be announced for a day after which the record would be gone. */
const lastTime = (record: DrainRecord): number =>
  Math.max(0, ...record.notices.map(({ change }) => Math.max(change?.startsAt ?? 0, change?.endsAt ?? 0)));

export const createDrainRecords = (store: Store, clock: Clock): DrainRecords => {
  /** `next` gives undefined where there is nothing to write. */
  const update = async (
    key: StoreKey,
    next: (item: StoredItem | undefined) => { attributes: object; lastAt: number } | undefined,
  ): Promise<void> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const item = await store.get(key);
      const wanted = next(item);
      if (wanted === undefined) return;
      const expiresAt = Math.floor(Math.max(clock.now(), wanted.lastAt) / 1000) + KEPT_DAYS * 86_400;
      const written = await store.write({ ...key, expiresAt, ...wanted.attributes }, item?.version ?? 0);
      if (written !== undefined) return;
      await clock.sleep(10 * attempt);
    }
    throw new Error(`${key.sk} was changed by others ${ATTEMPTS} times in a row; it is tried again`);
  };

  return {
    get: async (key) => recordIn(await store.get(recordKey(key))),
    ofInstance: async (cluster, instanceId) => {
      const found: DrainRecord[] = [];
      for await (const item of store.query(partition(cluster), { skPrefix: `${instanceId}#` })) {
        const record = recordIn(item);
        if (record !== undefined) found.push(record);
      }
      return found;
    },
    change: async (key, change) => {
      let result: DrainRecord | undefined;
      await update(recordKey(key), (item) => {
        const current = recordIn(item);
        const record = change(current);
        result = record ?? current;
        return record === undefined || record === current
          ? undefined
          : { attributes: { record }, lastAt: lastTime(record) };
      });
      return result;
    },
    addState: (cluster, instanceId, state) =>
      update(statesKey(cluster, instanceId), (item) => {
        const known = statesIn(item);
        const states = joinNotices(known, [state]);
        return states === known ? undefined : { attributes: { states }, lastAt: 0 };
      }),
    statesOf: async (cluster, instanceId) => statesIn(await store.get(statesKey(cluster, instanceId))),
  };
};
