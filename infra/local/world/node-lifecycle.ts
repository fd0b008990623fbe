import type { Condition } from '../kubernetes/objects.ts';
import type { Cluster } from './clusters.ts';
import type { Ground } from './ground.ts';
import type { Instance, Instances } from './instances.ts';
import { bootId, nodeConditions, nodeObject } from './nodes.ts';
import type { ScalingGroup } from './scaling-groups.ts';
import { timings } from './timings.ts';

/**
 * The kubelet's and the cloud controller's part: an instance that runs registers its node, which becomes Ready; a
 * node whose instance has terminated is removed, and its pods with it (by the garbage collector of the API).
 */
export const runNodes = (world: {
  ground: Ground;
  instances: Instances;
  clusterOf(instance: Instance): Cluster;
  groupOf(instance: Instance): ScalingGroup;
}): { isReady(instance: Instance): boolean } => {
  const { ground, instances } = world;

  const setConditions = (instance: Instance, conditions: readonly Condition[]) => {
    const { objects } = world.clusterOf(instance).kubernetes;
    const node = objects.get('nodes', undefined, instance.hostname);
    if (node !== undefined) objects.update('nodes', { ...node, status: { ...node.status, conditions } });
  };

  /** The kubelet of a new boot reports to the Node that is there already. */
  const reportAgain = (instance: Instance) => {
    const { objects } = world.clusterOf(instance).kubernetes;
    const node = objects.get('nodes', undefined, instance.hostname);
    if (node === undefined) return;
    const nodeInfo = { ...node.status.nodeInfo, bootID: bootId(instance) };
    const conditions = nodeConditions(ground.clock.now(), 'ready');
    objects.update('nodes', { ...node, status: { ...node.status, nodeInfo, conditions } });
  };

  const register = (instance: Instance) => {
    const group = world.groupOf(instance);
    const draft = nodeObject(instance, {
      now: ground.clock.now(),
      region: ground.region,
      labels: group.nodeLabels,
      amiType: group.amiType,
    });
    world.clusterOf(instance).kubernetes.objects.create('nodes', {
      ...draft,
      spec: { ...draft.spec, taints: [notReadyTaint] },
    });
    ground.after(timings.nodeReady, () => {
      if (instance.state === 'running') setConditions(instance, nodeConditions(ground.clock.now(), 'ready'));
    });
  };

  const notReady = (instance: Instance) =>
    setConditions(instance, nodeConditions(ground.clock.now(), 'shutting-down'));

  instances.watch({
    running: (instance) => {
      ground.after(timings.nodeRegisters, () => {
        if (instance.state !== 'running') return;
        if (instance.boots === 1) register(instance);
        else reportAgain(instance);
      });
    },
    paused: notReady,
    rebooted: (instance) => {
      notReady(instance);
      ground.after(timings.nodeRegisters, () => {
        if (instance.state === 'running') reportAgain(instance);
      });
    },
    // From here on no kubelet runs there: what has not stopped by now does not stop in an orderly way.
    stopping: notReady,
    terminated: (instance) => {
      ground.after(timings.nodeRemoved, () => {
        world.clusterOf(instance).kubernetes.objects.remove('nodes', undefined, instance.hostname);
      });
    },
  });

  return {
    isReady: (instance) => {
      const node = world.clusterOf(instance).kubernetes.objects.get('nodes', undefined, instance.hostname);
      return (
        node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
      );
    },
  };
};

/** Admission gives it to every new node; the node controller takes it off when the node is Ready. */
const notReadyTaint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;
