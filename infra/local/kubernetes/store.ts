import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../shared/core/clock.ts';
import { complete } from './defaults.ts';
import type { Index, Ordering } from './indexes.ts';
import { createIndex, createOrdering } from './indexes.ts';
import type { Draft, KubeObject, Objects, Pod, ResourceName } from './objects.ts';
import { controllerOf } from './objects.ts';
import { definitionOf, resourceDefinitions } from './resources.ts';
import { alreadyExists, notFound } from './status.ts';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: ResourceName;
  readonly object: KubeObject;
  /** The object before the change. */
  readonly old?: KubeObject;
  readonly revision: number;
  /** Epoch ms. */
  readonly at: number;
}

/**
 * The cluster's objects, for whoever owns the world: writes are immediate and unconditional, beyond every
 * admission rule (those stand before this store, in the API server). Objects handed out must not be changed.
 */
export interface ObjectStore {
  /** Throws a StatusError `AlreadyExists`. Without a status a pod is Pending and is then scheduled and run. */
  create<R extends ResourceName>(resource: R, object: Draft<Objects[R]>): Objects[R];
  get<R extends ResourceName>(
    resource: R,
    namespace: string | undefined,
    name: string,
  ): Objects[R] | undefined;
  /** In the order of namespace and name. */
  list<R extends ResourceName>(
    resource: R,
    options?: { readonly namespace?: string; readonly filter?: (object: Objects[R]) => boolean },
  ): readonly Objects[R][];
  /** Replaces the whole object; the same content changes nothing. Throws a StatusError `NotFound`. */
  update<R extends ResourceName>(resource: R, object: Objects[R]): Objects[R];
  /** At once, whatever its grace or finalizers. Unknown objects are ignored. */
  remove(resource: ResourceName, namespace: string | undefined, name: string): void;
  /** Told of every change, in order. Answers a function that ends it. */
  watch(listener: (change: Change) => void): () => void;
  /** Pods bound to a node, finished ones too. */
  podsOn(node: string): readonly Pod[];
  /** Objects whose controller has that uid. */
  ownedBy<R extends ResourceName>(resource: R, uid: string): readonly Objects[R][];
  /** The resourceVersion of the newest change. */
  readonly revision: number;
  /** Changes after a revision, or undefined when they are no longer kept. */
  since(revision: number): readonly Change[] | undefined;
  /** Objects as they were at a revision, in the order of namespace and name; undefined when that is no longer known. */
  listAt<R extends ResourceName>(resource: R, revision: number): readonly Objects[R][] | undefined;
}

interface Table {
  readonly objects: Map<string, KubeObject>;
  readonly byNamespace: Index;
  readonly byOwner: Index;
  readonly ordering: Ordering;
}

const keptChanges = 10_000;

const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** `seed` makes uids and generated names the same in every run that does the same. */
export const createStore = (clock: Clock, seed: string): ObjectStore => {
  const tables = new Map<ResourceName, Table>(
    resourceDefinitions.map(({ plural }) => [
      plural,
      {
        objects: new Map(),
        byNamespace: createIndex((object) => object.metadata.namespace),
        byOwner: createIndex((object) => controllerOf(object)?.uid),
        ordering: createOrdering(),
      },
    ]),
  );
  const byNode = createIndex((object) => (object as Pod).spec.nodeName);
  const listeners = new Set<(change: Change) => void>();
  const undelivered: Change[] = [];
  let history: Change[] = [];
  let revision = 0;
  let serial = 0;
  let delivering = false;

  const unique = (): string => createHash('sha256').update(`${seed}/${serial++}`).digest('hex');

  const tableOf = (resource: ResourceName): Table => {
    const table = tables.get(resource);
    if (table === undefined) throw new Error(`no table for ${resource}`);
    return table;
  };

  /** A listener that writes must not make the others see its change before the one it reacts to. */
  const deliver = (change: Change) => {
    history.push(change);
    if (history.length > 2 * keptChanges) history = history.slice(-keptChanges);
    undelivered.push(change);
    if (delivering) return;
    delivering = true;
    try {
      for (let next = undelivered.shift(); next !== undefined; next = undelivered.shift()) {
        for (const listener of listeners) listener(next);
      }
    } finally {
      delivering = false;
    }
  };

  /** `last`: a removed object as it is told of, under the revision of its removal. */
  const put = (
    resource: ResourceName,
    old: KubeObject | undefined,
    object: KubeObject | undefined,
    last?: KubeObject,
  ) => {
    const subject = object ?? last;
    if (subject === undefined) return;
    const { namespace, name } = subject.metadata;
    const key = keyOf(namespace, name);
    const table = tableOf(resource);
    if (object === undefined) table.objects.delete(key);
    else table.objects.set(key, object);
    table.byNamespace.change(key, old, object);
    table.byOwner.change(key, old, object);
    if (resource === 'pods') byNode.change(key, old, object);
    table.ordering.change(key, object === undefined ? 'removed' : old === undefined ? 'added' : 'replaced');
    const type = object === undefined ? 'DELETED' : old === undefined ? 'ADDED' : 'MODIFIED';
    const at = clock.now();
    deliver({ type, resource, object: subject, ...(old === undefined ? {} : { old }), revision, at });
  };

  const stamp = <T extends KubeObject>(object: T): T => {
    revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  };

  /** Filters before it sorts: mostly few of many are wanted. */
  const pick = <R extends ResourceName>(
    resource: R,
    keys: Iterable<string>,
    filter: (object: Objects[R]) => boolean = () => true,
  ): Objects[R][] => {
    const { objects } = tableOf(resource);
    const found: { key: string; object: Objects[R] }[] = [];
    for (const key of keys) {
      const object = objects.get(key) as Objects[R] | undefined;
      if (object !== undefined && filter(object)) found.push({ key, object });
    }
    return found.sort((left, right) => (left.key < right.key ? -1 : 1)).map(({ object }) => object);
  };

  const since: ObjectStore['since'] = (from) => {
    const [oldest] = history;
    if (oldest !== undefined && oldest.revision > from + 1) return undefined;
    return history.filter((change) => change.revision > from);
  };

  return {
    create: (resource, draft) => {
      const definition = definitionOf(resource);
      const object = stamp(complete(definition, draft, { unique, nowMs: clock.now() }));
      const { namespace, name } = object.metadata;
      if (tableOf(resource).objects.has(keyOf(namespace, name))) throw alreadyExists(definition, name);
      put(resource, undefined, object);
      return object as Objects[typeof resource];
    },
    get: (resource, namespace, name) =>
      tableOf(resource).objects.get(keyOf(namespace, name)) as Objects[typeof resource] | undefined,
    list: <R extends ResourceName>(
      resource: R,
      options: { readonly namespace?: string; readonly filter?: (object: Objects[R]) => boolean } = {},
    ) => {
      const table = tableOf(resource);
      const { namespace, filter } = options;
      if (namespace !== undefined) return pick(resource, table.byNamespace.keys(namespace), filter);
      const objects = table.ordering.list(table.objects) as readonly Objects[R][];
      return filter === undefined ? objects : objects.filter(filter);
    },
    update: (resource, object) => {
      const { namespace, name } = object.metadata;
      const old = tableOf(resource).objects.get(keyOf(namespace, name));
      if (old === undefined) throw notFound(definitionOf(resource), name);
      const same = {
        ...object,
        metadata: { ...object.metadata, resourceVersion: old.metadata.resourceVersion },
      };
      if (isDeepStrictEqual(same, old)) return old as Objects[typeof resource];
      const stored = stamp(object);
      put(resource, old, stored);
      return stored;
    },
    remove: (resource, namespace, name) => {
      const old = tableOf(resource).objects.get(keyOf(namespace, name));
      if (old === undefined) return;
      put(resource, old, undefined, stamp(old));
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    podsOn: (node) => pick('pods', byNode.keys(node)),
    ownedBy: (resource, uid) => pick(resource, tableOf(resource).byOwner.keys(uid)),
    get revision() {
      return revision;
    },
    since,
    listAt: <R extends ResourceName>(resource: R, at: number) => {
      const changes = since(at)?.filter((change) => change.resource === resource);
      if (changes === undefined) return undefined;
      const objects = new Map<string, KubeObject>(tableOf(resource).objects);
      for (const { object, old } of changes.toReversed()) {
        const { namespace, name } = object.metadata;
        if (old === undefined) objects.delete(keyOf(namespace, name));
        else objects.set(keyOf(namespace, name), old);
      }
      return [...objects]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([, object]) => object) as Objects[R][];
    },
  };
};
