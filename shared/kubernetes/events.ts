import { isoTime } from '../core/clock.ts';
import type { KubernetesApi } from './client.ts';
import { EVENTS } from './resources.ts';

export interface NodeEvent {
  readonly node: { readonly name: string; readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, as `kubectl describe node` shows it. */
  readonly reason: string;
  readonly message: string;
}

/** Who writes the events: the entry, for example `eks-caretaker-spot-drain`. */
export interface EventSource {
  readonly component: string;
  readonly now: number;
}

/**
 * Writes a Kubernetes Event on a node. Nodes have no namespace; the API server takes their events in
 * `default` alone. Needs events create.
 */
export const createNodeEvent = async (
  api: KubernetesApi,
  event: NodeEvent,
  source: EventSource,
): Promise<void> => {
  const at = isoTime(source.now);
  // As client-go names events: the object's name and the time in hexadecimal.
  const name = `${event.node.name}.${source.now.toString(16)}.${event.reason.toLowerCase()}`;
  await api.request('create', EVENTS, {
    namespace: 'default',
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: event.node.name, uid: event.node.uid },
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, 1024),
      source: { component: source.component },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    },
  });
};
