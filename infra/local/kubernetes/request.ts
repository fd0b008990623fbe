import type { IncomingMessage } from 'node:http';
import type { ResourceDefinition } from './resources.ts';
import { findDefinition } from './resources.ts';
import { invalid, StatusError } from './status.ts';

/** A request as RBAC sees it; apiserver's `RequestInfo`. */
export interface RequestInfo {
  /** get, list, watch, create, update, patch, delete, deletecollection; off the resources the method in lower case. */
  readonly verb: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Absent for /version, /healthz, discovery and what does not exist. */
  readonly target?: Target;
}

export interface Target {
  readonly group: string;
  readonly version: string;
  /** As the path says it, also when no such resource exists. */
  readonly plural: string;
  readonly subresource: string;
  /** Empty where the path or the resource has none. */
  readonly namespace: string;
  readonly name: string;
  readonly definition: ResourceDefinition | undefined;
}

const parseTarget = (path: string): Target | undefined => {
  const parts = path.split('/').filter((part) => part !== '');
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group = '', version = ''] = core ? ['', parts[1]] : [parts[1], parts[2]];
  let rest = parts.slice(core ? 2 : 3).map(decodeURIComponent);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest[1] !== undefined) {
    namespace = rest[1];
    // /namespaces/x and /namespaces/x/status are about the namespace itself.
    if (rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') rest = rest.slice(2);
  }
  const [plural, name = '', subresource = '', beyond] = rest;
  if (plural === undefined || beyond !== undefined) return undefined;
  const definition = findDefinition(group, version, plural);
  return { group, version, plural, subresource, namespace, name, definition };
};

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

const isTrue = (value: string | null): boolean => value !== null && value !== '0' && value !== 'false';

/** Throws nothing: what makes no sense has no target. */
export const parseRequest = (method: string, url: string): RequestInfo => {
  const { pathname: path, searchParams: query } = new URL(url, 'https://127.0.0.1');
  const target = parseTarget(path);
  if (target === undefined) return { verb: method.toLowerCase(), path, query };
  const collection = target.name === '';
  const read = collection ? (isTrue(query.get('watch')) ? 'watch' : 'list') : 'get';
  const remove = collection ? 'deletecollection' : 'delete';
  const verb = verbs[method] ?? (method === 'DELETE' ? remove : read);
  return { verb, path, query, target };
};

const maxBodyBytes = 3 * 1024 * 1024;

/** The whole body; 413 above 3 MB, as etcd's request limit has it. */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    // Read to the end all the same: the client listens for an answer only then.
    if (length <= maxBodyBytes) chunks.push(chunk);
  }
  if (length > maxBodyBytes) {
    throw new StatusError(413, {
      message: `Request entity too large: limit is ${maxBodyBytes}`,
      reason: 'RequestEntityTooLarge',
    });
  }
  return Buffer.concat(chunks);
};

/** `dryRun=All`, in the query or an options object; anything else is refused. */
export const isDryRun = (options: string, ...given: readonly (readonly unknown[])[]): boolean => {
  const values = given.flat();
  if (values.some((value) => value !== 'All')) {
    const shown = JSON.stringify(values);
    throw invalid({ group: 'meta.k8s.io', kind: options }, '', [
      {
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${shown}: supported values: "All"`,
        field: 'dryRun',
      },
    ]);
  }
  return values.length > 0;
};

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz']);
export const isHealthPath = (path: string): boolean => healthPaths.has(path);
