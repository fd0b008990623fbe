import { describe, expect, it } from '@jest/globals';
import { watchRequests } from './support/drain-pods.ts';
import { annotate, changePod, clean, leftBehind, podsOf, sceneWith } from './support/pod-cleanup.ts';
import { useScenes } from './support/scene.ts';

useScenes();

describe('a list whose token has expired', () => {
  it('goes on with the fresh one that the refusal carries, and does not begin again', async () => {
    const scene = await sceneWith(leftBehind(1_020));
    const kubernetes = scene.kubernetes();
    const requests = watchRequests(scene);
    const stop = kubernetes.onRequest(({ verb, resource }) => {
      if (verb !== 'list' || resource !== 'pods') return;
      stop();
      changePod(scene, 'cart-0900', (pod) => annotate(pod, { 'example.com/seen': 'yes' }));
      kubernetes.compact();
    });
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    const lists = requests
      .of('list', 'pods')
      .filter(({ query }) => query.get('fieldSelector') === 'status.phase=Failed');
    expect(lists.map(({ query, code }) => [query.has('continue'), code])).toEqual([
      [false, 200],
      [true, 410],
      [true, 200],
      [true, 200],
    ]);
    expect(new Set(lists.map(({ query }) => query.get('continue'))).size).toBe(4);
    expect(podsOf(scene)).toEqual([]);
    expect(requests.of('delete', 'pods')).toHaveLength(1_020);
  }, 60_000);
});
