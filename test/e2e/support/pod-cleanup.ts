import type { Pod } from '../../../infra/local/kubernetes/objects.ts';
import type { FailedPodSpec } from '../../../infra/local/world/spec.ts';
import type { Scene } from './scene.ts';
import { only, startScene } from './scene.ts';
import { clusterSpec, failedPod, nodeGroup } from './specs.ts';

export const TICK = { trigger: 'tick' };
export const POD_CLEANUP = only('podCleanup');

/** `staging` with two nodes and pods that have failed. */
export const sceneWith = (
  pods: readonly FailedPodSpec[],
  config: string = POD_CLEANUP,
  more: Parameters<typeof clusterSpec>[0] = {},
): Promise<Scene> =>
  startScene({
    config,
    spec: { clusters: [clusterSpec({ nodeGroups: [nodeGroup()], failedPods: pods, ...more })] },
  });

export const clean = (scene: Scene, event: object = TICK) => scene.account.invoke('pod-cleanup', event);

/** Pods that a shutdown left behind an hour ago, by the name of `cart` and a number. */
export const leftBehind = (count: number, overrides: Partial<FailedPodSpec> = {}) =>
  Array.from({ length: count }, (_, index) =>
    failedPod({ name: `cart-${String(index).padStart(4, '0')}`, ...overrides }),
  );

/** Names of the pods that have failed, in their order. */
export const podsOf = (scene: Scene, cluster?: string): readonly string[] =>
  scene
    .kubernetes(cluster)
    .objects.list('pods', { filter: ({ status }) => status?.phase === 'Failed' })
    .map(({ metadata }) => metadata.name);

/** Changes a pod as somebody else would. */
export const changePod = (scene: Scene, name: string, to: (pod: Pod) => Pod, namespace = 'shop'): void => {
  const { objects } = scene.kubernetes();
  const pod = objects.get('pods', namespace, name);
  if (pod === undefined) throw new Error(`there is no pod ${namespace}/${name}`);
  objects.update('pods', to(pod));
};

export const annotate = (pod: Pod, annotations: Record<string, string>): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } },
});

/** The verdict that sums up a run. */
export const reportOf = (scene: Scene, cluster = 'staging') =>
  scene.verdicts({ target: `cluster/${cluster}`, reason: 'report' }).at(-1)?.detail;

/** `<target> <action>: <reason>` of all verdicts but the one that sums up. */
export const saidOf = (scene: Scene): readonly string[] =>
  scene.reasons().filter((line) => !line.endsWith(' none: report'));
