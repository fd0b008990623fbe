import type { Condition, Node, Pod } from '../objects.ts';
import { isFinished, isTerminating, timestamp, withCondition } from '../objects.ts';
import { misfit, reluctance } from './fit.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue, keyOf, splitKey } from './queue.ts';

/** The kubelet's default where a node does not say. */
const defaultPodLimit = 110;

const limitOf = (node: Node): number => Number(node.status.allocatable?.pods ?? defaultPodLimit);

const isWaiting = (pod: Pod): boolean =>
  (pod.spec.nodeName ?? '') === '' &&
  !isFinished(pod) &&
  !isTerminating(pod) &&
  (pod.spec.schedulerName ?? 'default-scheduler') === 'default-scheduler';

const explain = (reasons: ReadonlyMap<string, number>, nodes: number): string => {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const listed = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${listed.join(', ')}.`;
};

/**
 * Binds waiting pods to the emptiest node that fits, the first created first. Whoever fits nowhere stays Pending with
 * the condition PodScheduled False and is looked at again when a node or a pod changes.
 */
export const createScheduler = ({ store, clock }: ControllerContext): Controller => {
  const waiting = new Set<string>();

  const used = (node: Node): number =>
    store.podsOn(node.metadata.name).filter((pod) => !isFinished(pod)).length;

  const withScheduled = (pod: Pod, condition: Pick<Condition, 'status' | 'reason' | 'message'>): Pod => ({
    ...pod,
    status: {
      ...pod.status,
      conditions: withCondition(pod.status.conditions, {
        type: 'PodScheduled',
        lastProbeTime: null,
        lastTransitionTime: timestamp(clock.now()),
        ...condition,
      }),
    },
  });

  const place = (pod: Pod, room: Map<Node, number>): void => {
    const reasons = new Map<string, number>();
    let best: { node: Node; cost: number } | undefined;
    for (const [node, count] of room) {
      const limit = limitOf(node);
      const reason = misfit(node, pod.spec) ?? (count >= limit ? 'Too many pods' : undefined);
      if (reason !== undefined) {
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        continue;
      }
      const cost = reluctance(node, pod.spec) + count / limit;
      if (best === undefined || cost < best.cost) best = { node, cost };
    }
    if (best === undefined) {
      const message = explain(reasons, room.size);
      store.update('pods', withScheduled(pod, { status: 'False', reason: 'Unschedulable', message }));
      return;
    }
    waiting.delete(keyOf(pod));
    room.set(best.node, (room.get(best.node) ?? 0) + 1);
    const { name: nodeName } = best.node.metadata;
    store.update('pods', withScheduled({ ...pod, spec: { ...pod.spec, nodeName } }, { status: 'True' }));
  };

  const queue = createQueue(clock, () => {
    if (waiting.size === 0) return;
    const room = new Map(store.list('nodes').map((node) => [node, used(node)]));
    for (const key of [...waiting]) {
      const { namespace, name } = splitKey(key);
      const pod = store.get('pods', namespace, name);
      if (pod !== undefined && isWaiting(pod)) place(pod, room);
      else waiting.delete(key);
    }
  });
  const look = () => {
    if (waiting.size > 0) queue.add('waiting pods');
  };

  return {
    onChange: ({ resource, type, object, old }) => {
      if (resource === 'nodes') look();
      if (resource !== 'pods') return;
      const pod = object as Pod;
      if (type !== 'DELETED' && isWaiting(pod)) {
        // A mere note on a waiting pod (that it fits nowhere) is no reason to try again.
        if (old !== undefined && isWaiting(old as Pod)) return;
        waiting.add(keyOf(pod));
        look();
      } else if (type === 'DELETED' || isFinished(pod)) look();
    },
    stop: queue.stop,
  };
};
