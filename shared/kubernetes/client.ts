import type { Clock } from '../core/clock.ts';
import type { StatusCause } from './errors.ts';
import { isGone, isPressure, KubernetesApiError, KubernetesConnectionError } from './errors.ts';
import type { RawResponse } from './exchange.ts';
import { createExchange } from './exchange.ts';
import type { TokenSource } from './token.ts';

/** A resource type as its path is made of: `group` is '' for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export type Verb = 'get' | 'list' | 'create' | 'patch' | 'delete';

export interface RequestOptions {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  /** Milliseconds for the whole exchange, once it has a socket; above 10 s by default, for the server itself retries evictions that long. */
  readonly timeoutMs?: number;
  /** `none`: one attempt, the caller has its own retry rule (a drain). Default `safe`. */
  readonly retry?: 'none' | 'safe';
  /** Epoch ms: no further attempt begins after it, so that a function near its end is told what happened. */
  readonly retryUntil?: number;
  /** Milliseconds before the first attempt: what follows a failed request does not hit a struggling server harder. */
  readonly afterMs?: number;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Objects a page. */
  readonly limit?: number;
  /** As for a single request; of every page. */
  readonly retry?: 'none' | 'safe';
  readonly retryUntil?: number;
  readonly signal?: AbortSignal;
  /** Told before a list begins again: what has come by then comes again. */
  readonly onRestart?: () => void;
}

/** The one way to a cluster's API server. Throws KubernetesApiError and KubernetesConnectionError. */
export interface KubernetesApi {
  readonly cluster: string;
  request<T>(verb: Verb, resource: ResourceType, options?: RequestOptions): Promise<T>;
  /** Pages of a list. After 410 Gone it goes on with the server's fresh token, or begins again: an object may come twice. */
  listPages<T>(resource: ResourceType, options?: ListOptions): AsyncIterable<readonly T[]>;
}

export interface ClientOptions {
  readonly cluster: string;
  readonly endpoint: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  /** Told of every request that got no answer: perhaps the cluster is not there any more. */
  readonly onNoAnswer?: () => void;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const PAGE_SIZE = 500;
const ATTEMPTS = 4;
/**
 * API priority and fairness asks for 32 s at most (k8s.io/apiserver, dropped_requests_tracker.go). What asks for more
 * is something else in between, and is not waited for: whoever asked decides.
 */
const LONGEST_WAIT_MS = 60_000;
/** Continue tokens of one list that may expire; etcd keeps them for five minutes. */
const EXPIRIES_A_LIST = 8;
const METHODS: Readonly<Record<Verb, string>> = {
  get: 'GET',
  list: 'GET',
  create: 'POST',
  patch: 'PATCH',
  delete: 'DELETE',
};

const pathOf = (resource: ResourceType, options: RequestOptions): string => {
  const prefix =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace =
    options.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(options.namespace)}`;
  const name = options.name === undefined ? '' : `/${encodeURIComponent(options.name)}`;
  const subresource = options.subresource === undefined ? '' : `/${options.subresource}`;
  const query = new URLSearchParams(
    Object.entries(options.query ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  return `${prefix}${namespace}/${resource.plural}${name}${subresource}${query === '' ? '' : `?${query}`}`;
};

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly metadata?: { readonly continue?: string };
  readonly details?: { readonly causes?: readonly StatusCause[]; readonly retryAfterSeconds?: number };
}

/** Undefined for what is no JSON object: a proxy's page, or an answer that was cut short. */
const parseObject = (body: string): object | undefined => {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
};

const parseStatus = (body: string): StatusBody => parseObject(body) ?? { message: body.slice(0, 200) };

const toApiError = (call: string, response: RawResponse): KubernetesApiError => {
  const status = parseStatus(response.body);
  return new KubernetesApiError({
    status: response.status,
    reason: status.reason ?? 'Unknown',
    message: `${call}: ${response.status} ${status.reason ?? ''} ${status.message ?? ''}`.trim(),
    causes: status.details?.causes ?? [],
    retryAfterSeconds: response.retryAfterSeconds ?? status.details?.retryAfterSeconds,
    continueToken: status.metadata?.continue,
  });
};

/** A thin client on node:https: one keep-alive agent a cluster, its CA, bearer tokens renewed in time. */
export const createKubernetesApi = (options: ClientOptions): KubernetesApi => {
  const { cluster, clock, tokens } = options;
  const exchange = createExchange(options);

  /** One attempt; a refused token is renewed once, for it may have expired in flight. */
  const attempt = async (verb: Verb, resource: ResourceType, request: RequestOptions): Promise<unknown> => {
    const path = pathOf(resource, request);
    const call = `${METHODS[verb]} ${path.split('?')[0]} on cluster ${cluster}`;
    const token = await tokens.get(cluster);
    const asked = { timeoutMs: DEFAULT_TIMEOUT_MS, ...request, method: METHODS[verb], path };
    let response = await exchange({ ...asked, token });
    if (response.status === 401) {
      tokens.forget(cluster, token);
      response = await exchange({ ...asked, token: await tokens.get(cluster) });
    }
    if (response.status < 200 || response.status >= 300) throw toApiError(call, response);
    if (response.body === '') return {};
    const answer = parseObject(response.body);
    if (answer !== undefined) return answer;
    // Whether the API server has seen the request, nobody knows: that is what no answer is.
    throw new KubernetesConnectionError(
      `${call}: ${response.status} with something that is no object of Kubernetes; what answers at the cluster's endpoint is no API server`,
    );
  };

  /**
   * Reads are retried after a lost connection, a 5xx and a 429 of API priority and fairness; writes only
   * after the last, where the server says that it did not look at them.
   */
  const mayRetry = (verb: Verb, error: unknown): boolean => {
    if (isPressure(error)) return true;
    if (verb !== 'get' && verb !== 'list') return false;
    return (
      error instanceof KubernetesConnectionError ||
      (error instanceof KubernetesApiError && error.status >= 500)
    );
  };

  const request = async <T>(
    verb: Verb,
    resource: ResourceType,
    requestOptions: RequestOptions = {},
  ): Promise<T> => {
    const { afterMs = 0, signal } = requestOptions;
    if (afterMs > 0) await clock.sleep(afterMs, signal);
    for (let count = 1; ; count += 1) {
      try {
        return (await attempt(verb, resource, requestOptions)) as T;
      } catch (error) {
        if (requestOptions.retry === 'none' || count === ATTEMPTS || !mayRetry(verb, error)) throw error;
        const asked = error instanceof KubernetesApiError ? error.retryAfterSeconds : undefined;
        const waitMs = (asked ?? 0.1 * 2 ** count) * 1000;
        if (waitMs > LONGEST_WAIT_MS) throw error;
        if (clock.now() + waitMs > (requestOptions.retryUntil ?? Number.POSITIVE_INFINITY)) throw error;
        await clock.sleep(waitMs, signal);
      }
    }
  };

  const readPage = <T>(resource: ResourceType, list: ListOptions, continueToken: string | undefined) =>
    request<{ items?: T[]; metadata?: { continue?: string } }>('list', resource, {
      ...(list.namespace === undefined ? {} : { namespace: list.namespace }),
      ...(list.retry === undefined ? {} : { retry: list.retry }),
      ...(list.retryUntil === undefined ? {} : { retryUntil: list.retryUntil }),
      ...(list.signal === undefined ? {} : { signal: list.signal }),
      query: {
        limit: list.limit ?? PAGE_SIZE,
        ...(list.fieldSelector === undefined ? {} : { fieldSelector: list.fieldSelector }),
        ...(list.labelSelector === undefined ? {} : { labelSelector: list.labelSelector }),
        ...(continueToken === undefined ? {} : { continue: continueToken }),
      },
    });

  async function* listPages<T>(resource: ResourceType, list: ListOptions = {}): AsyncIterable<readonly T[]> {
    /** Where the list goes on; undefined at its beginning. */
    let place: string | undefined;
    for (let expiries = 0; ; ) {
      let page: Awaited<ReturnType<typeof readPage<T>>>;
      try {
        page = await readPage<T>(resource, list, place);
      } catch (error) {
        if (!isGone(error) || place === undefined || expiries === EXPIRIES_A_LIST) throw error;
        expiries += 1;
        place = (error instanceof KubernetesApiError && error.continueToken) || undefined;
        if (place === undefined) list.onRestart?.();
        continue;
      }
      yield page.items ?? [];
      place = page.metadata?.continue || undefined;
      if (place === undefined) return;
    }
  }

  return { cluster, request, listPages };
};
