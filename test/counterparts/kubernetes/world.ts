import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Ask, Metadata, Side, User } from './port.ts';

/** One namespace of one side for one case, with what its requests mostly need. All of it goes over the wire. */
export interface World {
  readonly side: Side;
  readonly namespace: string;
  /** Path of the namespace's pods. */
  readonly pods: string;
  /** Path of a resource in the namespace: `in('deployments')`, `in('events')`. */
  in(plural: string): string;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  get(path: string, ask?: Ask): Promise<Answer>;
  /** Like `ask`, for what a case only prepares: throws where it is refused. */
  do(method: string, path: string, ask?: Ask): Promise<Metadata>;
  patch(path: string, body: object, kind?: PatchKind): Promise<Answer>;
  /** Bound to a node that does not exist, so that nobody runs or stops it but the case. */
  pod(name: string, pod?: PodOptions): Promise<Metadata>;
  /** A budget over `app: web`, when the disruption controller has counted so many healthy pods. */
  budget(name: string, spec: object, healthy: number): Promise<Metadata>;
  evict(name: string, options?: object, query?: string): Promise<Answer>;
  /** A Ready node that nobody has a reason to change. */
  node(name: string, node?: { readonly labels?: object; readonly spec?: object }): Promise<Metadata>;
  /** Asks again until the probe has something to say; throws after so many seconds (30). */
  until<T>(what: string, probe: () => Promise<T | undefined>, withinSeconds?: number): Promise<T>;
}

export type PatchKind = 'merge-patch' | 'strategic-merge-patch' | 'json-patch';

export interface PodOptions {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly ready?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** null: bound to none, and no scheduler looks after it. */
  readonly node?: string | null;
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

const POLL_MS = 20;
const LIMIT_SECONDS = 30;

const policyGroup = '/apis/policy/v1';
const groupPaths: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  poddisruptionbudgets: policyGroup,
};

export const container = { name: 'main', image: 'registry.example/web:1' };

export const podBody = (name: string, pod: PodOptions = {}, node = 'nowhere'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: pod.labels ?? { app: 'web' }, ...pod.metadata },
  spec: {
    ...(pod.node === null ? { schedulerName: 'nobody' } : { nodeName: pod.node ?? node }),
    containers: [container],
    ...pod.spec,
  },
});

export const budgetBody = (name: string, spec: object): object => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
});

/** An event as our client writes it, unless `change` says otherwise. */
export const as = (user: string, ...groups: readonly string[]): { readonly as: User } => ({
  as: { user, groups },
});

const describe = (answer: Answer): string => `${answer.status} ${JSON.stringify(answer.body)}`;

export const metadataOf = (answer: Answer): Metadata => {
  const { metadata } = answer.body;
  if (answer.status >= 300 || metadata?.name === undefined)
    throw new Error(`an object was expected, and came: ${describe(answer)}`);
  return { uid: '', resourceVersion: '', ...metadata, name: metadata.name };
};

/** Opens a world on one side; `namespace` is the same on the other. */
export const openWorld = async (side: Side, namespace: string): Promise<World> => {
  const path = (plural: string) => `${groupPaths[plural] ?? '/api/v1'}/namespaces/${namespace}/${plural}`;
  const pods = path('pods');
  const { ask } = side;
  const run: World['do'] = async (method, where, how) => {
    const answer = await ask(method, where, how);
    if (answer.status >= 300) throw new Error(`${side.name}: ${method} ${where}: ${describe(answer)}`);
    const { metadata } = answer.body;
    return { name: '', uid: '', resourceVersion: '', ...metadata };
  };
  const patch: World['patch'] = (where, body, kind = 'merge-patch') =>
    ask('PATCH', where, { body, contentType: `application/${kind}+json` });
  const until: World['until'] = async (what, probe, withinSeconds = LIMIT_SECONDS) => {
    const deadline = Date.now() + withinSeconds * 1000;
    for (;;) {
      const found = await probe();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`${side.name}: ${what}: not within ${withinSeconds} s`);
      await sleep(POLL_MS);
    }
  };
  const phase = ({ phase = 'Running', ready = phase === 'Running', status }: PodOptions) => ({
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }], ...status },
  });

  await run('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  });
  return {
    side,
    namespace,
    pods,
    in: path,
    ask,
    get: (where, how) => ask('GET', where, how),
    do: run,
    patch,
    pod: async (name, pod = {}) => {
      await run('POST', pods, { body: podBody(name, pod, `node-of-${namespace}`) });
      return metadataOf(await patch(`${pods}/${name}/status`, phase(pod)));
    },
    budget: async (name, spec, healthy) => {
      await run('POST', path('poddisruptionbudgets'), { body: budgetBody(name, spec) });
      return until(`the budget ${name} counts ${healthy} healthy pods`, async () => {
        const answer = await ask('GET', `${path('poddisruptionbudgets')}/${name}`);
        const status = answer.body.status as { observedGeneration?: number; currentHealthy?: number };
        const counted = status.observedGeneration === 1 && status.currentHealthy === healthy;
        return counted ? metadataOf(answer) : undefined;
      });
    },
    evict: (name, options, query = '') =>
      ask('POST', `${pods}/${name}/eviction${query}`, {
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace },
          ...(options === undefined ? {} : { deleteOptions: options }),
        },
      }),
    node: async (name, { labels, spec } = {}) => {
      const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec };
      await run('POST', '/api/v1/nodes', { body });
      if (!side.makesNodesReady) {
        const status = { conditions: [{ type: 'Ready', status: 'True' }] };
        await run('PATCH', `/api/v1/nodes/${name}/status`, {
          body: { status },
          contentType: 'application/merge-patch+json',
        });
      }
      return until(`the node ${name} is left alone`, async () => {
        const answer = await ask('GET', `/api/v1/nodes/${name}`);
        const taints = (answer.body.spec?.taints ?? []) as readonly { key: string }[];
        return side.isSettled(answer.body) && !taints.some(({ key }) => key.includes('not-ready'))
          ? metadataOf(answer)
          : undefined;
      });
    },
    until,
  };
};
