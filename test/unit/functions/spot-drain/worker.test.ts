import { describe, expect, it } from '@jest/globals';
import { runWorker } from '../../../../functions/spot-drain/worker.ts';
import type { Clock } from '../../../../shared/core/clock.ts';
import { apiError } from '../../../fixtures/cluster-api.ts';
import { createScene, eventOf, instanceIdOf, START } from '../../../fixtures/spot-drain-scene.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';
import type { Scene } from './worker-scene.ts';
import { HELD, heldByHook, last, nodeOf, spot, startSlowly, WEB, warned, worldOf } from './worker-scene.ts';

describe('a drain', () => {
  it('evicts what can move, closes the record, and reports once everywhere', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    await scene.worker();
    expect(last(scene)).toMatchObject({
      cluster: 'staging',
      target: 'node/node-1',
      action: 'drain',
      reason: 'drained',
      mode: 'act',
      detail: {
        instanceId: instanceIdOf(1),
        owner: 'managed',
        evicted: 2,
        deleted: 0,
        blocked: [],
        remaining: [],
        skipped: [{ pod: 'shop/proxy-1', reason: 'daemonset-pod' }],
      },
    });
    expect(last(scene)?.detail?.secondsToEmpty).toBeLessThan(6);
    expect(last(scene)?.detail?.secondsToCordon).toBeCloseTo(2, 0);
    expect(scene.metrics.map(({ name, value }) => [name, Math.round(value)])).toEqual([
      ['secondsToCordon', 2],
      ['secondsToEmpty', 4],
      ['podsEvicted', 2],
      ['podsDeleted', 0],
      ['podsBlocked', 0],
      ['podsRemaining', 0],
    ]);
    expect(scene.cluster.events.map(({ reason }) => reason)).toEqual([
      'SpotDrainCordoned',
      'SpotDrainFinished',
      'SpotDrainEvicted',
      'SpotDrainEvicted',
    ]);
    expect(scene.notifications).toMatchObject([
      { cluster: 'staging', subject: 'staging: node node-1 drained' },
    ]);
    expect(await scene.record()).toMatchObject({ outcome: { reason: 'drained', evicted: 2, remaining: 0 } });
    expect(await scene.record()).not.toHaveProperty('worker');
    expect(await scene.record()).not.toHaveProperty('drain');
    expect(await scene.record()).not.toHaveProperty('outcome.untold');
  });

  it('sends every eviction under the UID that it saw', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    await scene.worker();
    const evictions = scene.cluster.calls.filter(
      ({ verb, plural }) => verb === 'create' && plural === 'pods',
    );
    expect(evictions.map(({ body }) => body)).toMatchObject([
      { kind: 'Eviction', apiVersion: 'policy/v1', deleteOptions: { preconditions: { uid: 'uid-web-1' } } },
      { kind: 'Eviction', apiVersion: 'policy/v1', deleteOptions: { preconditions: { uid: 'uid-api-1' } } },
    ]);
  });

  it('deletes what a budget holds to the end, and names the budget', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'drain',
      reason: 'budget-blocked',
      detail: { evicted: 1, deleted: 1, remaining: [], blocked: [{ pod: 'shop/cart-1', budgets: ['cart'] }] },
    });
    expect(scene.cluster.events.map(({ reason }) => reason)).toContain('SpotDrainBlocked');
    expect(scene.notifications[0]?.text).toContain('shop/cart-1 held by budget cart');
  });

  it('leaves it, and says so, where deletes are turned off', async () => {
    const scene = await warned([nodeOf(1, HELD)], { section: { deleteAtDeadline: false } });
    await scene.worker();
    expect(last(scene)).toMatchObject({
      reason: 'budget-blocked',
      detail: { evicted: 1, deleted: 0, remaining: ['shop/cart-1'] },
    });
    expect(scene.clock.now() - Date.parse('2026-11-20T03:13:50Z')).toBeLessThan(100);
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'delete')).toEqual([]);
  });

  it('reports what does not stop before the deadline', async () => {
    const scene = await warned([nodeOf(1, [{ name: 'slow', graceSeconds: 600, stopSeconds: 600 }])]);
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'drain',
      reason: 'deadline-reached',
      detail: { evicted: 1, remaining: ['shop/slow-1'] },
    });
  });

  it('names the right that is missing', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    scene.cluster.fail = (verb, plural) =>
      verb === 'create' && plural === 'pods'
        ? apiError(
            403,
            'User "u" cannot create resource "pods/eviction" in API group "" in the namespace "shop"',
          )
        : undefined;
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'drain',
      reason: 'missing-right',
      detail: { verb: 'create', resource: 'pods/eviction', evicted: 0, deleted: 2 },
    });
  });

  it('moves nothing off a node that it may not cordon: the pods would come back to it', async () => {
    const scene = createScene({ nodes: [nodeOf(1, WEB)] });
    scene.cluster.fail = (verb, plural) =>
      verb === 'patch' && plural === 'nodes'
        ? apiError(403, 'User "u" cannot patch resource "nodes" in API group ""')
        : undefined;
    await scene.intake(spot());
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'none',
      reason: 'missing-right',
      detail: { verb: 'patch', resource: 'nodes', evicted: 0, deleted: 0 },
    });
    expect(scene.cluster.calls.filter(({ verb, plural }) => verb === 'create' && plural === 'pods')).toEqual(
      [],
    );
    expect(scene.notifications).toHaveLength(1);
    expect(await scene.record()).toMatchObject({ outcome: { reason: 'missing-right' } });
  });

  it.each([
    [
      'is not allowed to',
      403,
      'Forbidden: pods is forbidden: User "u" cannot list resource "pods" in API group "" at the cluster scope',
      { reason: 'missing-right', detail: { verb: 'list', resource: 'pods' } },
    ],
    ['gets no answer', 503, 'ServiceUnavailable', { reason: 'deadline-reached', detail: {} }],
  ])('never says drained where it %s when it lists the pods', async (_what, status, words, said) => {
    const scene = await warned([nodeOf(1, WEB)]);
    scene.cluster.fail = (verb, plural) =>
      verb === 'list' && plural === 'pods' ? apiError(status, words) : undefined;
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'none',
      ...said,
      detail: { evicted: 0, error: expect.stringContaining(words), ...said.detail },
    });
  });

  it('goes on through a server that is down for a while', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    const until = scene.clock.now() + 20_000;
    scene.cluster.fail = () => (scene.clock.now() < until ? apiError(503, 'ServiceUnavailable') : undefined);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'drained', detail: { evicted: 2 } });
  });

  it('cordons the node itself where the intake could not', async () => {
    const scene = createScene({ nodes: [nodeOf(1, WEB)] });
    scene.cluster.fail = (verb) => (verb === 'patch' ? apiError(500, 'InternalError') : undefined);
    await scene.intake(spot());
    let failures = 7;
    scene.cluster.fail = (verb) =>
      verb === 'patch' && failures-- > 0 ? apiError(500, 'InternalError') : undefined;
    await scene.worker();
    expect(scene.said()).toEqual([
      'node/node-1 none cordon-failed',
      'node/node-1 cordon spot-interruption',
      'node/node-1 drain drained',
    ]);
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
    const [measured, ...others] = scene.metrics.filter(({ name }) => name === 'secondsToCordon');
    expect(others).toEqual([]);
    expect(measured?.value).toBeGreaterThan(2.5);
    expect(scene.verdicts[1]?.detail).toMatchObject({ secondsToCordon: measured?.value });
  });

  it('of a node that is gone by then closes the record', async () => {
    const scene = createScene({ nodes: [nodeOf(1, WEB)] });
    scene.cluster.fail = (verb) => (verb === 'patch' ? apiError(500, 'InternalError') : undefined);
    await scene.intake(spot());
    scene.cluster.fail = () => undefined;
    scene.cluster.remove('node-1');
    await scene.worker();
    expect(last(scene)).toMatchObject({ action: 'none', reason: 'node-gone' });
    expect(await scene.record()).toMatchObject({ outcome: { reason: 'node-gone' } });
  });
});

describe('a batch', () => {
  it('is drained at the same time, over one connection, with one notification a node', async () => {
    const scene = await warned([1, 2, 3].map((number) => nodeOf(number, WEB)));
    const start = scene.clock.now();
    await scene.worker();
    expect(scene.clock.now() - start).toBeLessThan(7_000);
    expect(scene.control.connects).toBe(2);
    expect(scene.notifications).toHaveLength(3);
  });

  it('of more than five nodes is one notification for the storm', async () => {
    const scene = await warned([1, 2, 3, 4, 5, 6].map((number) => nodeOf(number, number === 6 ? HELD : WEB)));
    await scene.worker();
    expect(scene.notifications).toHaveLength(1);
    expect(scene.notifications[0]?.subject).toBe(
      'staging: 6 nodes taken away at once: 5 drained, 1 budget-blocked',
    );
  });

  it('goes on with the others when one of its records is missing', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    const [order] = scene.orders;
    scene.orders[0] = {
      kind: 'drain',
      cluster: 'staging',
      nodes: [{ instanceId: 'i-0', nodeUid: 'x' }, ...(order?.nodes ?? [])],
    };
    await scene.worker();
    expect(scene.said().slice(1)).toEqual(['instance/i-0 none no-record', 'node/node-1 drain drained']);
  });

  it('shares one limit of evictions', async () => {
    const pods = Array.from({ length: 10 }, (_, index) => ({ name: `p${index}` }));
    const scene = await warned([nodeOf(1, pods), nodeOf(2, pods)], { section: { evictionConcurrency: 3 } });
    await scene.worker();
    expect(worldOf(scene, 1).mostAtOnce).toBeLessThanOrEqual(3);
    expect(scene.verdicts.filter(({ reason }) => reason === 'drained')).toHaveLength(2);
  });
});

describe('a worker of a storm', () => {
  const firstRequestAfter = async (notBefore: (now: number) => number): Promise<number> => {
    const scene = await warned([nodeOf(1, WEB)]);
    const [order] = scene.orders;
    if (order === undefined) throw new Error('no worker was started');
    scene.cluster.calls.length = 0;
    const startedAt = scene.clock.now();
    const asked: number[] = [];
    const { listPages } = scene.cluster;
    scene.cluster.listPages = (resource, options) => {
      asked.push(scene.clock.now() - startedAt);
      return listPages(resource, options);
    };
    scene.orders[0] = { ...order, notBefore: notBefore(startedAt) };
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'drained' });
    return asked[0] ?? Number.NaN;
  };

  it.each<[string, number, number, number]>([
    ['asks the cluster for nothing before the other nodes are cordoned', 1_500, 1_500, 1_600],
    ['holds still for two seconds at the most, whatever other clocks show', 3_600_000, 2_000, 2_100],
    ['begins at once where that time is over', -10_000, 0, 100],
  ])('%s', async (_what, holdMs, from, to) => {
    const first = await firstRequestAfter((now) => now + holdMs);
    expect(first).toBeGreaterThanOrEqual(from);
    expect(first).toBeLessThan(to);
  });
});

describe('mode', () => {
  it('observe: nothing is evicted, the verdict lists the first step', async () => {
    const scene = await warned([nodeOf(1, WEB)], { mode: 'observe' });
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'drain',
      reason: 'spot-interruption',
      mode: 'observe',
      detail: { step: 'first', wouldEvict: ['shop/web-1', 'shop/api-1'], wouldWaitFor: [] },
    });
    expect(scene.cluster.calls.filter(({ verb }) => verb !== 'get' && verb !== 'list')).toEqual([]);
    expect(scene.notifications[0]?.text).toContain('nothing was changed');
    expect(await scene.record()).toMatchObject({ outcome: { reason: 'observed', remaining: 2 } });
  });

  it('off: nothing at all', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    scene.control.mode = 'off';
    await scene.worker();
    expect(scene.said().slice(1)).toEqual(['cluster/staging none mode-off']);
  });

  it('that changes mid-drain ends it within a round, and the verdict says so', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    const changeAt = scene.clock.now() + 10_000;
    scene.control.onModeRead = () => {
      if (scene.clock.now() >= changeAt) scene.control.mode = 'observe';
    };
    await scene.worker();
    expect(scene.clock.now() - changeAt).toBeLessThan(3_000);
    expect(last(scene)).toMatchObject({
      reason: 'mode-changed',
      mode: 'observe',
      detail: { remaining: ['shop/cart-1'] },
    });
  });

  it('is read once a round for all nodes of a batch', async () => {
    const scene = await warned([1, 2, 3].map((number) => nodeOf(number, WEB)));
    let reads = 0;
    scene.control.onModeRead = () => {
      reads += 1;
    };
    const start = scene.clock.now();
    await scene.worker();
    expect(reads).toBeLessThanOrEqual((scene.clock.now() - start) / 1000 + 2);
  });
});

describe('two workers', () => {
  it('on one node: one drains, the other sees it', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    const [order] = scene.orders;
    if (order !== undefined) scene.orders.push(order);
    await Promise.all([scene.worker(), scene.worker()]);
    expect(scene.said().slice(1).sort()).toEqual([
      'node/node-1 deferred drain-in-progress',
      'node/node-1 drain drained',
    ]);
    expect(worldOf(scene, 1).requests).toHaveLength(2);
  });

  it('one after the other: the second finds it done', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    const [order] = scene.orders;
    if (order !== undefined) scene.orders.push(order);
    await scene.worker();
    await scene.worker();
    expect(last(scene)).toMatchObject({ action: 'none', reason: 'already-closed' });
    expect(scene.notifications).toHaveLength(1);
  });

  it('on one node whose lists take longer than a lease lasts: the first still has it', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    const [order] = scene.orders;
    if (order !== undefined) scene.orders.push(order);
    const { ended, verdicts } = startSlowly(scene, 18);
    await scene.clock.sleep(17_000);
    await scene.worker();
    expect(last(scene)).toMatchObject({ action: 'deferred', reason: 'drain-in-progress' });
    await ended;
    expect(verdicts).toMatchObject([{ reason: 'budget-blocked' }]);
  });

  it('when the first dies mid-drain, the second takes over within 35 seconds and evicts nothing twice', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    const [order] = scene.orders.splice(0);
    if (order === undefined) throw new Error('no worker was started');
    const diedAt = scene.clock.now() + 4_000;
    // From then on nothing that it waits for ever comes: it neither goes on nor gives anything back.
    const mortal: Clock = {
      now: () => scene.clock.now(),
      sleep: (ms, signal) =>
        scene.clock.now() >= diedAt ? new Promise<never>(() => {}) : scene.clock.sleep(ms, signal),
    };
    const call = createTestCall({ automation: 'spot-drain', clock: mortal, store: scene.store });
    void runWorker({ ...scene.deps, clock: mortal }, order, { ...call, requestId: 'mortal' });
    const sentAt = Date.parse(START);
    for (let round = 1; scene.orders.length === 0 && round <= 2; round += 1) {
      await scene.clock.sleep(sentAt + round * 20_000 - scene.clock.now());
      expect(await scene.intake(...scene.checks.splice(0).map(({ message }) => message))).toEqual([]);
    }
    expect(call.verdicts).toEqual([]);
    expect(scene.verdicts.at(-1)).toMatchObject({ reason: 'lease-expired' });
    expect(scene.clock.now() - diedAt).toBeLessThanOrEqual(35_000);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked' });
    expect(worldOf(scene, 1).requests.filter(({ name }) => name === 'web-1')).toHaveLength(1);
  });
});

describe('while a list hangs', () => {
  /** A drain whose lists take 18 s, and whose reason goes after so many seconds. Answers how long it went on. */
  const withdrawAfter = async (scene: Scene, seconds: number) => {
    const { ended, verdicts } = startSlowly(scene, 18);
    const startedAt = scene.clock.now();
    await scene.clock.sleep(seconds * 1000);
    const key = { cluster: 'staging', instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' };
    await scene.deps.records.change(key, (record) => record && { ...record, wanted: 'record' });
    await ended;
    expect(verdicts).toMatchObject([{ reason: 'event-withdrawn' }]);
    return (scene.clock.now() - startedAt) / 1000;
  };

  it('the reason for the drain goes: nothing is evicted when the list comes', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    await withdrawAfter(scene, 3);
    expect(worldOf(scene, 1).requests).toEqual([]);
  });

  it('the reason for the drain goes when some of it is done: it ends with the next round', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    expect(await withdrawAfter(scene, 20)).toBeLessThan(50);
  });

  it('a hook is kept waiting by heartbeats', async () => {
    const scene = await heldByHook(HELD);
    const { ended } = startSlowly(scene, 60);
    await scene.clock.sleep(150_000);
    const beats = scene.lifecycleCalls.filter(({ kind }) => kind === 'heartbeat').map(({ at }) => at);
    expect(beats.length).toBeGreaterThan(5);
    expect(Math.max(...beats.slice(1).map((at, index) => at - (beats[index] ?? 0)))).toBeLessThan(30_000);
    await ended;
  });
});

describe('a worker near its end', () => {
  it('hands over with its state, and the next one finishes', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    await scene.worker({ remainingMs: 30_000 });
    expect(scene.said().at(-1)).toBe('node/node-1 deferred handed-over');
    expect(await scene.record()).toMatchObject({ drain: { lists: expect.any(Number) } });
    expect(scene.orders).toHaveLength(1);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { evicted: 1, deleted: 1 } });
    expect(worldOf(scene, 1).requests.filter(({ name }) => name === 'web-1')).toHaveLength(1);
  });
});

describe('events that come while it drains', () => {
  it('an earlier deadline is taken over', async () => {
    const scene = createScene({ nodes: [nodeOf(1, HELD)] });
    await scene.intake(eventOf('autoscaling-terminate-lifecycle'));
    const draining = scene.worker();
    await scene.clock.sleep(30_000);
    await scene.intake(eventOf('ec2-spot-interruption', { time: '2026-11-20T03:12:30Z' }));
    await draining;
    expect(scene.clock.now()).toBeLessThanOrEqual(Date.parse('2026-11-20T03:14:20Z'));
    expect(last(scene)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
  });

  it('the instance goes: the drain ends and says how many pods were left', async () => {
    const scene = await warned([nodeOf(1, HELD)]);
    const draining = scene.worker();
    await scene.clock.sleep(30_000);
    await scene.intake(eventOf('ec2-state-change', { time: '2026-11-20T03:12:32Z' }));
    await draining;
    expect(last(scene)).toMatchObject({
      reason: 'instance-gone',
      detail: { evicted: 1, remaining: ['shop/cart-1'] },
    });
    expect(scene.verdicts.find(({ reason }) => reason === 'instance-shutting-down')?.detail).toMatchObject({
      podsRemaining: 1,
    });
    expect(scene.clock.now()).toBeLessThan(Date.parse('2026-11-20T03:12:45Z'));
  });
});

describe('when the cluster cannot be reached', () => {
  it('the invocation fails with a verdict, so that Lambda tries again', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    scene.control.connectError = new Error('no route');
    await expect(scene.worker()).rejects.toThrow('no route');
    expect(last(scene)).toMatchObject({
      target: 'cluster/staging',
      action: 'none',
      reason: 'cluster-unreachable',
    });
  });

  it('an order for a cluster that is not configured is refused', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    const [order] = scene.orders;
    if (order !== undefined) scene.orders[0] = { ...order, cluster: 'elsewhere' };
    await expect(scene.worker()).rejects.toThrow('not configured');
  });
});
