import type { Clock } from '../../../shared/core/clock.ts';
import type { KubeObject } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import { apiVersionOf } from './resources.ts';
import type { FieldRequirement } from './selectors.ts';
import { fieldOf, meetsAll, meetsFields, parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { badRequest, expired, invalid, StatusError } from './status.ts';
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
}

/** How long etcd keeps old revisions: kube-apiserver's --etcd-compaction-interval. */
const snapshotMs = 5 * 60_000;

interface Token {
  readonly v: 'meta.k8s.io/v1';
  /** The revision that the list began with; -1 goes on with what is there now. */
  readonly rv: number;
  /** The key after which the next page starts. */
  readonly start: string;
}

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
  'without the continue parameter, or use the continue token in this response to retrieve the remainder of the ' +
  'results. Continuing with the provided token results in an inconsistent list - objects that were created, ' +
  'modified, or deleted between the time the first chunk was returned and now may show up in the list.';

const encode = (token: Token): string => Buffer.from(JSON.stringify(token)).toString('base64url');

const decode = (text: string): Token => {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const { rv, start } = token as Partial<Token>;
    if (typeof rv === 'number' && typeof start === 'string') return { v: 'meta.k8s.io/v1', rv, start };
  } catch (error) {
    throw badRequest(`invalid continue token: continue key is not valid: ${(error as Error).message}`);
  }
  throw badRequest(
    'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion',
  );
};

const keyOf = ({ metadata: { namespace, name } }: KubeObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** Index of the first object whose key is after `start`. */
const indexAfter = (objects: readonly KubeObject[], start: string): number => {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const object = objects[middle];
    if (object !== undefined && keyOf(object) <= start) low = middle + 1;
    else high = middle;
  }
  return low;
};

const limitOf = (query: URLSearchParams): number => {
  const text = query.get('limit') ?? '0';
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text) > 0 ? Number(text) : Number.POSITIVE_INFINITY;
};

/** What `resourceVersion` and its match ask for; everything but an exact old revision is answered with the newest state. */
const checkRevision = (query: URLSearchParams, current: number): void => {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  if (version !== '' && (query.get('continue') ?? '') !== '') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  if (match !== '' && version === '') {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      {
        reason: 'FieldValueForbidden',
        message: 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
        field: 'resourceVersionMatch',
      },
    ]);
  }
  if (version === '') return;
  if (!/^\d+$/.test(version)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`,
    );
  }
  if (Number(version) > current) {
    throw new StatusError(504, {
      message: `Timeout: Too large resource version: ${version}, current: ${current}`,
      reason: 'Timeout',
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
  }
  if (match === 'Exact' && Number(version) < current) {
    throw expired('The resourceVersion for the provided list is too old.');
  }
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

export const createPaging = (store: ObjectStore, clock: Clock): Paging => {
  /** What the first page of a list saw, shared by its later pages. */
  const snapshots = new Map<string, { readonly objects: readonly KubeObject[]; readonly until: number }>();

  const candidates = (
    { definition, namespace }: ListQuery,
    fields: readonly FieldRequirement[],
  ): readonly KubeObject[] => {
    const exact = (field: string) => fields.find((one) => one.field === field && one.equal)?.value;
    const node = definition.plural === 'pods' ? exact('spec.nodeName') : undefined;
    const within = exact('metadata.namespace') ?? namespace;
    if (node !== undefined && node !== '') {
      return store
        .podsOn(node)
        .filter((pod) => within === '' || fieldOf(pod, 'metadata.namespace') === within);
    }
    const name = exact('metadata.name');
    if (name !== undefined && (within !== '' || !definition.namespaced)) {
      const object = store.get(definition.plural, definition.namespaced ? within : undefined, name);
      return object === undefined ? [] : [object];
    }
    return store.list(definition.plural, definition.namespaced && within !== '' ? { namespace: within } : {});
  };

  const snapshotOf = (key: string): readonly KubeObject[] | undefined => {
    for (const [other, { until }] of snapshots) if (until <= clock.now()) snapshots.delete(other);
    return snapshots.get(key)?.objects;
  };

  return {
    list: (list) => {
      const { definition, namespace, query } = list;
      checkRevision(query, store.revision);
      const limit = limitOf(query);
      const { selected, fields, matches } = parseSelectors(query, definition);
      const given = query.get('continue') ?? '';
      const token = given === '' ? undefined : decode(given);
      const keyAt = (rv: number) => JSON.stringify([definition.plural, namespace, fields, rv]);
      const rv = token === undefined || token.rv < 0 ? store.revision : token.rv;
      const kept = token === undefined || token.rv < 0 ? undefined : snapshotOf(keyAt(rv));
      if (token !== undefined && token.rv >= 0 && kept === undefined) {
        throw expired(tooOld, encode({ v: 'meta.k8s.io/v1', rv: -1, start: token.start }));
      }
      const objects = kept ?? candidates(list, fields);

      const items: KubeObject[] = [];
      let index = token === undefined ? 0 : indexAfter(objects, token.start);
      for (; index < objects.length && items.length < limit; index++) {
        const object = objects[index];
        if (object !== undefined && matches(object)) items.push(object);
      }
      const rest = objects.length - index;
      const last = items.at(-1);
      // Like the real server, a page that is full ends the search: the next one may turn out to be empty.
      const more = rest > 0 && last !== undefined;
      if (more && kept === undefined) {
        snapshots.set(keyAt(rv), { objects, until: clock.now() + snapshotMs });
      }
      return {
        kind: `${definition.kind}List`,
        apiVersion: apiVersionOf(definition),
        metadata: {
          resourceVersion: String(rv),
          ...(more ? { continue: encode({ v: 'meta.k8s.io/v1', rv, start: keyOf(last) }) } : {}),
          ...(more && !selected ? { remainingItemCount: rest } : {}),
        },
        // Items of a list do not name their kind.
        items: items.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
      };
    },
  };
};
