import { describe, expect, it } from '@jest/globals';
import { only, useScenes } from './support/scene.ts';
import { selfManagedGroup, workload } from './support/specs.ts';
import { drainVerdict, firstOf, nodeOf, podsOn, sceneWith } from './support/spot-drain.ts';

useScenes();

describe('a terminate lifecycle hook', () => {
  const own = (hook: string) => ({
    nodeGroups: [],
    selfManagedGroups: [
      selfManagedGroup({ desired: 2, max: 3, terminateHook: hook, terminateHookSeconds: 300 }),
    ],
    workloads: [workload({ nodeSelector: { role: 'own' } })],
  });

  it('of the configuration is completed once the node is empty', async () => {
    const scene = await sceneWith(own('drain-first'), only('spotDrain', ['lifecycleHooks: [drain-first]']));
    const instance = firstOf(scene);
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 120);
    expect(podsOn(scene, instance)).toEqual([]);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      action: 'drain',
      reason: 'drained',
      detail: { owner: 'self-managed', evicted: 1, lifecycle: [{ hook: 'drain-first', answer: 'done' }] },
    });
    expect(
      scene.exchanges
        .filter(({ operation }) => operation === 'CompleteLifecycleAction')
        .map(({ input }) => input),
    ).toMatchObject([
      {
        AutoScalingGroupName: instance.groupName,
        LifecycleHookName: 'drain-first',
        LifecycleActionResult: 'CONTINUE',
        InstanceId: instance.id,
      },
    ]);
  });

  it('whose completion is answered to nobody counts as over', async () => {
    const scene = await sceneWith(own('drain-first'), only('spotDrain', ['lifecycleHooks: [drain-first]']));
    const instance = firstOf(scene);
    scene.account.failNext('autoscaling', 'CompleteLifecycleAction', 'reset-after-apply');
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 120);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { lifecycle: [{ hook: 'drain-first', answer: 'over' }] },
    });
    expect(scene.invocationsOf('spot-drain-worker').map(({ ok }) => ok)).toEqual([true]);
  });

  it('that is not named is recorded and left alone', async () => {
    const scene = await sceneWith(
      own('somebody-elses'),
      only('spotDrain', ['lifecycleHooks: [drain-first]']),
    );
    const instance = firstOf(scene);
    const { revision } = scene.kubernetes().objects;
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.settle();
    expect(scene.reasons()).toEqual([`node/${instance.hostname} record: hook-not-configured`]);
    expect(nodeOf(scene, instance).spec?.unschedulable).toBeUndefined();
    expect(podsOn(scene, instance)).toHaveLength(1);
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(scene.exchanges.filter(({ service }) => service === 'autoscaling')).toEqual([]);
  });
});
