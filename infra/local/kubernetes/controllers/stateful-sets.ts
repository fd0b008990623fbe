import type { Pod, Workload } from '../objects.ts';
import { controllerOf, isFinished, isReady, isTerminating } from '../objects.ts';
import { createPod, deletePod, podCounts } from './pods.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue, keyOf, splitKey } from './queue.ts';

const ordinalOf = (pod: Pod): number => Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1);

/**
 * Pods `name-0` to `name-N`, each under its own name again and again. In order (the default) one waits until the
 * one before it is ready; a name is free only when the old pod is gone.
 */
export const createStatefulSetController = (context: ControllerContext): Controller => {
  const { store, clock } = context;

  const converge = (set: Workload): void => {
    const { namespace = 'default', name, uid } = set.metadata;
    const inOrder = set.spec.podManagementPolicy !== 'Parallel';
    const wanted = set.spec.replicas ?? 1;
    for (let ordinal = 0; ordinal < wanted; ordinal++) {
      const podName = `${name}-${ordinal}`;
      const pod = store.get('pods', namespace, podName);
      if (pod === undefined) {
        const labels = {
          'apps.kubernetes.io/pod-index': String(ordinal),
          'statefulset.kubernetes.io/pod-name': podName,
        };
        createPod(context, set, { metadata: { name: podName, labels } });
      } else if (isFinished(pod) && !isTerminating(pod)) deletePod(context, pod);
      const ready = pod !== undefined && isReady(pod) && !isTerminating(pod);
      if (inOrder && !ready) return;
    }
    const excess = store
      .ownedBy('pods', uid)
      .filter((pod) => ordinalOf(pod) >= wanted)
      .toSorted((left, right) => ordinalOf(right) - ordinalOf(left));
    for (const pod of inOrder ? excess.slice(0, 1) : excess) {
      if (!isTerminating(pod)) deletePod(context, pod);
    }
  };

  const queue = createQueue(clock, (key) => {
    const { namespace, name } = splitKey(key);
    const set = store.get('statefulsets', namespace, name);
    if (set === undefined || isTerminating(set)) return;
    converge(set);
    const pods = store.ownedBy('pods', set.metadata.uid).filter((pod) => !isFinished(pod));
    const { generation: observedGeneration } = set.metadata;
    store.update('statefulsets', {
      ...set,
      status: {
        availableReplicas: 0,
        ...podCounts(pods),
        currentReplicas: pods.length,
        updatedReplicas: pods.length,
        observedGeneration,
      },
    });
  });
  return {
    onChange: ({ resource, object }) => {
      if (resource === 'statefulsets') queue.add(keyOf(object));
      const owner = resource === 'pods' ? controllerOf(object) : undefined;
      if (owner?.kind === 'StatefulSet') queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
    },
    stop: queue.stop,
  };
};
