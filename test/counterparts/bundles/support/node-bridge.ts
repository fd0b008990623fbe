import type { Node } from '../../../../infra/local/kubernetes/objects.ts';
import type { ObjectStore } from '../../../../infra/local/kubernetes/store.ts';
import type { ApiRequest } from '../../support/api-request.ts';
import type { WireNode } from './objects.ts';
import { isReady } from './objects.ts';

/** What registers the world's instances as nodes of the real cluster, as their kubelets would. */
export interface NodeBridge {
  /** Resolves when every change so far has reached the real cluster. Rejects with what went wrong. */
  settled(): Promise<void>;
  stop(): void;
}

/** Of the embedded node: everything that a kubelet registers with. What a cluster's own controllers add is left to them. */
const registration = ({ metadata, spec, status }: Node): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: metadata.name,
    labels: metadata.labels,
    annotations: { ...metadata.annotations, 'kwok.x-k8s.io/node': 'fake' },
  },
  spec: {
    providerID: spec.providerID,
    taints: (spec.taints ?? []).filter(({ key }) => !key.startsWith('node.kubernetes.io/')),
  },
  status: {
    addresses: status.addresses,
    capacity: status.capacity,
    allocatable: status.allocatable,
    nodeInfo: status.nodeInfo,
  },
});

const NOT_READY = 'node.kubernetes.io/not-ready';
const REPORT_MS = 5_000;

/** Not Ready yet, or Ready and still with the taint of before. */
const isStarting = (node: WireNode): boolean =>
  !isReady(node) || node.spec.taints?.some(({ key }) => key === NOT_READY) === true;

/**
 * Mirrors the nodes of an embedded cluster to a real one: kwok makes them Ready and runs their pods there. A node
 * goes when the embedded world removes it, so after its instance has terminated. Later changes (labels, cordons)
 * are not carried over: on the real cluster they are made there.
 *
 * A node that is starting reports again every few seconds, as a kubelet does (kwok: after ten minutes): where the
 * controller cannot take the taint away, it tries again at the node's next change and not before
 * (node_lifecycle_controller.go, doNodeProcessingPassWorker).
 */
export const bridgeNodes = (
  embedded: ObjectStore,
  request: ApiRequest,
  { reportMs = REPORT_MS }: { reportMs?: number } = {},
): NodeBridge => {
  let work: Promise<void> = Promise.resolve();
  let failure: unknown;

  const expect = async (wanted: number, method: string, path: string, body?: object): Promise<void> => {
    const answer = await request(method, path, body === undefined ? {} : { body });
    if (answer.status !== wanted)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const next = (step: () => Promise<void>) => {
    work = work.then(step).catch((error: unknown) => {
      failure ??= error;
    });
  };
  const add = (node: Node) => next(() => expect(201, 'POST', '/api/v1/nodes', registration(node)));
  const remove = (name: string) => next(() => expect(200, 'DELETE', `/api/v1/nodes/${name}`));

  const report = async (): Promise<void> => {
    const { items } = (await request('GET', '/api/v1/nodes')).body as { items: readonly WireNode[] };
    for (const { metadata } of items.filter(isStarting)) {
      const body = { metadata: { annotations: { 'caretaker-test/reported-at': new Date().toISOString() } } };
      const contentType = 'application/merge-patch+json';
      await request('PATCH', `/api/v1/nodes/${metadata.name}`, { body, contentType });
    }
  };

  for (const node of embedded.list('nodes')) add(node);
  // One that fails is followed by another.
  const timer = setInterval(() => next(() => report().catch(() => undefined)), reportMs);
  timer.unref();
  const stop = embedded.watch(({ type, resource, object }) => {
    if (resource !== 'nodes') return;
    if (type === 'ADDED') add(object as Node);
    if (type === 'DELETED') remove(object.metadata.name);
  });
  return {
    settled: async () => {
      await work;
      if (failure !== undefined) throw failure;
    },
    stop: () => {
      clearInterval(timer);
      stop();
    },
  };
};
