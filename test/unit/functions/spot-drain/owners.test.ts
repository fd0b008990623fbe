import { describe, expect, it } from '@jest/globals';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

const nodeOf = (number: number) => ({
  name: `node-${number}`,
  instanceId: instanceIdOf(number),
  pods: [{ name: `web-${number}` }],
});
const KARPENTER = { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'p' };
const AUTO_MODE = { 'eks:eks-cluster-name': 'staging', 'eks:kubernetes-node-pool-name': 'p' };
const sceneOf = (tags: Record<string, string>, mode: 'act' | 'observe' = 'act') =>
  createScene({ nodes: [nodeOf(1), nodeOf(2)], instances: { 1: { tags }, 2: { tags } }, mode });
const spot = (instance = 1) => eventOf('ec2-spot-interruption', { instance });
const taint = (scene: ReturnType<typeof sceneOf>, key: string) =>
  scene.cluster.put(nodeOf(1), {
    spec: { providerID: `aws:///a/${instanceIdOf(1)}`, taints: [{ key, effect: 'NoSchedule' }] },
  });

describe.each([
  ['karpenter', KARPENTER],
  ['auto-mode', AUTO_MODE],
])('a node of %s', (owner, tags) => {
  it('is left to it, and looked at ten seconds after the event', async () => {
    const scene = sceneOf(tags);
    await scene.intake(spot());
    expect(scene.said()).toEqual([`node/node-1 record left-to-${owner}`]);
    expect(scene.checks).toMatchObject([{ delaySeconds: 8 }]);
    taint(scene, 'karpenter.sh/disrupted');
    await scene.passUntil('2026-11-20T03:20:00Z');
    expect(scene.said().slice(1)).toEqual(['node/node-1 record owner-acts']);
    expect(scene.cluster.calls.filter(({ verb }) => !['get', 'list'].includes(verb))).toEqual([]);
    expect(scene.notifications).toEqual([]);
  });

  it('on which it does not act is cordoned and drained, and the missing queue is reported once', async () => {
    const scene = sceneOf(tags);
    await scene.intake(spot(1), spot(2));
    await scene.passUntil('2026-11-20T03:20:00Z');
    expect(scene.said().filter((line) => line.includes('node-1'))).toEqual([
      `node/node-1 record left-to-${owner}`,
      'node/node-1 record interruption-queue-missing',
      'node/node-1 cordon spot-interruption',
      'node/node-1 drain drained',
    ]);
    expect(scene.verdicts.at(-1)).toMatchObject({ detail: { deadlineAt: '2026-11-20T03:13:50.000Z' } });
    const told = scene.notifications.filter(({ subject }) => subject.includes('did not act'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      subject: `staging: ${owner} did not act on 2 node(s) that AWS takes away`,
      text: expect.stringContaining('settings.interruptionQueue'),
    });
  });

  it('on which it does not act is only reported in observe', async () => {
    const scene = sceneOf(tags, 'observe');
    await scene.intake(spot());
    await scene.passUntil('2026-11-20T03:20:00Z');
    expect(scene.said().slice(1, 2)).toEqual(['node/node-1 record interruption-queue-missing']);
    expect(scene.cluster.calls.filter(({ verb }) => !['get', 'list'].includes(verb))).toEqual([]);
  });
});

describe("Karpenter's node", () => {
  it.each([
    ['an older taint', (scene: ReturnType<typeof sceneOf>) => taint(scene, 'karpenter.sh/disruption')],
    [
      'its deletion',
      (scene: ReturnType<typeof sceneOf>) =>
        scene.cluster.put(nodeOf(1), { metadata: { deletionTimestamp: new Date(0) } }),
    ],
  ])('is seen to be acted on by %s', async (_, act) => {
    const scene = sceneOf(KARPENTER);
    await scene.intake(spot());
    act(scene);
    await scene.passUntil('2026-11-20T03:20:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 record owner-acts');
  });

  it('that is gone by then was acted on', async () => {
    const scene = sceneOf(KARPENTER);
    await scene.intake(spot());
    scene.cluster.remove('node-1');
    await scene.passUntil('2026-11-20T03:20:00Z');
    expect(scene.said()).toEqual(['node/node-1 record left-to-karpenter']);
  });

  it('with a scheduled reboot is ours at its time, where Karpenter does nothing about it', async () => {
    const scene = sceneOf(KARPENTER);
    await scene.intake(eventOf('health-reboot'));
    await scene.passUntil('2026-11-20T05:10:00Z');
    expect(scene.said()).toEqual([
      'node/node-1 record left-to-karpenter',
      'node/node-1 record interruption-queue-missing',
      'node/node-1 record lead-time-reached',
      'node/node-1 cordon maintenance',
      'node/node-1 drain drained',
    ]);
  });

  it('is looked at late where the event comes late, at once', async () => {
    const scene = sceneOf(KARPENTER);
    await scene.clock.sleep(60_000);
    await scene.intake(spot());
    expect(scene.said()).toEqual([
      'node/node-1 record left-to-karpenter',
      'node/node-1 record interruption-queue-missing',
      'node/node-1 cordon spot-interruption',
    ]);
    expect(scene.orders).toHaveLength(1);
  });
});
