import type { Taint } from '../../../infra/local/kubernetes/objects.ts';
import type { Instance } from '../../../infra/local/world/instances.ts';
import type { Scene } from './scene.ts';
import { nodeOf } from './spot-drain.ts';

const KEY = 'example.com/under-repair';

/**
 * Somebody else gives a node a taint whenever a function has read it and has not yet changed it: each time another
 * value of the same taint, so that a change made of an older read takes something away. Answers the last one.
 */
export const taintAfterReads = (scene: Scene, instance: Instance): (() => Taint | undefined) => {
  const kubernetes = scene.kubernetes(instance.clusterName);
  let reads = 0;
  let last: Taint | undefined;
  const stop = kubernetes.onRequest(({ verb, resource, name, code }) => {
    if (resource !== 'nodes' || name !== instance.hostname) return;
    if (verb === 'patch') stop();
    if (verb !== 'get' || code !== 200) return;
    reads += 1;
    last = { key: KEY, value: `${reads}`, effect: 'NoSchedule' };
    const node = nodeOf(scene, instance);
    const taints = (node.spec.taints ?? []).filter(({ key }) => key !== KEY);
    kubernetes.objects.update('nodes', { ...node, spec: { ...node.spec, taints: [...taints, last] } });
  });
  return () => last;
};
