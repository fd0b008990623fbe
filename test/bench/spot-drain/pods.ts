import { request as httpsRequest } from 'node:https';
import type { ControlPlane } from '../../counterparts/support/control-plane.ts';
import { until } from './until.ts';

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Budget {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number };
}

interface PodList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Pod[];
}

const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false);

export const listPods = async ({ request }: ControlPlane, node?: string): Promise<PodList> => {
  const selector = node === undefined ? '' : `?fieldSelector=spec.nodeName%3D${node}`;
  return (await request('GET', `/api/v1/pods${selector}`)).body as PodList;
};

const expectSuccess = async (answer: ReturnType<ControlPlane['request']>): Promise<void> => {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`the API server answered ${status}: ${JSON.stringify(body)}`);
};

export const MERGE = 'application/merge-patch+json';

/** Closes nodes to new pods, or opens them, whatever a drain has left on them. */
export const setOpen = async (
  { request }: ControlPlane,
  nodes: readonly string[],
  isOpen: boolean,
): Promise<void> => {
  const spec = isOpen ? { unschedulable: null, taints: null } : { unschedulable: true };
  await Promise.all(
    nodes.map((node) =>
      expectSuccess(request('PATCH', `/api/v1/nodes/${node}`, { body: { spec }, contentType: MERGE })),
    ),
  );
};

const NAMESPACE = 'default';

/** A Deployment without pods, and its budget. */
export const createApp = async (
  { request }: ControlPlane,
  name: string,
  maxUnavailable: number | string,
): Promise<void> => {
  const selector = { matchLabels: { app: name } };
  const pod = {
    metadata: { labels: { app: name } },
    spec: {
      containers: [{ name: 'main', image: 'registry.example.com/main:1' }],
      terminationGracePeriodSeconds: 30,
    },
  };
  await expectSuccess(
    request('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
      body: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name },
        spec: { replicas: 0, selector, template: pod },
      },
    }),
  );
  await expectSuccess(
    request('POST', `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`, {
      body: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name },
        spec: { maxUnavailable, selector },
      },
    }),
  );
};

/** How many pods of the app may be away from now on, once the disruption controller knows it. */
export const setBudget = async (
  { request }: ControlPlane,
  name: string,
  maxUnavailable: number | string,
): Promise<void> => {
  const path = `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets/${name}`;
  await expectSuccess(request('PATCH', path, { body: { spec: { maxUnavailable } }, contentType: MERGE }));
  await until(`the budget ${name} is ${maxUnavailable}`, async () => {
    const { metadata, status } = (await request('GET', path)).body as Budget;
    return status?.observedGeneration === metadata.generation;
  });
};

/**
 * Asks for the eviction of every pod of some nodes, so many at once, and resolves when each was answered. Node by node,
 * as a drain does: pods in the order of their names would be those of one budget after the other.
 */
export const evictAll = async (
  controlPlane: ControlPlane,
  nodes: readonly string[],
  atOnce: number,
): Promise<void> => {
  const from = new Set(nodes);
  const waiting = (await listPods(controlPlane)).items
    .filter(({ spec }) => from.has(spec.nodeName ?? ''))
    .sort((a, b) => nodes.indexOf(a.spec.nodeName ?? '') - nodes.indexOf(b.spec.nodeName ?? ''));
  const ask = async () => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) {
      const { name } = pod.metadata;
      await expectSuccess(
        controlPlane.request('POST', `/api/v1/namespaces/${NAMESPACE}/pods/${name}/eviction`, {
          body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NAMESPACE } },
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
};

export const scale = ({ request }: ControlPlane, name: string, replicas: number): Promise<void> =>
  expectSuccess(
    request('PATCH', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`, {
      body: { spec: { replicas } },
      contentType: MERGE,
    }),
  );

/** So many pods there are, and all of them are Ready. */
export const untilReady = (controlPlane: ControlPlane, count: number, withinSeconds = 120): Promise<void> =>
  until(
    `${count} pods are Ready and no others are there`,
    async () => {
      const { items } = await listPods(controlPlane);
      return items.length === count && items.every(isReady);
    },
    withinSeconds,
  );

export interface Leaving {
  /** Milliseconds (performance.now) at which the last of the pods was gone. */
  readonly allGone: Promise<number>;
  readonly left: () => number;
  stop(): void;
}

/** Watches the pods of some nodes until none of those that are there now is left. Names and UIDs alone are sent. */
export const watchLeaving = async (
  controlPlane: ControlPlane,
  nodes: readonly string[],
): Promise<Leaving> => {
  const from = new Set(nodes);
  const { items, metadata } = await listPods(controlPlane);
  const left = new Set(
    items.filter(({ spec }) => from.has(spec.nodeName ?? '')).map((pod) => pod.metadata.uid),
  );
  if (left.size === 0) throw new Error('there are no pods to wait for');
  const gone = Promise.withResolvers<number>();
  const url = new URL(
    `/api/v1/pods?watch=1&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=600`,
    controlPlane.url,
  );
  const sent = httpsRequest(url, {
    ca: controlPlane.caPem,
    headers: {
      authorization: `Bearer ${controlPlane.adminToken}`,
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    },
  });
  let isOver = false;
  const fail = (error: unknown) => {
    if (!isOver) gone.reject(error);
  };
  sent.once('error', fail);
  sent.once('response', (response) => {
    response.once('error', fail);
    response.once('end', () => fail(new Error('the watch of the pods ended')));
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: Pod };
        if (type === 'DELETED' && left.delete(object.metadata.uid) && left.size === 0) {
          gone.resolve(performance.now());
        }
      }
    });
  });
  sent.end();
  return {
    allGone: gone.promise,
    left: () => left.size,
    stop: () => {
      isOver = true;
      sent.destroy();
    },
  };
};
