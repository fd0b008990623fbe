import { describe, expect, it } from '@jest/globals';
import type { KillPoint } from '../../infra/local/runtime/messages.ts';
import { createFailedPods } from '../../infra/local/world/failed-pods.ts';
import { clean, leftBehind, POD_CLEANUP, podsOf, sceneWith } from './support/pod-cleanup.ts';
import type { Scene } from './support/scene.ts';
import { only, useScenes } from './support/scene.ts';
import { failedPod } from './support/specs.ts';

useScenes();

const GOING = leftBehind(3);
const STAYING = [
  failedPod({ name: 'job', owner: { kind: 'Job', name: 'backup' } }),
  failedPod({ name: 'young', failedMinutesAgo: 5 }),
];
/** More requests than a run of these pods makes. */
const MANY = 40;

const failAgain = (scene: Scene) =>
  createFailedPods(scene.kubernetes().objects, GOING, scene.account.clock.now());

/** What is deleted from now on, by name. */
const watchDeletes = (scene: Scene): string[] => {
  const deleted: string[] = [];
  scene.kubernetes().objects.watch(({ type, resource, object }) => {
    if (resource === 'pods' && type === 'DELETED') deleted.push(object.metadata.name);
  });
  return deleted;
};

const names = (pods: readonly { name: string }[]) => pods.map(({ name }) => name);

describe.each<KillPoint['when']>(['before-send', 'after-apply'])('killed %s', (when) => {
  it('at every call of a run: the run after it ends in the same state, and no pod is deleted twice', async () => {
    const scene = await sceneWith(STAYING);
    const deleted = watchDeletes(scene);
    await clean(scene); // warm, as most runs are
    let request = 0;
    for (let survived = false; !survived; ) {
      request += 1;
      expect(request).toBeLessThan(MANY);
      failAgain(scene);
      deleted.length = 0;
      scene.account.killAt('pod-cleanup', { request, when });
      survived = (await clean(scene)).ok;
      const { ok } = await clean(scene);
      expect({ request, ok }).toEqual({ request, ok: true });
      expect({ request, left: podsOf(scene) }).toEqual({ request, left: names(STAYING) });
      expect({ request, deleted: [...deleted].sort() }).toEqual({ request, deleted: names(GOING) });
    }
    // Modes, namespaces, pods, three deletes, journal, bus: a run that does less is another one.
    expect(request).toBeGreaterThan(8);
  }, 240_000);

  it('at DescribeCluster of a cold start: the next run does it', async () => {
    const scene = await sceneWith([...GOING, ...STAYING]);
    scene.account.killAt('pod-cleanup', { request: 1, when, service: 'eks' });
    expect((await clean(scene)).ok).toBe(false);
    expect(podsOf(scene)).toHaveLength(5);
    expect((await clean(scene)).ok).toBe(true);
    expect(podsOf(scene)).toEqual(names(STAYING));
  });

  it('at the count of a namespace: nothing was deleted, and the next run counts again', async () => {
    const scene = await sceneWith(
      [...GOING, ...STAYING],
      only('podCleanup', ['maximumNamespacePercent: 99']),
    );
    scene.account.killAt('pod-cleanup', {
      request: 1,
      when,
      service: 'kubernetes',
      contains: '/namespaces/shop/pods',
    });
    expect((await clean(scene)).ok).toBe(false);
    expect(podsOf(scene)).toHaveLength(5);
    expect((await clean(scene)).ok).toBe(true);
    expect(podsOf(scene)).toEqual(names(STAYING));
  });
});

describe('by Lambda itself', () => {
  it('a run that is killed is tried again, and the pods go once', async () => {
    const scene = await sceneWith(GOING, POD_CLEANUP);
    const deleted = watchDeletes(scene);
    scene.account.killAt('pod-cleanup', {
      request: 2,
      when: 'after-apply',
      service: 'kubernetes',
      method: 'DELETE',
    });
    await scene.account.invoke('pod-cleanup', { trigger: 'tick' });
    await clean(scene);
    expect([...deleted].sort()).toEqual(names(GOING));
  });

  it('two runs at once wait for each other: one concurrent execution is reserved', async () => {
    const scene = await sceneWith(leftBehind(60));
    const deleted = watchDeletes(scene);
    const [first, second] = await Promise.all([clean(scene), clean(scene)]);
    expect([first.ok, second.ok]).toEqual([true, true]);
    expect(deleted).toHaveLength(60);
    expect(new Set(deleted).size).toBe(60);
  });
});
