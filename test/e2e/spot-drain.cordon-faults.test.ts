import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../infra/local/kubernetes/faults.ts';
import type { Instance } from '../../infra/local/world/instances.ts';
import { watchRequests } from './support/drain-pods.ts';
import { taintAfterReads } from './support/meanwhile.ts';
import type { Scene } from './support/scene.ts';
import { useScenes } from './support/scene.ts';
import { START } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  nodeOf,
  podsOn,
  sceneWith,
  secondsSince,
  warning,
} from './support/spot-drain.ts';

useScenes();

/** When the node was cordoned in truth, as the API server saw it. */
const watchCordon = (scene: Scene, { hostname }: Instance): { at?: number } => {
  const seen: { at?: number } = {};
  scene.kubernetes().objects.watch(({ resource, object }) => {
    if (resource !== 'nodes' || object.metadata.name !== hostname) return;
    if ((object.spec as { unschedulable?: boolean } | undefined)?.unschedulable) {
      seen.at ??= scene.account.clock.now();
    }
  });
  return seen;
};

describe('an API server that does not take the cordon', () => {
  it.each<[string, Fault, number]>([
    ['cuts the connection once', 'reset', 1],
    ['cuts the connection after it has cordoned', 'reset-after-apply', 1],
    ['answers 500 once', { status: 500 }, 1],
    ['answers 500 as often as the intake tries', { status: 500 }, 5],
    ['answers 503 for some time', { status: 503 }, 9],
    ['is overloaded', { status: 429, headers: { 'retry-after': '1' } }, 2],
    ['says that the token has expired', { status: 401 }, 2],
    ['says that somebody else was faster', { status: 409 }, 2],
  ])('and %s: never said to be cordoned before it is, and drained in time', async (_, fault, times) => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const cordoned = watchCordon(scene, instance);
    scene.kubernetes().failNext({ verb: 'patch', resource: 'nodes' }, fault, times);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    const said = scene
      .verdicts({ target: `node/${instance.hostname}` })
      .filter(({ action }) => action === 'cordon');
    expect(said.length).toBeLessThanOrEqual(1);
    const first = scene
      .verdicts({ target: `node/${instance.hostname}` })
      .find(({ action, reason }) => action === 'cordon' || reason === 'already-cordoned');
    expect(Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(cordoned.at ?? Number.POSITIVE_INFINITY);
    expect(nodeOf(scene, instance).spec.unschedulable).toBe(true);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
    expect(secondsSince(scene)).toBeLessThan(110);
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
  });

  it('at all says so, again and again, and never that it is cordoned', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.kubernetes().failNext({ verb: 'patch', resource: 'nodes' }, { status: 500 }, 500);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(nodeOf(scene, instance).spec.unschedulable).toBeUndefined();
    expect(scene.verdicts({ action: 'cordon' })).toEqual([]);
    expect(scene.verdicts({ reason: 'cordon-failed' }).length).toBeGreaterThan(1);
    expect(await scene.items('drain#')).not.toMatchObject([{ record: { cordonedAt: expect.anything() } }]);
    const events = scene
      .kubernetes()
      .objects.list('events')
      .map(({ reason }) => reason);
    expect(events).not.toContain('SpotDrainCordoned');
  });

  it('because it is slow costs the others of the batch nothing', async () => {
    const scene = await sceneWith();
    const [slow, quick] = scene.account.world.instances.all().filter(({ state }) => state === 'running');
    if (slow === undefined || quick === undefined) throw new Error('there are two');
    const cordoned = watchCordon(scene, quick);
    scene.kubernetes().failNext({ verb: 'patch', resource: 'nodes', name: slow.hostname }, 'hang', 1);
    for (const { id } of [slow, quick]) scene.account.putEvent(warning(scene, id));
    await scene.account.settle();
    expect(cordoned.at).toBeLessThan(START + 2_000);
    for (const instance of [slow, quick]) {
      expect(Date.parse(drainVerdict(scene, instance)?.at ?? '')).toBeLessThan(START + 20_000);
      expect(podsOn(scene, instance)).toEqual([]);
      expect(nodeOf(scene, instance).spec.unschedulable).toBe(true);
    }
  });
});

describe('somebody who taints the node between our look at it and our cordon', () => {
  const ours = { key: 'eks-caretaker/spot-interruption', effect: 'NoSchedule' };

  it('keeps the taint, and the node is cordoned all the same', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const requests = watchRequests(scene);
    const theirs = taintAfterReads(scene, instance);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(nodeOf(scene, instance).spec.taints).toEqual(expect.arrayContaining([theirs(), ours]));
    expect(requests.of('patch', 'nodes').map(({ code }) => code)).toEqual([409, 200]);
    expect(scene.reasons({ action: 'cordon' })).toEqual([
      `node/${instance.hostname} cordon: spot-interruption`,
    ]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
  });
});

describe('an API server that is down when the warning comes', () => {
  it.each<[string, Fault]>([
    ['and refuses connections', 'reset'],
    ['and answers 500', { status: 500 }],
    ['and answers 429', { status: 429, headers: { 'retry-after': '2' } }],
  ])('%s: the messages come again, and the node is empty in time', async (_, fault) => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.kubernetes().failNext({ verb: 'get', resource: 'nodes' }, fault, 4);
    scene.kubernetes().failNext({ verb: 'list', resource: 'nodes' }, fault, 4);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
    expect(secondsSince(scene)).toBeLessThan(110);
  });
});
