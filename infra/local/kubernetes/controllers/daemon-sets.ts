import type { Pod, PodSpec, Toleration, Workload } from '../objects.ts';
import { controllerOf, isFinished, isReady, isTerminating } from '../objects.ts';
import { daemonFit } from './fit.ts';
import { createPod, deletePod } from './pods.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue, keyOf, splitKey } from './queue.ts';

/** Added to every daemon pod (AddOrUpdateDaemonPodTolerations): a cordoned node keeps getting its daemons. */
const tolerations: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

const tolerant = (spec: PodSpec): PodSpec => ({
  ...spec,
  tolerations: [...(spec.tolerations ?? []), ...tolerations],
});

/** Bound to one node by name, as the real controller does; the scheduler does the binding. */
const pinnedTo = (spec: PodSpec, node: string): PodSpec => ({
  ...spec,
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
      },
    },
  },
});

const nodeOf = ({ spec }: Pod): string | undefined =>
  spec.nodeName ??
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]
    ?.matchFields?.[0]?.values?.[0];

/** One pod on every node that fits. */
export const createDaemonSetController = (context: ControllerContext): Controller => {
  const { store, clock } = context;

  const converge = (set: Workload): void => {
    const spec = tolerant(set.spec.template.spec);
    const pods = Map.groupBy(store.ownedBy('pods', set.metadata.uid), nodeOf);
    let desired = 0;
    for (const node of store.list('nodes')) {
      const { name } = node.metadata;
      const { run, stay } = daemonFit(node, spec);
      const here = pods.get(name) ?? [];
      if (run) desired += 1;
      for (const pod of here) {
        if (!isTerminating(pod) && (!stay || isFinished(pod))) deletePod(context, pod);
      }
      if (run && here.length === 0) {
        createPod(context, set, {
          metadata: { generateName: `${set.metadata.name}-` },
          spec: pinnedTo(spec, name),
        });
      }
    }
    const current = store.ownedBy('pods', set.metadata.uid).filter((pod) => !isTerminating(pod));
    const ready = current.filter(isReady).length;
    const unavailable = Math.max(0, desired - ready);
    store.update('daemonsets', {
      ...set,
      status: {
        currentNumberScheduled: current.length,
        numberMisscheduled: Math.max(0, current.length - desired),
        desiredNumberScheduled: desired,
        numberReady: ready,
        // These are left out on the wire where they are zero.
        ...(current.length === 0 ? {} : { updatedNumberScheduled: current.length }),
        ...(ready === 0 ? {} : { numberAvailable: ready }),
        ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
        observedGeneration: set.metadata.generation,
      },
    });
  };

  const queue = createQueue(clock, (key) => {
    const { namespace, name } = splitKey(key);
    const set = store.get('daemonsets', namespace, name);
    if (set !== undefined && !isTerminating(set)) converge(set);
  });
  return {
    onChange: ({ resource, object }) => {
      if (resource === 'daemonsets') queue.add(keyOf(object));
      if (resource === 'nodes') for (const set of store.list('daemonsets')) queue.add(keyOf(set));
      const owner = resource === 'pods' ? controllerOf(object) : undefined;
      if (owner?.kind === 'DaemonSet') queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
    },
    stop: queue.stop,
  };
};
