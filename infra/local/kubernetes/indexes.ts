import type { KubeObject } from './objects.ts';

/** Which keys have a certain property: pods by node, objects by owner or namespace. */
export interface Index {
  change(key: string, old: KubeObject | undefined, object: KubeObject | undefined): void;
  keys(value: string): Iterable<string>;
  count(value: string): number;
}

export const createIndex = (propertyOf: (object: KubeObject) => string | undefined): Index => {
  const keysOf = new Map<string, Set<string>>();
  return {
    change: (key, old, object) => {
      const before = old && propertyOf(old);
      const after = object && propertyOf(object);
      if (before === after) return;
      if (before !== undefined) {
        const keys = keysOf.get(before);
        keys?.delete(key);
        if (keys?.size === 0) keysOf.delete(before);
      }
      if (after !== undefined) {
        const keys = keysOf.get(after);
        if (keys === undefined) keysOf.set(after, new Set([key]));
        else keys.add(key);
      }
    },
    keys: (value) => keysOf.get(value) ?? [],
    count: (value) => keysOf.get(value)?.size ?? 0,
  };
};

/**
 * Objects in the order of their keys, as etcd hands them out. The list is made when it is asked for and shared
 * until something changes, so that a page's snapshot costs nothing but the reference.
 */
export interface Ordering {
  change(key: string, kind: 'added' | 'replaced' | 'removed'): void;
  list(objects: ReadonlyMap<string, KubeObject>): readonly KubeObject[];
}

export const createOrdering = (): Ordering => {
  let keys: string[] = [];
  let added: string[] = [];
  let removed = false;
  let cached: readonly KubeObject[] | undefined = [];
  return {
    change: (key, kind) => {
      cached = undefined;
      if (kind === 'added') added.push(key);
      if (kind === 'removed') removed = true;
    },
    list: (objects) => {
      if (cached !== undefined) return cached;
      if (removed) keys = keys.filter((key) => objects.has(key));
      // Two sorted runs: the sort merges them in linear time. A key that went and came back is in both.
      if (added.length > 0) {
        keys = [...new Set(keys.concat(added.filter((key) => objects.has(key)).sort()))].sort();
      }
      added = [];
      removed = false;
      cached = keys.flatMap((key) => objects.get(key) ?? []);
      return cached;
    },
  };
};
