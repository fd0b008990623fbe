import type { V1Pod } from '@kubernetes/client-node';
import type {
  KubernetesApi,
  ListOptions,
  RequestOptions,
  ResourceType,
  Verb,
} from '../../../../shared/kubernetes/client.ts';
import { KubernetesApiError } from '../../../../shared/kubernetes/errors.ts';

export const apiError = (
  status: number,
  reason: string,
  more: { retryAfterSeconds?: number; message?: string } = {},
) => new KubernetesApiError({ status, reason, message: `answered ${status} ${reason}`, causes: [], ...more });

/** As the API server words the refusal of a role that lacks the right. */
export const forbidden = (verb: string, resource: string) =>
  apiError(403, 'Forbidden', {
    message: `${resource} is forbidden: User "u" cannot ${verb} resource "${resource}" in API group ""`,
  });

export interface FakeClusterOptions {
  readonly name?: string;
  readonly pods?: readonly V1Pod[];
  readonly pageSize?: number;
  /** Names and annotations. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** `<plural>/<name>`: what a get of it answers. */
  readonly owners?: Readonly<Record<string, object>>;
  readonly nodes?: readonly { readonly name: string; readonly providerId: string }[];
  /** Thrown by what is asked for: `list pods`, `list namespaces`, `get replicasets`, `count pods`. */
  readonly failures?: Readonly<Record<string, Error>>;
  /** Before a delete is applied; may throw or take its time. */
  readonly beforeDelete?: (name: string, attempt: number) => void | Promise<void>;
  /** After a delete was applied; what it throws is its answer. */
  readonly afterDelete?: (name: string, attempt: number) => void;
  /** Before a page of pods is answered, from 0. */
  readonly beforePage?: (page: number) => void | Promise<void>;
  /** As of servers that do not say how many more objects there are. */
  readonly withoutRemainingCount?: boolean;
}

/** An API server in memory: pages, preconditions, counts. Everything that it was asked is in `requests`. */
export const createFakeCluster = (options: FakeClusterOptions = {}) => {
  const pods = new Map(
    (options.pods ?? []).map((pod) => [`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod]),
  );
  const requests: string[] = [];
  const lists: ListOptions[] = [];
  const deletes: RequestOptions[] = [];
  const attempts = new Map<string, number>();
  let running = 0;
  let mostRunning = 0;
  let pagesInMemory = 0;

  const note = (what: string) => {
    requests.push(what);
    const failure = options.failures?.[what];
    if (failure !== undefined) throw failure;
  };
  const inOrder = () => [...pods].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pod]) => pod);

  const remove = async ({ namespace = '', name = '', body }: RequestOptions): Promise<object> => {
    const attempt = (attempts.get(name) ?? 0) + 1;
    attempts.set(name, attempt);
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      await options.beforeDelete?.(name, attempt);
      const pod = pods.get(`${namespace}/${name}`);
      const { preconditions } = body as { preconditions: { uid: string; resourceVersion: string } };
      if (pod === undefined) throw apiError(404, 'NotFound');
      const { uid, resourceVersion } = pod.metadata ?? {};
      if (uid !== preconditions.uid) {
        const message = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid})`;
        throw apiError(409, 'Conflict', { message });
      }
      if (resourceVersion !== preconditions.resourceVersion) throw apiError(409, 'Conflict');
      pods.delete(`${namespace}/${name}`);
      options.afterDelete?.(name, attempt);
      return {};
    } finally {
      running -= 1;
    }
  };

  const request = async <T>(verb: Verb, resource: ResourceType, given: RequestOptions = {}): Promise<T> => {
    if (verb === 'delete') {
      deletes.push(given);
      return (await remove(given)) as T;
    }
    if (verb === 'list') {
      note(`count ${resource.plural}`);
      const found = inOrder().filter(({ metadata }) => metadata?.namespace === given.namespace);
      const more = Math.max(0, found.length - 1);
      const remaining = options.withoutRemainingCount ? {} : { remainingItemCount: more };
      const metadata = more > 0 ? { continue: 'token', ...remaining } : {};
      return { items: found.slice(0, 1), metadata } as T;
    }
    note(`${verb} ${resource.plural}`);
    const owner = options.owners?.[`${resource.plural}/${given.name}`];
    if (owner === undefined) throw apiError(404, 'NotFound');
    return owner as T;
  };

  const objectsOf = (plural: string, { fieldSelector = '', namespace }: ListOptions): readonly object[] => {
    if (plural === 'namespaces') {
      return Object.entries(options.namespaces ?? {}).map(([name, annotations]) => ({
        metadata: { name, annotations },
      }));
    }
    if (plural === 'nodes') {
      return (options.nodes ?? []).map(({ name, providerId }) => ({
        metadata: { name },
        spec: { providerID: providerId },
      }));
    }
    const wanted = new Map(fieldSelector.split(',').map((term) => term.split('=') as [string, string]));
    return inOrder().filter(
      ({ metadata, spec, status }) =>
        (wanted.get('status.phase') ?? status?.phase) === status?.phase &&
        (wanted.get('spec.nodeName') ?? spec?.nodeName) === spec?.nodeName &&
        (namespace ?? metadata?.namespace) === metadata?.namespace,
    );
  };

  const api: KubernetesApi = {
    cluster: options.name ?? 'staging',
    request,
    async *listPages<T>(resource: ResourceType, list: ListOptions = {}): AsyncIterable<readonly T[]> {
      note(`list ${resource.plural}`);
      if (resource.plural === 'pods') lists.push(list);
      const objects = objectsOf(resource.plural, list);
      const size = options.pageSize ?? 500;
      for (let start = 0, page = 0; start < objects.length || start === 0; start += size, page += 1) {
        await options.beforePage?.(page);
        pagesInMemory += 1;
        const found: readonly object[] = objects.slice(start, start + size);
        yield found as readonly T[];
        pagesInMemory -= 1;
      }
    },
  };

  return {
    api,
    requests,
    lists,
    deletes,
    /** Changes a pod as somebody else would: it has another resourceVersion, or is another pod of that name. */
    replace: (pod: V1Pod) => pods.set(`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod),
    names: () => inOrder().map(({ metadata }) => metadata?.name ?? ''),
    mostRunning: () => mostRunning,
    pagesInMemory: () => pagesInMemory,
  };
};

export type FakeCluster = ReturnType<typeof createFakeCluster>;
