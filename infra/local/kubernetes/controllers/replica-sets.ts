import { controllerOf, isTerminating } from '../objects.ts';
import { byExpendability, createPod, deletePod, isActive, podCounts } from './pods.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue, keyOf, splitKey } from './queue.ts';

/** Keeps as many active pods as a ReplicaSet asks for; finished and terminating ones do not count. */
export const createReplicaSetController = (context: ControllerContext): Controller => {
  const { store, clock } = context;
  const queue = createQueue(clock, (key) => {
    const { namespace, name } = splitKey(key);
    const set = store.get('replicasets', namespace, name);
    if (set === undefined || isTerminating(set)) return;
    const pods = store.ownedBy('pods', set.metadata.uid).filter(isActive);
    const missing = (set.spec.replicas ?? 1) - pods.length;
    for (let index = 0; index < missing; index++) {
      createPod(context, set, { metadata: { generateName: `${name}-` } });
    }
    if (missing < 0) {
      for (const pod of pods.toSorted(byExpendability).slice(0, -missing)) deletePod(context, pod);
    }
    const now = store.ownedBy('pods', set.metadata.uid).filter(isActive);
    const { generation: observedGeneration } = set.metadata;
    store.update('replicasets', {
      ...set,
      status: { ...podCounts(now), fullyLabeledReplicas: now.length, observedGeneration },
    });
  });
  return {
    onChange: ({ resource, object }) => {
      if (resource === 'replicasets') queue.add(keyOf(object));
      const owner = resource === 'pods' ? controllerOf(object) : undefined;
      if (owner?.kind === 'ReplicaSet') queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
    },
    stop: queue.stop,
  };
};
