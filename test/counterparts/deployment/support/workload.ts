import type { ApiRequest } from '../../support/api-request.ts';

export const NAMESPACE = 'shop';
/** Looks again and again until there is something, in the time of one side or the other. */
export type Until = <T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinSeconds?: number,
) => Promise<T>;

const APP = { app: 'cart' };
const HOUR_MS = 3_600_000;

const create = async (request: ApiRequest, path: string, body: object): Promise<void> => {
  const answer = await request('POST', path, { body });
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
};

/** A deployment of four pods for the spot nodes, of which one may be missing; they run. */
export const createWorkload = async (request: ApiRequest, until: Until): Promise<void> => {
  await create(request, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  await create(request, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart', namespace: NAMESPACE, labels: APP },
    spec: {
      replicas: 4,
      selector: { matchLabels: APP },
      template: {
        metadata: { labels: APP },
        spec: {
          nodeSelector: { role: 'spot' },
          terminationGracePeriodSeconds: 5,
          containers: [{ name: 'cart', image: 'shop/cart:1.0' }],
        },
      },
    },
  });
  await create(request, `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'cart', namespace: NAMESPACE },
    spec: { maxUnavailable: 1, selector: { matchLabels: APP } },
  });
  await until('four pods run', async () => {
    const pods = [...(await runningByNode(request)).values()].flat();
    return pods.length === 4 ? true : undefined;
  });
};

export const LEFT_BEHIND = 'left-behind';

/** What a node shutdown leaves behind: a pod in phase Failed that nothing else deletes. */
export const createLeftBehind = async (
  request: ApiRequest,
  at: { nodeName: string; now: number },
  until: Until,
): Promise<void> => {
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  await create(request, pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: LEFT_BEHIND, namespace: NAMESPACE },
    spec: { nodeName: at.nodeName, containers: [{ name: 'main', image: 'shop/report:1.0' }] },
  });
  const path = `${pods}/${LEFT_BEHIND}`;
  // Before that its kubelet would still write that it runs.
  await until('the pod runs', async () => {
    const { status } = (await request('GET', path)).body as Pod;
    return status.phase === 'Running' ? true : undefined;
  });
  const failedAt = new Date(at.now - HOUR_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const { status, body } = await request('PATCH', `${path}/status`, {
    contentType: 'application/merge-patch+json',
    body: {
      status: {
        phase: 'Failed',
        reason: 'Terminated',
        message: 'Pod was terminated in response to imminent node shutdown.',
        conditions: [
          {
            type: 'DisruptionTarget',
            status: 'True',
            reason: 'TerminationByKubelet',
            message: 'Pod was terminated in response to imminent node shutdown.',
            lastTransitionTime: failedAt,
          },
        ],
      },
    },
  });
  if (status !== 200) throw new Error(`the pod cannot be made to fail: ${status} ${JSON.stringify(body)}`);
};

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase?: string };
}

/** Pods of the deployment by node, in phase Running and not on their way out. */
export const runningByNode = async (request: ApiRequest): Promise<ReadonlyMap<string, readonly string[]>> => {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=app%3Dcart`;
  const { items } = (await request('GET', path)).body as { items: readonly Pod[] };
  const running = items.filter(
    ({ metadata, status }) => status.phase === 'Running' && metadata.deletionTimestamp === undefined,
  );
  const byNode = Map.groupBy(running, ({ spec }) => spec.nodeName ?? '');
  return new Map([...byNode].map(([node, pods]) => [node, pods.map(({ metadata }) => metadata.name)]));
};

export const podExists = async (request: ApiRequest, name: string): Promise<boolean> =>
  (await request('GET', `/api/v1/namespaces/${NAMESPACE}/pods/${name}`)).status === 200;
