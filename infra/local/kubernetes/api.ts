import type { WorldClock } from '../clock.ts';
import { reviewAccess, reviewRules } from './access-review.ts';
import { decodeDeleteOptions } from './decode.ts';
import { createDeletion, deleteOptions } from './deletion.ts';
import { discover } from './discovery.ts';
import { createEviction } from './eviction.ts';
import type { KubeObject } from './objects.ts';
import { timestamp } from './objects.ts';
import type { Paging } from './paging.ts';
import type { User } from './rbac.ts';
import type { RequestInfo, Target } from './request.ts';
import { isDryRun, isHealthPath } from './request.ts';
import { createScale } from './scale.ts';
import { genericError, notImplemented } from './status.ts';
import type { ObjectStore } from './store.ts';
import type { WriteRequest } from './writes.ts';
import { createWrites } from './writes.ts';

export interface ApiRequest {
  readonly info: RequestInfo;
  readonly user: User;
  readonly body: string;
  readonly contentType: string;
}

export interface ApiAnswer {
  readonly code: number;
  /** An object is sent as JSON, text as it is. */
  readonly body: object | string;
}

export interface ApiOptions {
  readonly store: ObjectStore;
  readonly clock: WorldClock;
  readonly paging: Paging;
  readonly settleBudgets: () => void;
  /** What /version says now. */
  readonly version: () => string;
}

const pathNotFound: ApiAnswer = { code: 404, body: '404 page not found\n' };

/** What the API server does for a request that may be made; refusals are thrown as StatusErrors. Watches are not its. */
export const createApi = (options: ApiOptions): ((request: ApiRequest) => ApiAnswer) => {
  const { store, clock, paging, version } = options;
  const startedAt = timestamp(clock.now());
  const writes = createWrites(store, clock);
  const deletion = createDeletion(store, clock);
  const evict = createEviction({ store, clock }, deletion, options.settleBudgets);
  const scale = createScale(store, writes);

  const subresource = (target: Target, verb: string, write: WriteRequest, request: ApiRequest): ApiAnswer => {
    const { query } = request.info;
    switch (target.subresource) {
      case 'eviction':
        if (verb !== 'create') throw genericError(405);
        return { code: 201, body: evict({ ...target, query, body: request.body }) };
      case 'scale':
        if (verb !== 'get' && verb !== 'patch' && verb !== 'update') throw genericError(405);
        return { code: 200, body: scale({ ...write, verb }) };
      default:
        return plain(verb, write, request);
    }
  };

  /** Every object that the list would show; answers that list. */
  const removeAll = (
    { definition, namespace }: WriteRequest,
    query: URLSearchParams,
    body: string,
  ): object => {
    const options = deleteOptions(decodeDeleteOptions(body), query);
    const list = paging.list({ definition, namespace, query });
    for (const { metadata } of list.items as readonly KubeObject[]) {
      deletion.remove(definition, { namespace: metadata.namespace ?? '', name: metadata.name }, options);
    }
    return list;
  };

  const plain = (verb: string, write: WriteRequest, { info, body }: ApiRequest): ApiAnswer => {
    const { definition, namespace, name } = write;
    if (name === '' && (verb === 'update' || verb === 'patch')) throw genericError(405);
    switch (verb) {
      case 'get':
        return { code: 200, body: writes.get(definition, namespace, name) };
      case 'list':
        return { code: 200, body: paging.list({ definition, namespace, query: info.query }) };
      case 'create':
        if (name !== '') throw genericError(405);
        return { code: 201, body: writes.create(write) };
      case 'update':
        return { code: 200, body: writes.update(write) };
      case 'patch':
        return { code: 200, body: writes.patch(write) };
      case 'delete':
        if (write.subresource !== '') throw genericError(405);
        return deletion.remove(definition, write, deleteOptions(decodeDeleteOptions(body), info.query));
      case 'deletecollection':
        return { code: 200, body: removeAll(write, info.query, body) };
      default:
        throw notImplemented(`${verb} of ${definition.plural}`);
    }
  };

  return (request) => {
    const { info, user, body, contentType } = request;
    if (isHealthPath(info.path)) return { code: 200, body: 'ok' };
    const { target, verb, path, query } = info;
    if (target === undefined) {
      const found = discover(path, version(), startedAt);
      return found === undefined ? pathNotFound : { code: 200, body: found };
    }
    const review = verb === 'create' && target.group === 'authorization.k8s.io' ? target.plural : '';
    if (review === 'selfsubjectaccessreviews') return { code: 201, body: reviewAccess(store, user, body) };
    if (review === 'selfsubjectrulesreviews') return { code: 201, body: reviewRules(store, user) };
    const { definition, namespace, name } = target;
    if (definition === undefined) {
      // Of a group that it serves, whatever the version, the real server answers like an API.
      if (target.group !== '' && discover(`/apis/${target.group}`, version(), '') === undefined) {
        return pathNotFound;
      }
      throw genericError(404);
    }
    if (target.subresource !== '' && !definition.subresources.includes(target.subresource))
      throw genericError(404);
    const changes = verb === 'create' || verb === 'update' || verb === 'patch';
    const dryRun = changes && isDryRun('CreateOptions', query.getAll('dryRun'));
    const write = { definition, namespace, name, subresource: target.subresource, body, contentType, dryRun };
    return target.subresource === ''
      ? plain(verb, write, request)
      : subresource(target, verb, write, request);
  };
};
