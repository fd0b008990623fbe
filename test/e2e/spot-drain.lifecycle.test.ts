import { describe, expect, it } from '@jest/globals';
import type { Scene } from './support/scene.ts';
import { only, useScenes } from './support/scene.ts';
import { selfManagedGroup, workload } from './support/specs.ts';
import { drainVerdict, firstOf, nodeOf, podsOn, sceneWith } from './support/spot-drain.ts';

useScenes();

const completionsOf = (scene: Scene) =>
  scene.exchanges
    .filter(({ operation }) => operation === 'CompleteLifecycleAction')
    .map(({ status }) => status);
const workersOf = (scene: Scene) =>
  [...scene.invocationsOf('spot-drain-worker')].sort((a, b) => a.startedAt - b.startedAt);

describe('a terminate lifecycle hook', () => {
  const own = (hook: string, seconds = 300) => ({
    nodeGroups: [],
    selfManagedGroups: [
      selfManagedGroup({ desired: 2, max: 3, terminateHook: hook, terminateHookSeconds: seconds }),
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

  it('of an instance that never became a node is let go after some minutes, not after its own hour', async () => {
    const scene = await sceneWith(own('drain-first'), only('spotDrain', ['lifecycleHooks: [drain-first]']));
    const instance = firstOf(scene);
    scene.kubernetes().objects.remove('nodes', undefined, instance.hostname);
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 240);
    expect(scene.reasons({ target: `instance/${instance.id}`, action: 'record' })).toEqual([
      `instance/${instance.id} record: lifecycle-completed`,
    ]);
    await scene.account.settle();
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
  });

  it.each<[string, (scene: Scene) => void]>([
    [
      'whose cluster is away',
      (scene) => scene.kubernetes().failNext({ resource: 'nodes' }, { status: 503 }, 40),
    ],
    [
      'while the table is away',
      (scene) =>
        scene.account.failNext('dynamodb', 'GetItem', { code: 'InternalServerError', status: 500 }, 40),
    ],
  ])('%s for more than five minutes is not lost', async (_what, fail) => {
    const scene = await sceneWith(
      own('drain-first', 1_800),
      only('spotDrain', ['lifecycleHooks: [drain-first]', 'lifecycleHoldMinutes: 30']),
    );
    const instance = firstOf(scene);
    fail(scene);
    scene.account.world.terminateByAsg(instance.id);
    await scene.pass(330);
    expect(nodeOf(scene, instance).spec.unschedulable).not.toBe(true);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 1_400);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
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

  it('that cannot be completed, however often one invocation tries, is completed by a later one, once', async () => {
    const scene = await sceneWith(own('drain-first'), only('spotDrain', ['lifecycleHooks: [drain-first]']));
    const instance = firstOf(scene);
    // As often as the SDK tries.
    const down = { code: 'ServiceUnavailable', status: 503 };
    scene.account.failNext('autoscaling', 'CompleteLifecycleAction', down, 6);
    scene.account.world.terminateByAsg(instance.id);
    // A look at the record comes before Lambda's own second attempt, after a minute; the hook's time-out is 300 s.
    await scene.account.runUntilTrue(() => instance.state !== 'running', 30);
    await scene.account.settle();
    expect(completionsOf(scene)).toEqual([...Array(6).fill(503), 200]);
    const [failed, ...later] = workersOf(scene);
    expect(failed?.ok).toBe(false);
    expect(later.map(({ ok }) => ok)).not.toContain(false);
    expect(later.at(-1)?.requestId).toBe(failed?.requestId);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: 1, lifecycle: [{ hook: 'drain-first', answer: 'failed' }] },
    });
    expect(scene.verdicts({ reason: 'lifecycle-completed' })).toMatchObject([
      {
        target: `node/${instance.hostname}`,
        detail: { lifecycle: [{ hook: 'drain-first', answer: 'done' }] },
      },
    ]);
    expect(await scene.items('drain#')).toMatchObject([{ record: { lifecycle: [{ answer: 'done' }] } }]);
    expect(scene.account.notifications).toHaveLength(1);
  });

  it('of an instance without a node that cannot be completed either is completed by the next', async () => {
    const scene = await sceneWith(own('drain-first'), only('spotDrain', ['lifecycleHooks: [drain-first]']));
    const instance = firstOf(scene);
    scene.kubernetes().objects.remove('nodes', undefined, instance.hostname);
    const down = { code: 'ServiceUnavailable', status: 503 };
    scene.account.failNext('autoscaling', 'CompleteLifecycleAction', down, 6);
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 290);
    expect(completionsOf(scene)).toEqual([...Array(6).fill(503), 200]);
    const [failed, again] = workersOf(scene);
    expect([failed?.ok, again?.ok]).toEqual([false, true]);
    expect(again?.requestId).toBe(failed?.requestId);
    await scene.account.settle();
    expect(scene.reasons({ reason: 'lifecycle-completed' })).toEqual([
      `instance/${instance.id} record: lifecycle-completed`,
    ]);
  });

  it('that Auto Scaling does not know by our token is completed by its instance', async () => {
    const scene = await sceneWith(own('drain-first'), only('spotDrain', ['lifecycleHooks: [drain-first]']));
    const instance = firstOf(scene);
    // As if the token were of an action before this one: the instance is held all the same.
    const stale = {
      code: 'ValidationError',
      status: 400,
      message: 'No active Lifecycle Action found with token 630aa23f-48eb-45e7-aba6-799ea6093a0f',
    };
    scene.account.failNext('autoscaling', 'CompleteLifecycleAction', stale, 2);
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 120);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { lifecycle: [{ hook: 'drain-first', answer: 'done' }] },
    });
    const asked = scene.exchanges
      .filter(({ service }) => service === 'autoscaling')
      .map(({ operation }) => operation);
    expect(asked.filter((operation) => operation === 'DescribeAutoScalingInstances')).toHaveLength(2);
    expect(asked.filter((operation) => operation === 'CompleteLifecycleAction')).toHaveLength(3);
    expect(asked.at(-1)).toBe('CompleteLifecycleAction');
  });

  it('is kept waiting past its heartbeat time-out, up to the longest that it may be held', async () => {
    const scene = await sceneWith(
      {
        nodeGroups: [],
        selfManagedGroups: [
          selfManagedGroup({ desired: 2, max: 3, terminateHook: 'drain-first', terminateHookSeconds: 60 }),
        ],
        workloads: [workload({ nodeSelector: { role: 'own' }, budget: { name: 'cart', minAvailable: 2 } })],
      },
      only('spotDrain', ['lifecycleHooks: [drain-first]', 'lifecycleHoldMinutes: 5']),
    );
    const instance = firstOf(scene);
    const [pod] = podsOn(scene, instance);
    scene.account.world.terminateByAsg(instance.id);
    await scene.pass(240);
    expect(instance.state).toBe('running');
    await scene.account.runUntilTrue(() => instance.state !== 'running', 120);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'budget-blocked',
      detail: {
        deleted: 1,
        blocked: [{ pod: `shop/${pod?.metadata.name}`, budgets: ['cart'] }],
        lifecycle: [{ answer: 'done' }],
      },
    });
    const beats = scene.exchanges.filter(({ operation }) => operation === 'RecordLifecycleActionHeartbeat');
    expect(beats.length).toBeGreaterThan(8);
  });

  it('that may be held for hours costs no function while nothing moves, and is not forgotten', async () => {
    const scene = await sceneWith(
      {
        nodeGroups: [],
        selfManagedGroups: [
          selfManagedGroup({ desired: 2, max: 3, terminateHook: 'drain-first', terminateHookSeconds: 1_200 }),
        ],
        workloads: [workload({ nodeSelector: { role: 'own' }, budget: { name: 'cart', minAvailable: 2 } })],
      },
      only('spotDrain', ['lifecycleHooks: [drain-first]', 'lifecycleHoldMinutes: 300']),
    );
    const instance = firstOf(scene);
    scene.account.world.terminateByAsg(instance.id);
    await scene.pass(7_200);
    expect(instance.state).toBe('running');
    expect(scene.verdicts({ reason: 'rests' }).length).toBeGreaterThan(10);
    expect(scene.verdicts({ reason: 'lease-expired' })).toEqual([]);
    const workers = scene.invocationsOf('spot-drain-worker');
    const busyMs = workers.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
    // A visit of a minute, a rest of five.
    expect(busyMs / 7_200_000).toBeLessThan(0.25);
    const { objects } = scene.kubernetes();
    const budget = objects.get('poddisruptionbudgets', 'shop', 'cart');
    if (budget === undefined) throw new Error('the budget is there');
    objects.update('poddisruptionbudgets', { ...budget, spec: { ...budget.spec, minAvailable: 1 } });
    await scene.account.runUntilTrue(() => instance.state !== 'running', 400);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: 1, deleted: 0, lifecycle: [{ answer: 'done' }] },
    });
    expect(scene.account.notifications).toHaveLength(1);
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
