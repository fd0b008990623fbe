import type { Pod } from '../kubernetes/objects.ts';
import { controllerOf, isFinished, isTerminating } from '../kubernetes/objects.ts';
import type { LocalKubernetes } from '../kubernetes/server.ts';
import type { Ground } from './ground.ts';
import { timings } from './timings.ts';

export interface DrainOutcome {
  /** Pods that were still there when the time was over, as `namespace/name`. */
  readonly left: readonly string[];
}

/**
 * How EKS itself empties a node, in an update or when a managed group shrinks: cordon, evict again and again what
 * a budget holds, give up after 15 minutes. With `force` the pods are deleted instead, without asking budgets.
 */
export const drainNode = (
  world: { ground: Ground; kubernetes: LocalKubernetes },
  node: { name: string; force: boolean },
  done: (outcome: DrainOutcome) => void,
): void => {
  const { ground, kubernetes } = world;
  const endsAt = ground.clock.now() + timings.evictionLimit * 1000;

  const remaining = () => kubernetes.objects.podsOn(node.name).filter(isDrained);

  const round = () => {
    for (const pod of remaining()) if (!isTerminating(pod)) ask(kubernetes, pod, node.force);
    const left = remaining();
    if (left.length > 0 && ground.clock.now() < endsAt) {
      ground.after(timings.evictionRetry, round);
      return;
    }
    done({ left: left.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`) });
  };
  cordon(kubernetes, node.name, true);
  round();
};

/** A refusal (a budget, most often) is asked again in the next round. */
const ask = (kubernetes: LocalKubernetes, { metadata }: Pod, force: boolean): void => {
  const { namespace, name } = metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  if (force) kubernetes.call('DELETE', path);
  else
    kubernetes.call('POST', `${path}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
    });
};

export const cordon = (kubernetes: LocalKubernetes, nodeName: string, unschedulable: boolean): void => {
  const node = kubernetes.objects.get('nodes', undefined, nodeName);
  if (node === undefined) return;
  const { unschedulable: _before, ...spec } = node.spec;
  kubernetes.objects.update('nodes', { ...node, spec: unschedulable ? { ...spec, unschedulable } : spec });
};

/** DaemonSet and mirror pods stay; finished ones hold nothing up. */
const isDrained = (pod: Pod): boolean =>
  controllerOf(pod)?.kind !== 'DaemonSet' &&
  pod.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined &&
  !isFinished(pod);
