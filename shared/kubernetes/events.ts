import { isoTime } from '../core/clock.ts';
import type { KubernetesApi } from './client.ts';
import { EVENTS } from './resources.ts';

interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, as `kubectl describe` shows it. */
  readonly reason: string;
  readonly message: string;
}

export interface NodeEvent extends EventText {
  readonly node: { readonly name: string; readonly uid: string };
}

export interface PodEvent extends EventText {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
}

/** Who writes the events: the entry, for example `eks-caretaker-spot-drain`. */
export interface EventSource {
  readonly component: string;
  readonly now: number;
}

interface Involved {
  readonly kind: 'Node' | 'Pod';
  readonly name: string;
  readonly uid: string;
  readonly namespace?: string;
}

/** A Kubernetes name has 253 characters at the most. */
const NAME_LENGTH = 253;

const createEvent = async (
  api: KubernetesApi,
  { involved, ...text }: EventText & { readonly involved: Involved },
  source: EventSource,
): Promise<void> => {
  const at = isoTime(source.now);
  // Nodes have no namespace; the API server takes their events in `default` alone.
  const namespace = involved.namespace ?? 'default';
  // As client-go names events: the object's name and the time in hexadecimal.
  const suffix = `.${source.now.toString(16)}.${text.reason.toLowerCase()}`;
  const name = `${involved.name.slice(0, NAME_LENGTH - suffix.length)}${suffix}`;
  await api.request('create', EVENTS, {
    namespace,
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: { apiVersion: 'v1', ...involved },
      type: text.type,
      reason: text.reason,
      message: text.message.slice(0, 1024),
      source: { component: source.component },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    },
  });
};

/** Writes a Kubernetes Event on a node. Needs events create. */
export const createNodeEvent = (
  api: KubernetesApi,
  { node, type, reason, message }: NodeEvent,
  source: EventSource,
): Promise<void> =>
  createEvent(
    api,
    { involved: { kind: 'Node', name: node.name, uid: node.uid }, type, reason, message },
    source,
  );

/** The same on a pod, in its namespace; the pod may be gone already. */
export const createPodEvent = (
  api: KubernetesApi,
  { pod, type, reason, message }: PodEvent,
  source: EventSource,
): Promise<void> => {
  const { namespace, name, uid } = pod;
  return createEvent(api, { involved: { kind: 'Pod', namespace, name, uid }, type, reason, message }, source);
};
