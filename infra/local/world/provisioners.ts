import type { Cluster } from './clusters.ts';
import type { Ground } from './ground.ts';
import type { Instance } from './instances.ts';
import type { ScalingGroup } from './scaling-groups.ts';

/** Karpenter reads its queue within seconds. */
const READS_AFTER_SECONDS = 2;

/** Karpenter's taint on a node that it is about to end (karpenter.sh, "Disruption"). */
const disrupted = { key: 'karpenter.sh/disrupted', effect: 'NoSchedule' } as const;

/**
 * What Karpenter and Auto Mode do when their interruption queue tells them of an instance: they taint its node. The
 * drain and the replacement that follow are not modelled.
 */
export const createProvisioners = (world: {
  ground: Ground;
  clusterOf(instance: Instance): Cluster;
  groupOf(instance: Instance): ScalingGroup;
}): { told(instance: Instance): void } => ({
  told: (instance) => {
    const { provisioner } = world.groupOf(instance);
    if (provisioner?.hasQueue !== true) return;
    world.ground.after(READS_AFTER_SECONDS, () => {
      const { objects } = world.clusterOf(instance).kubernetes;
      const node = objects.get('nodes', undefined, instance.hostname);
      if (node === undefined) return;
      const taints = [...(node.spec.taints ?? []), disrupted];
      objects.update('nodes', { ...node, spec: { ...node.spec, taints } });
    });
  },
});
