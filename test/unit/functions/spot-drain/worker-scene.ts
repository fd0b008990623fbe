import { runWorker } from '../../../../functions/spot-drain/worker.ts';
import type { KubernetesApi, ListOptions, ResourceType } from '../../../../shared/kubernetes/client.ts';
import type { TestNode } from '../../../fixtures/cluster-api.ts';
import type { WorldPod } from '../../../fixtures/drain-world.ts';
import type { SceneOptions } from '../../../fixtures/spot-drain-scene.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';

/** What the tests of the drain worker begin with. */

export const nodeOf = (number: number, pods: readonly WorldPod[]): TestNode => ({
  name: `node-${number}`,
  instanceId: instanceIdOf(number),
  pods: pods.map((pod) => ({ ...pod, name: `${pod.name}-${number}`, uid: `uid-${pod.name}-${number}` })),
});

export const spot = (instance = 1) => eventOf('ec2-spot-interruption', { instance });

export const WEB: readonly WorldPod[] = [
  { name: 'web' },
  { name: 'api' },
  { name: 'proxy', owner: 'DaemonSet' },
];
export const HELD: readonly WorldPod[] = [{ name: 'web' }, { name: 'cart', budget: 'cart', stopSeconds: 5 }];

export type Scene = ReturnType<typeof createScene>;

/** A scene in which the warnings have come in and the worker is about to start. */
export const warned = async (nodes: readonly TestNode[], options: SceneOptions = {}): Promise<Scene> => {
  const scene = createScene({ nodes, ...options });
  await scene.intake(...nodes.map((_, index) => spot(index + 1)));
  return scene;
};

/** A scene in which an Auto Scaling hook holds the instance. */
export const heldByHook = async (
  pods: readonly WorldPod[],
  options: Omit<SceneOptions, 'nodes'> = {},
): Promise<Scene> => {
  const scene = createScene({ nodes: [nodeOf(1, pods)], ...options });
  await scene.intake(eventOf('autoscaling-terminate-lifecycle'));
  return scene;
};

export const last = (scene: Scene) => scene.verdicts.at(-1);

export const worldOf = (scene: Scene, number: number) => {
  const world = scene.cluster.worlds.get(`node-${number}`);
  if (world === undefined) throw new Error(`no node ${number}`);
  return world;
};

/** Starts the worker of the first order; the API server takes so long over each list of pods. */
export const startSlowly = (scene: Scene, listSeconds: number) => {
  const [order] = scene.orders.splice(0, 1);
  if (order === undefined) throw new Error('no worker was started');
  const slow: KubernetesApi = {
    ...scene.cluster,
    listPages: async function* <T>(resource: ResourceType, options?: ListOptions) {
      if (resource.plural === 'pods') await scene.clock.sleep(listSeconds * 1000);
      yield* scene.cluster.listPages<T>(resource, options);
    },
  };
  const call = createTestCall({ automation: 'spot-drain', clock: scene.clock, store: scene.store });
  const ended = runWorker({ ...scene.deps, clusters: { connect: async () => slow } }, order, call);
  return { ended, verdicts: call.verdicts };
};

/** Runs what is due of our own delayed messages, as the queue would: at their time, in their order. */
export const nextCheck = async (scene: Scene): Promise<void> => {
  const [check] = scene.checks.splice(0, 1);
  if (check === undefined) throw new Error('nobody promised to look again');
  await scene.clock.sleep(check.delaySeconds * 1000);
  await scene.intake(check.message);
};
