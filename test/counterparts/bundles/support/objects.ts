import type { ApiRequest } from '../../support/api-request.ts';

/** Kubernetes objects as they come over the wire, as far as these tests read them. */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
}

export interface WirePod {
  readonly metadata: Metadata;
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export interface WireNode {
  readonly metadata: Metadata;
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly providerID?: string;
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
  readonly status: { readonly conditions?: readonly Condition[] };
}

type Admin = { readonly request: ApiRequest };

const expectStatus = async <T>(
  { request }: Admin,
  [method, path, body]: readonly [method: string, path: string, body?: object],
  wanted: readonly number[],
): Promise<T> => {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const answer = await request(method, path, { ...(body === undefined ? {} : { body }), contentType });
  if (!wanted.includes(answer.status))
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
};

export const create = <T = unknown>(admin: Admin, path: string, body: object): Promise<T> =>
  expectStatus<T>(admin, ['POST', path, body], [201]);

/** A merge patch. */
export const patch = <T = unknown>(admin: Admin, path: string, body: object): Promise<T> =>
  expectStatus<T>(admin, ['PATCH', path, body], [200]);

export const read = <T>(admin: Admin, path: string): Promise<T> =>
  expectStatus<T>(admin, ['GET', path], [200]);

export const remove = (admin: Admin, path: string): Promise<unknown> =>
  expectStatus(admin, ['DELETE', path], [200, 202, 404]);

export const podsIn = async (admin: Admin, namespace: string): Promise<readonly WirePod[]> =>
  (await read<{ items: WirePod[] }>(admin, `/api/v1/namespaces/${namespace}/pods`)).items;

export const podsOn = async (admin: Admin, node: string): Promise<readonly WirePod[]> =>
  (await read<{ items: WirePod[] }>(admin, `/api/v1/pods?fieldSelector=spec.nodeName=${node}`)).items;

export const nodeNamed = (admin: Admin, name: string): Promise<WireNode> =>
  read<WireNode>(admin, `/api/v1/nodes/${name}`);

export const isReady = ({ status }: WirePod | WireNode): boolean =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** Runs, is Ready and nobody has asked it to go. */
export const isHealthy = (pod: WirePod): boolean =>
  isReady(pod) && pod.metadata.deletionTimestamp === undefined;
