import { Agent, request as httpsRequest } from 'node:https';
import type { Clock } from '../core/clock.ts';
import type { StatusCause } from './errors.ts';
import { isGone, isPressure, KubernetesApiError, KubernetesConnectionError } from './errors.ts';
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
  /** Sockets kept to this cluster; evictions of a full node (110 pods) run at once. */
  readonly maxSockets?: number;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const PAGE_SIZE = 500;
const ATTEMPTS = 4;
const METHODS: Readonly<Record<Verb, string>> = {
  get: 'GET',
  list: 'GET',
  create: 'POST',
  patch: 'PATCH',
  delete: 'DELETE',
};

interface RawResponse {
  readonly status: number;
  readonly body: string;
  readonly retryAfterSeconds: number | undefined;
}

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

const parseStatus = (body: string): StatusBody => {
  try {
    return JSON.parse(body) as StatusBody;
  } catch {
    return { message: body.slice(0, 200) }; // a proxy's page, not the API server's Status
  }
};

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
  const agent = new Agent({
    keepAlive: true,
    maxSockets: options.maxSockets ?? 64,
    ca: options.certificateAuthority,
    scheduling: 'lifo',
  });
  const base = new URL(options.endpoint);

  const exchange = (method: string, path: string, request: RequestOptions & { token: string }) =>
    new Promise<RawResponse>((resolve, reject) => {
      const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
      const failed = (cause: unknown) =>
        reject(
          new KubernetesConnectionError(`${method} ${path} on cluster ${cluster} got no answer`, { cause }),
        );
      const outgoing = httpsRequest(
        {
          agent,
          method,
          path,
          host: base.hostname,
          port: base.port === '' ? 443 : Number(base.port),
          ...(request.signal === undefined ? {} : { signal: request.signal }),
          headers: {
            authorization: `Bearer ${request.token}`,
            accept: 'application/json',
            'user-agent': 'eks-caretaker',
            ...(body === undefined
              ? {}
              : {
                  'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
                  'content-length': body.length,
                }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', failed);
          incoming.on('end', () => {
            const retryAfter = Number(incoming.headers['retry-after']);
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(chunks).toString('utf8'),
              retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
            });
          });
        },
      );
      // Not the socket's own time-out, which begins again with every byte: a server that drips is no answer.
      outgoing.once('socket', () => {
        const over = AbortSignal.timeout(timeoutMs);
        const giveUp = () => {
          failed(new Error(`no answer within ${timeoutMs} ms`));
          outgoing.destroy();
        };
        over.addEventListener('abort', giveUp);
        outgoing.once('close', () => over.removeEventListener('abort', giveUp));
      });
      outgoing.on('error', failed);
      outgoing.end(body);
    });

  /** One attempt; a refused token is renewed once, for it may have expired in flight. */
  const attempt = async (verb: Verb, resource: ResourceType, request: RequestOptions): Promise<unknown> => {
    const path = pathOf(resource, request);
    const call = `${METHODS[verb]} ${path.split('?')[0]} on cluster ${cluster}`;
    const token = await tokens.get(cluster);
    let response = await exchange(METHODS[verb], path, { ...request, token });
    if (response.status === 401) {
      tokens.forget(cluster, token);
      response = await exchange(METHODS[verb], path, { ...request, token: await tokens.get(cluster) });
    }
    if (response.status >= 400) throw toApiError(call, response);
    return response.body === '' ? {} : JSON.parse(response.body);
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
    for (let count = 1; ; count += 1) {
      try {
        return (await attempt(verb, resource, requestOptions)) as T;
      } catch (error) {
        if (requestOptions.retry === 'none' || count === ATTEMPTS || !mayRetry(verb, error)) throw error;
        const asked = error instanceof KubernetesApiError ? error.retryAfterSeconds : undefined;
        const waitMs = (asked ?? 0.1 * 2 ** count) * 1000;
        if (clock.now() + waitMs > (requestOptions.retryUntil ?? Number.POSITIVE_INFINITY)) throw error;
        await clock.sleep(waitMs, requestOptions.signal);
      }
    }
  };

  async function* listPages<T>(resource: ResourceType, list: ListOptions = {}): AsyncIterable<readonly T[]> {
    let continueToken: string | undefined;
    do {
      const query = {
        limit: list.limit ?? PAGE_SIZE,
        ...(list.fieldSelector === undefined ? {} : { fieldSelector: list.fieldSelector }),
        ...(list.labelSelector === undefined ? {} : { labelSelector: list.labelSelector }),
        ...(continueToken === undefined ? {} : { continue: continueToken }),
      };
      try {
        const page = await request<{ items?: T[]; metadata?: { continue?: string } }>('list', resource, {
          ...(list.namespace === undefined ? {} : { namespace: list.namespace }),
          ...(list.retry === undefined ? {} : { retry: list.retry }),
          ...(list.retryUntil === undefined ? {} : { retryUntil: list.retryUntil }),
          ...(list.signal === undefined ? {} : { signal: list.signal }),
          query,
        });
        yield page.items ?? [];
        continueToken = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
      } catch (error) {
        if (!isGone(error) || continueToken === undefined) throw error;
        const fresh = error instanceof KubernetesApiError ? error.continueToken : undefined;
        if (fresh === undefined || fresh === '') {
          continueToken = undefined;
          yield* listPages<T>(resource, list);
          return;
        }
        continueToken = fresh;
      }
    } while (continueToken !== undefined);
  }

  return { cluster, request, listPages };
};
