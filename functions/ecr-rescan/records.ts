import type { ImageIdentity, Severity } from '../../shared/core/image-scans.ts';
import { imageKey } from '../../shared/core/image-scans.ts';
import type { Store, StoredItem } from '../../shared/core/store.ts';
import type { ScanState } from './decide/due.ts';
import type { News } from './decide/news.ts';
import { isTold } from './decide/news.ts';

/**
 * Items of the table that this automation owns:
 *
 * | pk | sk | holds |
 * |---|---|---|
 * | `ecr-rescan#repository#<registry>/<region>/<repository>` | `<digest>#scan` | ScanState; the tick's alone |
 * | same | `<digest>#result` | ResultRecord; conditional writes |
 * | `ecr-rescan#pending` | `<image key>` | Pending: a result or a report that has not come yet |
 * | `ecr-rescan#told` | `<CVE>` | under which workloads and repositories a CVE was told |
 * | `ecr-rescan#inventory` | `current` | Progress of the pass over the image list (`inventory.ts`) |
 *
 * Findings and the image list are objects in the bucket; items keep key and hash.
 */

const DAY_SECONDS = 86_400;
const SCAN_DAYS = 30;
const RESULT_DAYS = 90;
const PENDING_DAYS = 2;
const TOLD_DAYS = 400;
const WRITE_ATTEMPTS = 6;

const expiry = (now: number, days: number): number => Math.floor(now / 1000) + days * DAY_SECONDS;
const partitionOf = ({ registry, region, repository }: ImageIdentity): string =>
  `ecr-rescan#repository#${registry}/${region}/${repository}`;

/** A CVE that people have to be told of; `batch` says which result it came from. */
export type OutboxItem = News & { readonly batch: string };

/** Written with the result, cleared after the notification: a crash in between tells it later. */
export interface Outbox {
  readonly items: readonly OutboxItem[];
  /** News beyond those that an item holds. */
  readonly more: number;
  /** Until then (epoch ms) somebody is sending it. */
  readonly claimedUntil: number;
}

/** The last complete result of an image. Its findings are the object at `blobKey`, SHA-256 `hash`. */
export interface ResultRecord {
  readonly hash: string;
  readonly blobKey: string;
  /** Epoch ms. */
  readonly completedAt: number;
  readonly counts: Readonly<Partial<Record<Severity, number>>>;
  /** Set while what ECR says now is no complete result: this one may be out of date. */
  readonly stale?: { readonly reason: string; readonly since: number };
  readonly outbox?: Outbox;
}

export type StoredResult = ResultRecord & { readonly version: number };

const toResult = (item: StoredItem): StoredResult => {
  const { pk: _pk, sk: _sk, expiresAt: _expiresAt, ...record } = item;
  return record as StoredItem & StoredResult;
};

/** What is known of an image's scans, ours and others'; undefined when it was never looked at. */
export const readScanState = async (store: Store, image: ImageIdentity): Promise<ScanState | undefined> => {
  let state: ScanState | undefined;
  let completedAt: number | undefined;
  for await (const item of store.query(partitionOf(image), { skPrefix: `${image.digest}#` })) {
    if (item.sk.endsWith('#scan')) state = item.state as ScanState;
    else completedAt = toResult(item).completedAt;
  }
  if (completedAt === undefined) return state;
  return { ...state, lastScanAt: Math.max(state?.lastScanAt ?? 0, completedAt) };
};

export const writeScanState = (
  store: Store,
  image: ImageIdentity,
  entry: { state: ScanState; now: number },
): Promise<void> =>
  store.append([
    {
      pk: partitionOf(image),
      sk: `${image.digest}#scan`,
      state: entry.state,
      expiresAt: expiry(entry.now, SCAN_DAYS),
    },
  ]);

export const readResult = async (store: Store, image: ImageIdentity): Promise<StoredResult | undefined> => {
  const item = await store.get({ pk: partitionOf(image), sk: `${image.digest}#result` });
  return item === undefined ? undefined : toResult(item);
};

/** Undefined when somebody else wrote since `expectedVersion` was read. */
export const writeResult = async (
  store: Store,
  image: ImageIdentity,
  entry: { record: ResultRecord; expectedVersion: number; now: number },
): Promise<StoredResult | undefined> => {
  const item = await store.write(
    {
      ...entry.record,
      pk: partitionOf(image),
      sk: `${image.digest}#result`,
      expiresAt: expiry(entry.now, RESULT_DAYS),
    },
    entry.expectedVersion,
  );
  return item === undefined ? undefined : toResult(item);
};

/** An image that has to be looked at again, should no event do it. */
export interface Pending {
  readonly identity: ImageIdentity;
  /** Epoch ms. */
  readonly since: number;
  /** `scan`: its result has not come. `report`: people have not been told. */
  readonly awaits: 'scan' | 'report';
}

const PENDING = 'ecr-rescan#pending';

const pendingItem = (pending: Pending) => ({
  pk: PENDING,
  sk: imageKey(pending.identity),
  pending,
  expiresAt: expiry(pending.since, PENDING_DAYS),
});

export const addPending = (store: Store, pending: Pending): Promise<void> =>
  store.append([pendingItem(pending)]);

/** Leaves what is awaited already as it is. */
export const addPendingIfNone = async (store: Store, pending: Pending): Promise<void> => {
  await store.write(pendingItem(pending), 0);
};

export async function* readPending(store: Store): AsyncIterable<Pending> {
  for await (const item of store.query(PENDING)) yield item.pending as Pending;
}

export const removePending = async (store: Store, image: ImageIdentity): Promise<void> => {
  await store.remove({ pk: PENDING, sk: imageKey(image) }, 1);
};

/**
 * Claims the right to tell people of a CVE for these workloads and this repository. False when all of them
 * were told before; the batch that claimed it may claim again, for it may have failed to tell.
 */
export const claimTelling = async (
  store: Store,
  claim: { cve: string; batch: string; units: readonly string[]; now: number },
): Promise<boolean> => {
  const key = { pk: 'ecr-rescan#told', sk: claim.cve };
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
    const item = await store.get(key);
    const told = (item?.units as Record<string, string> | undefined) ?? {};
    if (isTold(claim.units, (unit) => told[unit] !== undefined && told[unit] !== claim.batch)) return false;
    const units = { ...Object.fromEntries(claim.units.map((unit) => [unit, claim.batch])), ...told };
    const written = await store.write(
      { ...key, units, expiresAt: expiry(claim.now, TOLD_DAYS) },
      item?.version ?? 0,
    );
    if (written !== undefined) return true;
  }
  throw new Error(
    `the record of ${claim.cve} was changed by others ${WRITE_ATTEMPTS} times; the next tick tries again`,
  );
};
