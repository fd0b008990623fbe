import { Agent, request as httpsRequest } from 'node:https';
import type { WorldClock } from '../../../../../infra/local/clock.ts';
import { createWorldClock } from '../../../../../infra/local/clock.ts';
import type { Node, Pod, ResourceName, Workload } from '../../../../../infra/local/kubernetes/objects.ts';
import type { LocalKubernetes } from '../../../../../infra/local/kubernetes/server.ts';
import { startKubernetes } from '../../../../../infra/local/kubernetes/server.ts';

/** A cluster behind real HTTPS, its clock at a Monday evening, and a client that trusts its authority alone. */

export const startedAt = Date.parse('2026-03-02T22:00:00Z');

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body; tests know what they asked for. */
  readonly body: Body;
}

interface Body {
  readonly kind?: string;
  readonly code?: number;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly reason: string;
      readonly message: string;
      readonly field?: string;
    }[];
  };
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly continue?: string;
    readonly remainingItemCount?: number;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly items?: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
}

export interface CallOptions {
  readonly body?: object | string;
  readonly contentType?: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface TestCluster {
  readonly kubernetes: LocalKubernetes;
  readonly clock: WorldClock;
  readonly agent: Agent;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  get(path: string): Promise<Answer>;
  patch(path: string, body: object): Promise<Answer>;
  evict(name: string, deleteOptions?: object, query?: string): Promise<Answer>;
  /** Lets so much time pass at once. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export const pods = '/api/v1/namespaces/default/pods';

export const startCluster = async (
  imageIdOf?: (image: string) => string | undefined,
): Promise<TestCluster> => {
  const clock = createWorldClock(startedAt);
  const kubernetes = await startKubernetes({
    clusterName: 'staging',
    clock,
    version: '1.34',
    ...(imageIdOf === undefined ? {} : { imageIdOf }),
    authenticate: (token) => {
      if (token === 'admin') return { user: 'admin', groups: ['system:masters'] };
      const [kind, user, ...groups] = token.split('/');
      return kind === 'user' && user !== undefined ? { user, groups } : { error: 'unknown token' };
    },
  });
  const agent = new Agent({
    ca: Buffer.from(kubernetes.certificateAuthority, 'base64').toString(),
    keepAlive: true,
  });

  const call: TestCluster['call'] = (method, path, { body, contentType, token = 'admin', headers } = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
      const request = httpsRequest(`${kubernetes.endpoint}${path}`, {
        method,
        agent,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined
            ? {}
            : {
                'content-type': contentType ?? 'application/json',
                'content-length': Buffer.byteLength(text),
              }),
          ...headers,
        },
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          const json = response.headers['content-type']?.includes('json') ?? false;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: answer,
            body: json ? JSON.parse(answer) : {},
          });
        });
      });
      request.on('error', reject);
      request.end(text);
    });

  return {
    kubernetes,
    clock,
    agent,
    call,
    get: (path) => call('GET', path),
    patch: (path, body) => call('PATCH', path, { body, contentType: 'application/merge-patch+json' }),
    evict: (name, deleteOptions, query = '') =>
      call('POST', `${pods}/${name}/eviction${query}`, {
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace: 'default' },
          ...(deleteOptions === undefined ? {} : { deleteOptions }),
        },
      }),
    advance: (ms) => clock.jumpTo(clock.now() + ms),
    close: async () => {
      agent.destroy();
      await kubernetes.close();
      clock.stop();
    },
  };
};

const ready = { type: 'Ready', status: 'True' } as const;

export const addNode = (
  { kubernetes }: TestCluster,
  name: string,
  node: { labels?: Record<string, string>; spec?: Node['spec']; podLimit?: number; ready?: boolean } = {},
): Node =>
  kubernetes.objects.create('nodes', {
    metadata: { name, ...(node.labels === undefined ? {} : { labels: node.labels }) },
    spec: node.spec ?? {},
    status: {
      conditions: [node.ready === false ? { type: 'Ready', status: 'False' } : ready],
      allocatable: { pods: String(node.podLimit ?? 110) },
    },
  });

/** A pod that runs already, on a node of that name (which need not exist: then nothing stops it either). */
export const addPod = (
  { kubernetes }: TestCluster,
  name: string,
  pod: {
    labels?: Record<string, string>;
    node?: string;
    phase?: Pod['status']['phase'];
    ready?: boolean;
    namespace?: string;
  } = {},
): Pod =>
  kubernetes.objects.create('pods', {
    metadata: { name, namespace: pod.namespace ?? 'default', labels: pod.labels ?? { app: 'web' } },
    spec: { nodeName: pod.node ?? 'elsewhere', containers: [{ name: 'main', image: 'web:1' }] },
    status: {
      phase: pod.phase ?? 'Running',
      conditions: [{ type: 'Ready', status: pod.ready === false ? 'False' : 'True' }],
    },
  });

export const workload = (
  name: string,
  replicas: number,
): { metadata: { name: string; namespace: string }; spec: Workload['spec'] } => ({
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: `${name}:1` }] },
    },
  },
});

export const namesOf = ({ kubernetes }: TestCluster, resource: ResourceName): string[] =>
  kubernetes.objects.list(resource, {}).map(({ metadata }) => metadata.name);
