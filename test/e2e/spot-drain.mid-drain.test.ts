import { describe, expect, it } from '@jest/globals';
import { acceptedUids, putPod, watchRequests } from './support/drain-pods.ts';
import { only, useScenes } from './support/scene.ts';
import { nodeGroup, START, selfManagedGroup, workload } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  instancesOf,
  nodeOf,
  podsOn,
  sceneWith,
  secondsSince,
  warning,
} from './support/spot-drain.ts';

useScenes();

describe('a token', () => {
  it('that expires in the middle of a drain is renewed, once for all that were refused', async () => {
    const scene = await sceneWith(
      { workloads: [workload({ replicas: 40 })] },
      only('spotDrain', ['evictionDelaySeconds: 5', 'evictionConcurrency: 5', 'evictionsPerSecond: 5']),
    );
    const instance = firstOf(scene);
    const uids = podsOn(scene, instance).map(({ metadata }) => metadata.uid);
    expect(uids.length).toBeGreaterThan(15);
    const requests = watchRequests(scene);
    scene.account.world.interrupt(instance.id);
    await scene.pass(3);
    const [first] = requests.of('list', 'pods');
    const expired = first?.token ?? '';
    // One is refused at once, the others of its burst when there is another token already.
    const evictionsWithIt = { resource: 'pods/eviction', token: expired };
    scene.kubernetes().failNext(evictionsWithIt, { status: 401 });
    scene.kubernetes().failNext(evictionsWithIt, { status: 401, afterMs: 1_500 }, 1_000);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: uids.length, deleted: 0 },
    });
    const evictions = requests.of('create', 'pods/eviction');
    const refused = evictions.filter(({ code }) => code === 401);
    expect(refused.length).toBeGreaterThan(1);
    expect(new Set(refused.map(({ token }) => token))).toEqual(new Set([expired]));
    expect(acceptedUids(requests)).toEqual([...uids].sort());
    expect(evictions).toHaveLength(uids.length + refused.length);
    // What was refused was sent again with the new one, and so was everything after it, in other seconds.
    const accepted = evictions.filter(({ code }) => code === 201);
    expect(new Set(accepted.map(({ second }) => Math.floor(second))).size).toBeGreaterThan(1);
    expect(new Set(accepted.map(({ token }) => token)).size).toBe(1);
    expect(secondsSince(scene)).toBeLessThan(30);
  });
});

describe('an API server under pressure', () => {
  it('that asks one of them to wait is left alone by all drains of the batch', async () => {
    const scene = await sceneWith(
      { nodeGroups: [nodeGroup({ desired: 3, max: 4 })], workloads: [] },
      only('spotDrain', ['evictionConcurrency: 2']),
    );
    const nodes = instancesOf(scene).slice(0, 2);
    for (const [index, instance] of nodes.entries()) {
      for (const pod of ['a', 'b', 'c']) putPod(scene, instance, { name: `${pod}-${index}` });
    }
    const busy = { status: 429, headers: { 'retry-after': '6' } };
    scene.kubernetes().failNext({ verb: 'create', resource: 'pods/eviction' }, busy, 2);
    const requests = watchRequests(scene);
    for (const { id } of nodes) scene.account.putEvent(warning(scene, id));
    await scene.account.settle();
    const evictions = requests.of('create', 'pods/eviction');
    const refusedAt = evictions.filter(({ code }) => code === 429).map(({ second }) => second);
    expect(refusedAt).toHaveLength(2);
    const pause = evictions.filter(
      ({ second }) => second > Math.max(...refusedAt) && second < Math.min(...refusedAt) + 6,
    );
    expect(pause).toEqual([]);
    expect(evictions.filter(({ code }) => code === 201)).toHaveLength(6);
    for (const instance of nodes) {
      expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 3 } });
    }
  });
});

describe('pods that wait for their turn to be evicted', () => {
  /** One request a second. */
  const SLOWLY = ['evictionConcurrency: 1', 'evictionsPerSecond: 1'];
  const names = Array.from({ length: 8 }, (_, index) => `pod-${index}`);

  it('stay where they are once the mode says so, also while the function drains another node later', async () => {
    const scene = await sceneWith({ workloads: [] }, only('spotDrain', SLOWLY));
    const [instance, another] = instancesOf(scene);
    if (instance === undefined || another === undefined) throw new Error('there are two');
    for (const name of names) putPod(scene, instance, { name });
    const requests = watchRequests(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(4);
    await scene.setModes({ automations: { 'spot-drain': 'off' } });
    await scene.pass(20);
    const asked = requests.of('create', 'pods/eviction').length;
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(names.length - 1);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'mode-changed',
      detail: { evicted: asked },
    });
    await scene.setModes({ automations: { 'spot-drain': 'act' } });
    putPod(scene, another, { name: 'another' });
    scene.account.putEvent(warning(scene, another.id));
    await scene.pass(60);
    expect(drainVerdict(scene, another)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
    expect(podsOn(scene, instance)).toHaveLength(names.length - asked);
  });

  it('are asked once, though a warning brings the deadline of a hook forward meanwhile', async () => {
    const scene = await sceneWith(
      {
        nodeGroups: [],
        selfManagedGroups: [selfManagedGroup({ terminateHook: 'drain-first', terminateHookSeconds: 300 })],
        workloads: [],
      },
      only('spotDrain', ['lifecycleHooks: [drain-first]', ...SLOWLY]),
    );
    const instance = firstOf(scene);
    for (const name of names) putPod(scene, instance, { name });
    const requests = watchRequests(scene);
    scene.account.world.terminateByAsg(instance.id);
    await scene.pass(4);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.runUntilTrue(() => drainVerdict(scene, instance) !== undefined, 120);
    const evicted = requests.of('create', 'pods/eviction').map(({ name }) => name);
    expect(evicted.sort()).toEqual(names);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 8 } });
    const { detail } = drainVerdict(scene, instance) ?? {};
    expect(Date.parse(String(detail?.deadlineAt))).toBeLessThan(START + 115_000);
  });
});

describe('an API server that is down', () => {
  const down = { status: 503 };

  it('for a while has its pods evicted afterwards, and is asked less and less often meanwhile', async () => {
    const scene = await sceneWith({ workloads: [workload({ replicas: 8 })] });
    const instance = firstOf(scene);
    const pods = podsOn(scene, instance).length;
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, down, 8);
    scene.kubernetes().failNext({ verb: 'create', resource: 'pods/eviction' }, down, 3 * pods);
    const requests = watchRequests(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: pods, deleted: 0, remaining: [] },
    });
    const lists = requests.of('list', 'pods').filter(({ code }) => code === 503);
    const waits = lists.slice(1).map(({ second }, index) => Math.round(second - (lists[index]?.second ?? 0)));
    expect(waits).toEqual([1, 1, 2, 4, 5, 5, 5]);
    // Each pod is looked at again before it is asked about again.
    expect(requests.of('create', 'pods/eviction')).toHaveLength(4 * pods);
    expect(secondsSince(scene)).toBeLessThan(110);
  });

  it('to the end: nothing is claimed that nobody saw', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, down, 1_000);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      action: 'none',
      reason: 'deadline-reached',
      detail: { evicted: 0, deleted: 0, error: expect.stringContaining('503') },
    });
    expect(Date.parse(drainVerdict(scene, instance)?.at ?? '')).toBeLessThan(START + 112_000);
    expect(podsOn(scene, instance)).toHaveLength(1);
  });
});

describe('a node that vanishes while it is drained', () => {
  const blocked = { workloads: [workload({ budget: { name: 'cart', minAvailable: 2 } })] };

  it('ends the drain, and the verdict says so', async () => {
    const scene = await sceneWith(blocked);
    const instance = firstOf(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(10);
    scene.kubernetes().objects.remove('nodes', undefined, instance.hostname);
    for (const { metadata } of podsOn(scene, instance)) {
      scene.kubernetes().objects.remove('pods', metadata.namespace, metadata.name);
    }
    await scene.pass(10);
    expect(drainVerdict(scene, instance)).toMatchObject({
      action: 'none',
      reason: 'node-gone',
      detail: { evicted: 0, deleted: 0 },
    });
    await scene.account.settle();
    expect(await scene.items('drain#')).toMatchObject([{ record: { outcome: { reason: 'node-gone' } } }]);
  });

  it('and is another one of its name by then: the pods of that one stay', async () => {
    const scene = await sceneWith(blocked);
    const instance = firstOf(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(10);
    const { objects } = scene.kubernetes();
    const { metadata, ...node } = nodeOf(scene, instance);
    objects.remove('nodes', undefined, instance.hostname);
    for (const pod of podsOn(scene, instance))
      objects.remove('pods', pod.metadata.namespace, pod.metadata.name);
    objects.create('nodes', { ...node, metadata: { name: metadata.name, labels: metadata.labels ?? {} } });
    const requests = watchRequests(scene);
    putPod(scene, instance, { name: 'stranger' });
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'node-gone' });
    expect(requests.of('create', 'pods/eviction', 'stranger')).toEqual([]);
    expect(podsOn(scene, instance).map((pod) => pod.metadata.name)).toContain('stranger');
  });
});

describe('namespaces that end', () => {
  it('refuse an eviction for a moment, which is tried again', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const [pod] = podsOn(scene, instance);
    const ending = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      message: 'unable to create new content in namespace shop because it is being terminated',
      reason: 'Forbidden',
      details: { causes: [{ reason: 'NamespaceTerminating', message: 'shop is being terminated' }] },
      code: 403,
    };
    scene
      .kubernetes()
      .failNext({ verb: 'create', resource: 'pods/eviction' }, { status: 403, body: ending }, 2);
    const requests = watchRequests(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
    const tries = requests.of('create', 'pods/eviction', pod?.metadata.name);
    expect(tries.map(({ code }) => code)).toEqual([403, 403, 201]);
  });
});

describe('Lambda', () => {
  const blocked = workload({ budget: { name: 'cart', minAvailable: 2 } });

  it('that ends a worker in the middle of a drain has it taken over by another within 35 seconds', async () => {
    const scene = await sceneWith({ workloads: [blocked] });
    const instance = firstOf(scene);
    // The execution environment is gone without a word, as when memory runs out: at its tenth list.
    scene.account.killAt('spot-drain-worker', {
      request: 10,
      when: 'before-send',
      service: 'kubernetes',
      contains: 'fieldSelector=spec.nodeName',
    });
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    const [first, second] = [...scene.invocationsOf('spot-drain-worker')].sort(
      (a, b) => a.startedAt - b.startedAt,
    );
    expect(first).toMatchObject({ ok: false });
    expect(((second?.startedAt ?? 0) - (first?.endedAt ?? 0)) / 1000).toBeLessThanOrEqual(35);
    expect((first?.endedAt ?? 0) - START).toBeGreaterThan(5_000);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
  });

  it('whose 15 minutes are over has the drain go on in the next invocation', async () => {
    const scene = await sceneWith(
      {
        nodeGroups: [],
        selfManagedGroups: [
          selfManagedGroup({ desired: 2, max: 3, terminateHook: 'drain-first', terminateHookSeconds: 3_600 }),
        ],
        workloads: [workload({ nodeSelector: { role: 'own' }, budget: { name: 'cart', minAvailable: 2 } })],
      },
      only('spotDrain', ['lifecycleHooks: [drain-first]', 'deleteAtDeadline: false']),
    );
    const instance = firstOf(scene);
    const startedAt = scene.account.clock.now();
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => instance.state !== 'running', 1_000);
    await scene.account.settle();
    expect(scene.reasons({ action: 'deferred' })).toEqual([
      `node/${instance.hostname} deferred: handed-over`,
    ]);
    expect(scene.invocationsOf('spot-drain-worker').map(({ ok }) => ok)).toEqual([true, true]);
    const verdict = drainVerdict(scene, instance);
    expect(verdict).toMatchObject({ reason: 'budget-blocked', detail: { lifecycle: [{ answer: 'done' }] } });
    expect((Date.parse(verdict?.at ?? '') - startedAt) / 1000).toBeCloseTo(900, -1);
  });
});

describe('two functions on one node', () => {
  it('one drains, the other sees it', async () => {
    const scene = await sceneWith({ workloads: [workload({ replicas: 8 })] });
    const instance = firstOf(scene);
    const pods = podsOn(scene, instance).map(({ metadata }) => metadata.name);
    const { uid } = nodeOf(scene, instance).metadata;
    const order = {
      kind: 'drain',
      cluster: 'staging',
      nodes: [{ instanceId: instance.id, nodeUid: uid }],
    };
    const requests = watchRequests(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.runUntilTrue(() => requests.of('list', 'pods').length > 0, 10);
    await scene.account.invoke('spot-drain-worker', order);
    await scene.account.settle();
    expect(scene.reasons({ action: 'deferred' })).toEqual([
      `node/${instance.hostname} deferred: drain-in-progress`,
    ]);
    expect(
      requests
        .of('create', 'pods/eviction')
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...pods].sort());
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: pods.length },
    });
    expect(scene.account.notifications).toHaveLength(1);
  });
});
