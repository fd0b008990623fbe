import { createHash } from 'node:crypto';
import type { BlobStore, Store } from '../../shared/core/store.ts';
import type { InventoryImage } from './decide/inventory.ts';

const KEY = { pk: 'ecr-rescan#inventory', sk: 'current' } as const;
const BLOB_KEY = 'ecr-rescan/inventory.json';

/** How far the pass over the image list has come. */
export interface Progress {
  /** SHA-256 of the list's object. */
  readonly hash: string;
  readonly takenAt: number;
  /** From then on (epoch ms), once the pass is done, the list is made anew. */
  readonly refreshAt: number;
  readonly count: number;
  /** Images of the list that have had their outcome. */
  readonly cursor: number;
  readonly version: number;
}

const hashOf = (body: string): string => createHash('sha256').update(body).digest('hex');

export const readProgress = async (store: Store): Promise<Progress | undefined> => {
  const item = await store.get(KEY);
  return item === undefined ? undefined : (item as typeof item & Progress);
};

/** Undefined when another tick wrote meanwhile. */
export const writeProgress = async (store: Store, progress: Progress): Promise<Progress | undefined> => {
  const { version, ...attributes } = progress;
  const { hash, takenAt, refreshAt, count, cursor } = attributes;
  const item = await store.write({ ...KEY, hash, takenAt, refreshAt, count, cursor }, version);
  return item === undefined ? undefined : { ...progress, version: item.version };
};

/** The image list as it was last made; undefined when there is none. */
export const readInventory = async (
  blobs: BlobStore,
  progress: Progress | undefined,
): Promise<{ images: readonly InventoryImage[]; current: boolean } | undefined> => {
  if (progress === undefined) return undefined;
  const body = await blobs.get(BLOB_KEY);
  if (body === undefined) return undefined;
  // Another hash: a tick wrote the list and was stopped before it wrote the item. Good to know workloads by.
  return { images: JSON.parse(body) as InventoryImage[], current: hashOf(body) === progress.hash };
};

/** Stores a new list and starts the pass over it. Undefined when another tick did so first. */
export const startPass = async (
  deps: { store: Store; blobs: BlobStore },
  pass: { images: readonly InventoryImage[]; takenAt: number; refreshAt: number; expectedVersion: number },
): Promise<Progress | undefined> => {
  const body = JSON.stringify(pass.images);
  await deps.blobs.put(BLOB_KEY, body, 'application/json');
  return writeProgress(deps.store, {
    hash: hashOf(body),
    takenAt: pass.takenAt,
    refreshAt: pass.refreshAt,
    count: pass.images.length,
    cursor: 0,
    version: pass.expectedVersion,
  });
};
