import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../functions/spot-drain/config.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

const nodesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `node-${index + 1}`,
    instanceId: instanceIdOf(index + 1),
  }));
const spot = (instance = 1) => eventOf('ec2-spot-interruption', { instance });

describe('the check of running drains', () => {
  const check = {
    kind: 'check',
    cluster: 'staging',
    records: [{ instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' }],
  };
  const leased = async (scene: ReturnType<typeof createScene>, seconds: number) => {
    await scene.intake(spot());
    scene.orders.length = 0;
    scene.checks.length = 0;
    await scene.deps.records.change(
      { cluster: 'staging', instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' },
      (current) =>
        current === undefined
          ? undefined
          : { ...current, worker: { holder: 'worker-1', until: scene.clock.now() + seconds * 1000 } },
    );
  };

  it('starts another worker where the lease has run out', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 0);
    expect(await scene.intake(check)).toEqual([]);
    expect(scene.verdicts.at(-1)).toMatchObject({ reason: 'lease-expired', detail: { holder: 'worker-1' } });
    expect(scene.orders).toHaveLength(1);
    expect(scene.checks).toHaveLength(1);
  });

  it('comes again as long as a worker is at it, a second after its lease would end', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 10);
    await scene.intake(check);
    expect(scene.orders).toEqual([]);
    expect(scene.checks).toEqual([{ message: check, delaySeconds: 11 }]);
  });

  it('ends with the drain', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 0);
    await scene.intake(eventOf('ec2-state-change', { time: '2026-11-20T03:14:00Z' }));
    await scene.intake(check);
    expect([scene.orders, scene.checks]).toEqual([[], []]);
  });

  it('of a cluster that is no longer configured ends', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    expect(await scene.intake({ ...check, cluster: 'gone' })).toEqual([]);
    expect(scene.said()).toEqual(['cluster/gone none cluster-not-configured']);
    expect(scene.checks).toEqual([]);
  });

  it('of a cluster that does not answer comes again soon at first, then ever more seldom', async () => {
    const section = { policy: spotDrainSchema.parse({}).policy };
    const tags = { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'p' };
    const scene = createScene({ nodes: nodesOf(1), section, instances: { 1: { tags } } });
    await scene.intake(spot());
    scene.control.connectError = new Error('no route');
    const delays: number[] = [];
    for (let looks = 0; looks < 11; looks += 1) {
      await scene.look();
      delays.push(scene.checks.at(-1)?.delaySeconds ?? 0);
    }
    expect(delays).toEqual([30, 30, 30, 30, 30, 60, 120, 240, 480, 900, 900]);
  });

  it('comes again when it failed', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 0);
    scene.control.invokeError = new Error('throttled');
    expect(await scene.intake(check)).toEqual([0]);
  });
});
