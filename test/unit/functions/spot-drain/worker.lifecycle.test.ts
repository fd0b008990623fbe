import { describe, expect, it } from '@jest/globals';
import { isoTime } from '../../../../shared/core/clock.ts';
import type { SceneOptions } from '../../../fixtures/spot-drain-scene.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';
import type { Scene } from './worker-scene.ts';
import { HELD, heldByHook, last, nextCheck, nodeOf, WEB, warned, worldOf } from './worker-scene.ts';

const completions = (scene: Scene) => scene.lifecycleCalls.filter(({ kind }) => kind === 'complete');
const spotAt = (at: number) =>
  eventOf('ec2-spot-interruption', { time: isoTime(at).replace('.000Z', 'Z'), id: 'late-warning' });

describe('an Auto Scaling hook', () => {
  it('is let go as soon as the node is empty', async () => {
    const scene = await heldByHook(WEB);
    await scene.worker();
    expect(completions(scene).map(({ action }) => action)).toEqual([
      {
        group: 'my-asg',
        hook: 'drain-before-terminate',
        token: '630aa23f-48eb-45e7-aba6-799ea6093a0f',
        instanceId: instanceIdOf(1),
      },
    ]);
    expect(last(scene)).toMatchObject({
      reason: 'drained',
      detail: { lifecycle: [{ hook: 'drain-before-terminate', answer: 'done' }] },
    });
  });

  it('is kept waiting by heartbeats, and let go at the deadline', async () => {
    const scene = await heldByHook(HELD);
    await scene.worker();
    const beats = scene.lifecycleCalls.filter(({ kind }) => kind === 'heartbeat').map(({ at }) => at);
    expect(beats.length).toBeGreaterThan(30);
    expect(Math.max(...beats.slice(1).map((at, index) => at - (beats[index] ?? 0)))).toBeLessThan(30_000);
    expect(completions(scene)).toHaveLength(1);
    expect(scene.clock.now()).toBeLessThanOrEqual(Date.parse('2026-11-20T03:27:01Z'));
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
  });

  it('that Auto Scaling no longer waits for is said to be over', async () => {
    const scene = await heldByHook(WEB);
    scene.control.lifecycleAnswer = async () => 'over';
    await scene.worker();
    expect(last(scene)?.detail).toMatchObject({ lifecycle: [{ answer: 'over' }] });
  });

  it('that comes while a drain without hurry goes on gets its heartbeats: the drain does not rest', async () => {
    const section = { lifecycleHoldMinutes: 120 };
    const scene = createScene({ nodes: [nodeOf(1, HELD)], section });
    const affectedEntities = [{ entityValue: instanceIdOf(1) }];
    await scene.intake(eventOf('health-retirement', { detail: { affectedEntities } }));
    const draining = scene.worker();
    await scene.clock.sleep(20_000);
    await scene.intake(eventOf('autoscaling-terminate-lifecycle', { time: '2026-11-20T03:12:20Z' }));
    await draining;
    const beats = scene.lifecycleCalls.filter(({ kind }) => kind === 'heartbeat').map(({ at }) => at);
    expect(beats.length).toBeGreaterThan(30);
    expect(scene.said().filter((line) => line.endsWith('deferred rests'))).toEqual([]);
    expect(scene.said().at(-1)).toBe('node/node-1 deferred handed-over');
  });

  it('that cannot be completed stays open and fails the invocation, so that it is tried again', async () => {
    const scene = await heldByHook(WEB);
    const [order] = scene.orders;
    scene.control.lifecycleAnswer = async () => {
      throw new Error('throttled');
    };
    const call = await scene.worker();
    expect(call.failures).toHaveLength(1);
    scene.control.lifecycleAnswer = async () => 'done';
    if (order !== undefined) scene.orders.push(order);
    await scene.worker();
    expect(last(scene)).toMatchObject({ action: 'record', reason: 'lifecycle-completed' });
    expect(worldOf(scene, 1).requests).toHaveLength(2);
  });

  it('that comes after the drain is completed without another one', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    await scene.worker();
    await scene.intake(eventOf('autoscaling-terminate-lifecycle'));
    await scene.worker();
    expect(completions(scene)).toHaveLength(1);
    expect(last(scene)).toMatchObject({ action: 'record', reason: 'lifecycle-completed' });
  });

  it('that Auto Scaling does not know yet is asked again, by its instance, until it does', async () => {
    const scene = await heldByHook(WEB);
    let refusals = 2;
    const leasedMs: number[] = [];
    scene.control.lifecycleAnswer = async () => {
      leasedMs.push(((await scene.record())?.worker?.until ?? 0) - scene.clock.now());
      return refusals-- > 0 ? 'over' : 'done';
    };
    scene.control.isHeld = () => true;
    await scene.worker();
    // Whoever looks meanwhile finds the lease held.
    expect(leasedMs[0]).toBeGreaterThan(14_000);
    expect(completions(scene).map(({ action }) => action.token !== undefined)).toEqual([true, false, false]);
    expect(last(scene)?.detail).toMatchObject({ lifecycle: [{ answer: 'done' }] });
    expect((await scene.record())?.lifecycle).toMatchObject([{ answer: 'done' }]);
  });

  it('whose instance another hook holds is over after some tries, and that is said', async () => {
    const scene = await heldByHook(WEB);
    scene.control.lifecycleAnswer = async () => 'over';
    scene.control.isHeld = () => true;
    await scene.worker();
    expect(completions(scene)).toHaveLength(4);
    expect(last(scene)?.detail).toMatchObject({ lifecycle: [{ answer: 'over', heldByOthers: true }] });
    expect((await scene.record())?.lifecycle).toMatchObject([{ answer: 'over' }]);
  });

  it('that is over while the node still drains gets no more heartbeats, and the drain goes on', async () => {
    const scene = await heldByHook(HELD);
    scene.control.heartbeatAnswer = async () => 'over';
    await scene.worker();
    expect(scene.lifecycleCalls.map(({ kind }) => kind)).toEqual(['heartbeat']);
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
  });

  it('that Auto Scaling does not know at a heartbeat but waits for is kept', async () => {
    const scene = await heldByHook(HELD);
    scene.control.heartbeatAnswer = async () => 'over';
    scene.control.isHeld = () => true;
    await scene.worker();
    expect(scene.lifecycleCalls.filter(({ kind }) => kind === 'heartbeat').length).toBeGreaterThan(30);
  });

  it('whose heartbeat never comes back holds up no round of the drain', async () => {
    const scene = await heldByHook(WEB);
    scene.control.heartbeatAnswer = () => new Promise<never>(() => {});
    const working = scene.worker();
    await scene.clock.sleep(60_000);
    expect(worldOf(scene, 1).requests).toHaveLength(2);
    void working;
  });
});

describe('a hook that is held for hours', () => {
  const HOURS: SceneOptions = { section: { lifecycleHoldMinutes: 600 } };

  it('is not waited for in a function: the drain rests, and goes on when it is looked at again', async () => {
    const scene = await heldByHook(HELD, HOURS);
    const startedAt = scene.clock.now();
    await scene.worker();
    expect(scene.said().at(-1)).toBe('node/node-1 deferred rests');
    expect(scene.clock.now() - startedAt).toBeLessThan(90_000);
    const record = await scene.record();
    expect(record).not.toHaveProperty('worker');
    expect(record?.rests?.until).toBeGreaterThan(scene.clock.now() + 60_000);
    expect(record?.drain?.lists).toBeGreaterThan(10);
    // The last thing before it rests is a heartbeat, so that the hook waits as long as it may.
    expect(scene.lifecycleCalls.at(-1)).toMatchObject({ kind: 'heartbeat' });
    expect(scene.clock.now() - (scene.lifecycleCalls.at(-1)?.at ?? 0)).toBeLessThan(1_000);

    while (scene.orders.length === 0) await nextCheck(scene);
    expect(scene.clock.now()).toBeGreaterThanOrEqual(record?.rests?.until ?? 0);
    worldOf(scene, 1).room.set('cart', 1);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'drained', detail: { evicted: 2, deleted: 0 } });
    expect(completions(scene)).toHaveLength(1);
    expect(worldOf(scene, 1).requests.filter(({ name }) => name === 'web-1')).toHaveLength(1);
  });

  it('is looked at twice in each heartbeat time-out', async () => {
    const scene = await heldByHook(HELD, HOURS);
    scene.control.hookTimes = { heartbeatSeconds: 240, globalSeconds: 24_000 };
    await scene.worker();
    expect(((await scene.record())?.rests?.until ?? 0) - scene.clock.now()).toBeLessThanOrEqual(120_000);
  });

  it('is waited for where its heartbeat time-out leaves no time to rest', async () => {
    const scene = await heldByHook(HELD, HOURS);
    scene.control.hookTimes = { heartbeatSeconds: 60, globalSeconds: 6_000 };
    await scene.worker();
    expect(scene.said().at(-1)).toBe('node/node-1 deferred handed-over');
    const beats = scene.lifecycleCalls.map(({ at }) => at);
    expect(Math.max(...beats.slice(1).map((at, index) => at - (beats[index] ?? 0)))).toBeLessThan(30_000);
  });

  it('is waited for where Auto Scaling does not say how often it has to be renewed', async () => {
    const scene = await heldByHook(HELD, HOURS);
    scene.control.hookTimes = new Error('AccessDenied');
    await scene.worker();
    expect(scene.said().at(-1)).toBe('node/node-1 deferred handed-over');
    expect(scene.warnings.some((text) => text.startsWith('the times of a hook are not known'))).toBe(true);
  });

  it('ends before Auto Scaling loses its patience: pods still get their grace', async () => {
    const scene = await heldByHook(HELD, HOURS);
    // 100 x 30 s, the shortest that there is.
    scene.control.hookTimes = { heartbeatSeconds: 30, globalSeconds: 3_000 };
    const endsAt = Date.parse('2026-11-20T03:12:00Z') + 3_000_000;
    for (let visits = 0; scene.orders.length > 0 && visits < 10; visits += 1) await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
    const deletes = worldOf(scene, 1).calls.filter(({ kind }) => kind === 'delete');
    // Its grace of 30 s, the planner's margin of 5 s, the deadline's of 10 s.
    expect((endsAt - (deletes[0]?.at ?? 0)) / 1000).toBeCloseTo(45, 0);
    expect(completions(scene)).toHaveLength(1);
  });

  it('and whose instance AWS then takes within two minutes does not sleep through them', async () => {
    const scene = await heldByHook(HELD, HOURS);
    await scene.worker();
    const warnedAt = Math.floor(scene.clock.now() / 1000) * 1000;
    await scene.intake(spotAt(warnedAt));
    expect(scene.orders).toHaveLength(1);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
    expect(scene.clock.now()).toBeLessThanOrEqual(warnedAt + 110_000);
  });

  it('ends by the deadline rule', async () => {
    const scene = await heldByHook(HELD, HOURS);
    const endsAt = Date.parse('2026-11-20T13:12:00Z');
    for (let visits = 0; scene.orders.length > 0 && visits < 300; visits += 1) {
      await scene.worker();
      while (scene.orders.length === 0 && scene.checks.length > 0 && last(scene)?.reason === 'rests') {
        await nextCheck(scene);
      }
    }
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { evicted: 1, deleted: 1 } });
    expect(scene.clock.now()).toBeLessThanOrEqual(endsAt);
    expect(completions(scene)).toHaveLength(1);
  });
});
