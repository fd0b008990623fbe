import { describe, expect, it } from '@jest/globals';
import { apiError } from '../../../fixtures/cluster-api.ts';
import type { SceneOptions } from '../../../fixtures/spot-drain-scene.ts';
import { createScene, eventOf } from '../../../fixtures/spot-drain-scene.ts';
import { nextCheck, nodeOf, spot, WEB } from './worker-scene.ts';

const TAINT = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
const TERMINATED = eventOf('ec2-state-change', {
  time: '2026-11-20T03:14:20Z',
  detail: { state: 'terminated' },
});

/** A drained node whose instance is told to be terminated. */
const terminated = async (options: SceneOptions = {}, stateInEc2 = 'terminated') => {
  const scene = createScene({ nodes: [nodeOf(1, WEB)], section: { outOfServiceTaint: true }, ...options });
  await scene.intake(spot());
  scene.control.instances[1] = { state: stateInEc2 };
  await scene.intake(TERMINATED);
  return scene;
};
type Scene = Awaited<ReturnType<typeof terminated>>;
const isTainted = (scene: Scene): boolean =>
  scene.cluster.node('node-1')?.spec?.taints?.some(({ key }) => key === TAINT.key) ?? false;

describe('the node of a terminated instance', () => {
  it('is tainted out of service where EC2 confirms it, and that is said', async () => {
    const scene = await terminated();
    expect(scene.cluster.node('node-1')?.spec?.taints).toContainEqual(TAINT);
    expect(scene.verdicts.at(-1)).toMatchObject({
      target: 'node/node-1',
      action: 'record',
      reason: 'out-of-service',
      detail: { confirmedBy: 'EC2' },
    });
    expect(await scene.record()).toMatchObject({ outOfServiceAt: expect.any(Number) });
  });

  it('is not on the word of an event alone: EC2 is asked again until it confirms', async () => {
    const scene = await terminated({}, 'running');
    expect(isTainted(scene)).toBe(false);
    scene.checks.splice(0, scene.checks.length - 1);
    await nextCheck(scene);
    expect(isTainted(scene)).toBe(false);
    scene.control.instances[1] = { state: 'terminated' };
    await nextCheck(scene);
    expect(isTainted(scene)).toBe(true);
  });

  it('is not where EC2 goes on to say that it runs', async () => {
    const scene = await terminated({}, 'running');
    for (let looks = 0; scene.checks.length > 0 && looks < 60; looks += 1) await nextCheck(scene);
    expect(scene.checks).toEqual([]);
    expect(isTainted(scene)).toBe(false);
  });

  it.each<[string, SceneOptions]>([
    ['where that is not asked for', { section: {} }],
    ['in observe', { mode: 'observe' }],
  ])('is left as it is %s', async (_, options) => {
    expect(isTainted(await terminated(options))).toBe(false);
  });

  it('is tainted once, however often it is told', async () => {
    const scene = await terminated();
    const patches = () => scene.cluster.calls.filter(({ verb }) => verb === 'patch').length;
    const before = patches();
    await scene.intake({ ...TERMINATED, id: 'again' });
    expect(patches()).toBe(before);
  });

  it('names the right that is missing', async () => {
    const scene = createScene({ nodes: [nodeOf(1, WEB)], section: { outOfServiceTaint: true } });
    await scene.intake(spot());
    scene.control.instances[1] = { state: 'terminated' };
    scene.cluster.fail = (verb) =>
      verb === 'patch' ? apiError(403, 'User "u" cannot patch resource "nodes" in API group ""') : undefined;
    await scene.intake(TERMINATED);
    expect(scene.verdicts.find(({ reason }) => reason === 'missing-right')).toMatchObject({
      detail: { verb: 'patch', resource: 'nodes' },
    });
  });
});
