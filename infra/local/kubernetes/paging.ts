import type { Clock } from '../../../shared/core/clock.ts';
import { parseLabelSelector } from './label-selectors.ts';
import { decodeToken, encodeToken, exactRevision, limitOf } from './list-options.ts';
import type { KubeObject } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import { apiVersionOf } from './resources.ts';
import type { FieldRequirement } from './selectors.ts';
import { fieldOf, meetsAll, meetsFields, parseFieldSelector } from './selectors.ts';
import { expired } from './status.ts';
import type { ObjectStore } from './store.ts';

export interface ListBody {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly object[];
}

export interface ListQuery {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly query: URLSearchParams;
}

export interface Paging {
  /** Throws BadRequest, Expired (410) or Timeout (504, a resourceVersion of the future). */
  list(query: ListQuery): ListBody;
  /** Forgets the revisions before the present one, as etcd's compaction does: tokens of lists that began there are too old. */
  compact(): void;
}

/** How long etcd keeps old revisions: kube-apiserver's --etcd-compaction-interval. */
const keptMs = 5 * 60_000;

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
  'without the continue parameter, or use the continue token in this response to retrieve the remainder of the ' +
  'results. Continuing with the provided token results in an inconsistent list - objects that were created, ' +
  'modified, or deleted between the time the first chunk was returned and now may show up in the list.';

const keyOf = ({ metadata: { namespace, name } }: KubeObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** A token counts from the list's own path, and from right behind the last object. */
const startAfter = (object: KubeObject, namespace: string): string =>
  `${namespace === '' ? keyOf(object) : object.metadata.name}\0`;

/** Index of the first object whose key is `start` or after it. */
const indexFrom = (objects: readonly KubeObject[], start: string): number => {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const object = objects[middle];
    if (object !== undefined && keyOf(object) < start) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Selectors of a list or watch as one test. */
export const parseSelectors = (
  query: URLSearchParams,
  definition: ResourceDefinition,
): { selected: boolean; fields: readonly FieldRequirement[]; matches: (object: KubeObject) => boolean } => {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', definition);
  return {
    selected: labels.length + fields.length > 0,
    fields,
    matches: (object) => meetsFields(object, fields) && meetsAll(object.metadata.labels, labels),
  };
};

/** The value that a list is limited to, where a field selector names one. */
const exactly = (fields: readonly FieldRequirement[], field: string): string | undefined =>
  fields.find((one) => one.field === field && one.equal)?.value;

const candidates = (
  store: ObjectStore,
  { definition, namespace }: ListQuery,
  fields: readonly FieldRequirement[],
): readonly KubeObject[] => {
  const node = definition.plural === 'pods' ? exactly(fields, 'spec.nodeName') : undefined;
  const within = exactly(fields, 'metadata.namespace') ?? namespace;
  if (node !== undefined && node !== '') {
    return store.podsOn(node).filter((pod) => within === '' || fieldOf(pod, 'metadata.namespace') === within);
  }
  const name = exactly(fields, 'metadata.name');
  if (name !== undefined && (within !== '' || !definition.namespaced)) {
    const object = store.get(definition.plural, definition.namespaced ? within : undefined, name);
    return object === undefined ? [] : [object];
  }
  return store.list(definition.plural, definition.namespaced && within !== '' ? { namespace: within } : {});
};

export const createPaging = (store: ObjectStore, clock: Clock): Paging => {
  /** What the first page of a list saw, shared by its later pages; without objects it is too old. */
  const snapshots = new Map<string, { readonly objects?: readonly KubeObject[]; readonly until: number }>();

  /** What is before this revision is too old whatever the time. */
  let compactedTo = 0;

  const isTooOld = (rv: number): boolean => {
    const [next] = store.since(rv) ?? [];
    return next !== undefined && next.at + keptMs <= clock.now();
  };

  /** The state of an earlier revision; undefined where it is forgotten. */
  const earlier = (key: string, rv: number, { definition, namespace }: ListQuery) => {
    if (rv < compactedTo) return undefined;
    for (const [other, { until }] of snapshots) if (until <= clock.now()) snapshots.set(other, { until });
    const kept = snapshots.get(key);
    if (kept !== undefined) return kept.objects;
    const objects = isTooOld(rv) ? undefined : store.listAt(definition.plural, rv);
    return definition.namespaced && namespace !== ''
      ? objects?.filter(({ metadata }) => metadata.namespace === namespace)
      : objects;
  };

  return {
    list: (list) => {
      const { definition, namespace, query } = list;
      const exact = exactRevision(query, store.revision);
      const limit = limitOf(query);
      const { selected, fields, matches } = parseSelectors(query, definition);
      const given = query.get('continue') ?? '';
      const token = given === '' ? undefined : decodeToken(given);
      const keyAt = (revision: number) => JSON.stringify([definition.plural, namespace, fields, revision]);
      const past = token === undefined ? exact : token.rv < 0 ? undefined : token.rv;
      const rv = past ?? store.revision;
      const objects = past === undefined ? candidates(store, list, fields) : earlier(keyAt(rv), rv, list);
      if (objects === undefined) {
        throw token === undefined
          ? expired('The resourceVersion for the provided list is too old.')
          : expired(tooOld, encodeToken({ rv: -1, start: token.start }));
      }

      const items: KubeObject[] = [];
      const home = definition.namespaced && namespace !== '' ? `${namespace}/` : '';
      let index = token === undefined ? 0 : indexFrom(objects, `${home}${token.start}`);
      for (; index < objects.length && items.length < limit; index++) {
        const object = objects[index];
        if (object !== undefined && matches(object)) items.push(object);
      }
      const rest = objects.length - index;
      const last = items.at(-1);
      // Like the real server, a page that is full ends the search: the next one may turn out to be empty.
      const more = rest > 0 && last !== undefined;
      if (more && !snapshots.has(keyAt(rv))) {
        snapshots.set(keyAt(rv), { objects, until: clock.now() + keptMs });
      }
      return {
        kind: `${definition.kind}List`,
        apiVersion: apiVersionOf(definition),
        metadata: {
          resourceVersion: String(rv),
          ...(more ? { continue: encodeToken({ rv, start: startAfter(last, home) }) } : {}),
          ...(more && !selected ? { remainingItemCount: rest } : {}),
        },
        // Items of a list do not name their kind.
        items: items.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
      };
    },
    compact: () => {
      compactedTo = store.revision;
    },
  };
};
