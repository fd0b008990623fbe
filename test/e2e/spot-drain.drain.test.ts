import { describe, expect, it } from '@jest/globals';
import { isTerminating } from '../../infra/local/kubernetes/objects.ts';
import { eventsOn, metricsOf, putBudget, putPod, watchRequests } from './support/drain-pods.ts';
import { only, useScenes } from './support/scene.ts';
import { nodeGroup, workload } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  instancesOf,
  nodeOf,
  podsOn,
  sceneWith,
  warning,
} from './support/spot-drain.ts';

useScenes();

/** Two nodes with nothing to move; each test puts its own pods on the first. */
const emptyScene = async (lines: readonly string[] = []) => {
  const scene = await sceneWith({ workloads: [] }, only('spotDrain', lines));
  const instance = firstOf(scene);
  const warn = async () => {
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
  };
  return { scene, instance, warn };
};

describe('what a drain sends', () => {
  it('is one patch to cordon, one list a round, one list of budgets and one eviction a pod', async () => {
    const scene = await sceneWith({
      nodeGroups: [
        nodeGroup({ desired: 1 }),
        nodeGroup({ name: 'rest', labels: { role: 'other' }, desired: 1 }),
      ],
      workloads: [workload({ replicas: 25, stopSeconds: 1 })],
    });
    const instance = firstOf(scene);
    const names = podsOn(scene, instance).map(({ metadata }) => metadata.name);
    expect(names).toHaveLength(25);
    const requests = watchRequests(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 25 } });
    expect(requests.of('patch', 'nodes')).toHaveLength(1);
    expect(requests.of('list', 'poddisruptionbudgets')).toHaveLength(1);
    expect(
      requests
        .of('create', 'pods/eviction')
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...names].sort());
    const lists = requests.of('list', 'pods').map(({ second }) => second);
    expect(lists.length).toBeGreaterThan(2);
    // A list a second at the most: no pod is ever asked about by itself.
    expect(Math.min(...lists.slice(1).map((at, index) => at - (lists[index] ?? 0)))).toBeGreaterThanOrEqual(
      1,
    );
    expect(requests.of('get', 'pods')).toEqual([]);
  });

  it('finds the pod that the scheduler bound late', async () => {
    const { scene, instance } = await emptyScene();
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(3);
    putPod(scene, instance, { name: 'late' });
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
  });
});

describe('which pods', () => {
  it('those that can be moved; the others are named with the reason', async () => {
    const { scene, instance, warn } = await emptyScene();
    const mirror = { 'kubernetes.io/config.mirror': 'x' };
    putPod(scene, instance, { name: 'web' });
    putPod(scene, instance, { name: 'starting', phase: 'Pending' });
    putPod(scene, instance, { name: 'done', phase: 'Succeeded' });
    putPod(scene, instance, { name: 'static', annotations: mirror });
    putPod(scene, instance, { name: 'everywhere', tolerations: [{ operator: 'Exists' }] });
    putPod(scene, instance, { name: 'quiet', annotations: { 'eks-caretaker/keep-on-node': 'yes' } });
    await warn();
    const detail = drainVerdict(scene, instance)?.detail;
    expect(detail).toMatchObject({ evicted: 2, remaining: [] });
    expect(detail?.skipped).toEqual(
      expect.arrayContaining([
        { pod: 'shop/done', reason: 'finished' },
        { pod: 'shop/everywhere', reason: 'tolerates-taint' },
        { pod: 'shop/quiet', reason: 'opted-out' },
        { pod: 'shop/static', reason: 'mirror-pod' },
      ]),
    );
    expect(eventsOn(scene, 'web')).toEqual(['SpotDrainEvicted']);
    expect(eventsOn(scene, 'quiet')).toEqual(['SpotDrainSkipped']);
  });

  it('never one whose end has begun: it is awaited, with the grace that it was given', async () => {
    const { scene, instance, warn } = await emptyScene();
    const { metadata } = putPod(scene, instance, { name: 'leaving', graceSeconds: 90, stopSeconds: 60 });
    scene.kubernetes().call('DELETE', `/api/v1/namespaces/shop/pods/${metadata.name}`);
    const requests = watchRequests(scene);
    await warn();
    expect(requests.of('create', 'pods/eviction')).toEqual([]);
    expect(requests.of('delete', 'pods')).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: 0, deleted: 0, secondsToEmpty: expect.any(Number) },
    });
    expect(Number(drainVerdict(scene, instance)?.detail?.secondsToEmpty)).toBeGreaterThanOrEqual(60);
  });

  it('of DaemonSets where that is asked for, last of all', async () => {
    const { scene, instance, warn } = await emptyScene(['includeDaemonSets: true']);
    putPod(scene, instance, { name: 'agent', owner: 'DaemonSet' });
    putPod(scene, instance, { name: 'web', stopSeconds: 4 });
    const requests = watchRequests(scene);
    await warn();
    const evictions = requests
      .of('create', 'pods/eviction')
      .map(({ name, second }) => [name, Math.floor(second)]);
    expect(evictions[0]).toEqual(['web', 0]);
    // It goes once the other is gone, which takes four seconds.
    expect(evictions).toContainEqual(['agent', 4]);
  });

  it('in the order of their priority where that is asked for', async () => {
    const { scene, instance, warn } = await emptyScene(['evictionOrder: by-priority']);
    putPod(scene, instance, { name: 'critical', priority: 2_000_000_000 });
    putPod(scene, instance, { name: 'batch', priority: -10 });
    putPod(scene, instance, { name: 'web' });
    const requests = watchRequests(scene);
    await warn();
    expect(requests.of('create', 'pods/eviction').map(({ name }) => name)).toEqual([
      'batch',
      'web',
      'critical',
    ]);
  });

  it('of a namespace that opted out, where namespaces are asked', async () => {
    const { scene, instance, warn } = await emptyScene(['namespaceOptOuts: true']);
    putPod(scene, instance, { name: 'books', namespace: 'ledger' });
    putPod(scene, instance, { name: 'web' });
    const { objects } = scene.kubernetes();
    const ledger = objects.get('namespaces', undefined, 'ledger');
    if (ledger === undefined) throw new Error('the namespace was made with the pod');
    const annotations = { 'eks-caretaker/keep-on-node': 'true' };
    objects.update('namespaces', { ...ledger, metadata: { ...ledger.metadata, annotations } });
    await warn();
    expect(podsOn(scene, instance).map(({ metadata }) => metadata.name)).toEqual(['books']);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
  });
});

describe('budgets', () => {
  it('that get room are noticed, and the others of theirs follow at once', async () => {
    const { scene, instance } = await emptyScene();
    for (let number = 0; number < 6; number += 1) {
      const pod = putPod(scene, instance, { name: `web-${number}` });
      const { objects } = scene.kubernetes();
      objects.update('pods', { ...pod, metadata: { ...pod.metadata, labels: { app: 'web' } } });
    }
    putBudget(scene, 'web', 'web', { minAvailable: 6 });
    const requests = watchRequests(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(20);
    expect(podsOn(scene, instance)).toHaveLength(6);
    // One asks for all: fewer than two dozen requests in twenty seconds, where each by itself would send 60.
    expect(requests.of('create', 'pods/eviction').length).toBeLessThan(24);
    const { objects } = scene.kubernetes();
    const budget = objects.get('poddisruptionbudgets', 'shop', 'web');
    if (budget === undefined) throw new Error('the budget is there');
    objects.update('poddisruptionbudgets', {
      ...budget,
      metadata: { ...budget.metadata, generation: (budget.metadata.generation ?? 1) + 1 },
      spec: { ...budget.spec, minAvailable: 0 },
    });
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: 6, deleted: 0, blocked: [] },
    });
    const last = Math.max(...requests.of('create', 'pods/eviction').map(({ second }) => second));
    expect(last).toBeLessThan(26);
  });

  it('let an unready pod go where their policy says so, and hold the others', async () => {
    const { scene, instance, warn } = await emptyScene(['deleteAtDeadline: false']);
    for (const [name, ready] of [
      ['sick', false],
      ['well', true],
    ] as const) {
      const pod = putPod(scene, instance, { name, ready });
      scene.kubernetes().objects.update('pods', {
        ...pod,
        metadata: { ...pod.metadata, labels: { app: 'web' } },
      });
    }
    putBudget(scene, 'web', 'web', { minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
    await warn();
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'budget-blocked',
      detail: { evicted: 1, blocked: [{ pod: 'shop/well', budgets: ['web'] }], remaining: ['shop/well'] },
    });
    expect(eventsOn(scene, 'well')).toEqual(['SpotDrainBlocked']);
  });

  it('two on one pod: not asked again soon, deleted in time, both named', async () => {
    const { scene, instance, warn } = await emptyScene();
    putPod(scene, instance, { name: 'web' });
    putBudget(scene, 'one', 'web');
    putBudget(scene, 'two', 'web');
    const requests = watchRequests(scene);
    await warn();
    expect(requests.of('create', 'pods/eviction').length).toBeLessThanOrEqual(4);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'budget-blocked',
      detail: { deleted: 1, blocked: [{ pod: 'shop/web', budgets: ['one', 'two'] }] },
    });
    expect(eventsOn(scene, 'web')).toEqual(['SpotDrainDeleted']);
  });
});

describe('the deadline', () => {
  it('clamps the grace of a pod that has more than the time left, and never to 0', async () => {
    const { scene, instance, warn } = await emptyScene();
    const pod = putPod(scene, instance, { name: 'slow', graceSeconds: 600, stopSeconds: 600 });
    putBudget(scene, 'slow', 'slow');
    const requests = watchRequests(scene);
    const graces: (number | undefined)[] = [];
    scene.kubernetes().objects.watch(({ type, resource, object }) => {
      if (resource === 'pods' && type === 'MODIFIED' && object.metadata.uid === pod.metadata.uid) {
        if (isTerminating(object)) graces.push(object.metadata.deletionGracePeriodSeconds);
      }
    });
    await warn();
    expect(graces[0]).toBeGreaterThanOrEqual(108);
    expect(graces[0]).toBeLessThanOrEqual(110);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 1 } });
    const evictions = requests
      .of('create', 'pods/eviction')
      .map(({ body }) => JSON.parse(body).deleteOptions);
    const deletes = requests.of('delete', 'pods').map(({ body }) => JSON.parse(body));
    expect([evictions.length, deletes.length]).toEqual([1, 1]);
    const { uid, resourceVersion } = pod.metadata;
    for (const { preconditions, gracePeriodSeconds } of [...evictions, ...deletes]) {
      expect(preconditions).toEqual({ uid, resourceVersion });
      expect(gracePeriodSeconds).toBeLessThanOrEqual(110);
    }
  });

  it.each<[string, { isHeld: boolean; after: string; verb: string; resource: string }]>([
    ['an eviction', { isHeld: false, after: 'pods', verb: 'create', resource: 'pods/eviction' }],
    // It follows a refused eviction at once.
    ['a delete', { isHeld: true, after: 'pods/eviction', verb: 'delete', resource: 'pods' }],
  ])('shortens by %s no grace of a pod that has changed since it was looked at', async (_, clamped) => {
    const { scene, instance, warn } = await emptyScene();
    const { metadata } = putPod(scene, instance, { name: 'slow', graceSeconds: 600, stopSeconds: 600 });
    if (clamped.isHeld) putBudget(scene, 'slow', 'slow');
    const { objects, onRequest } = scene.kubernetes();
    // It opts out while the answer to the request before that one is on its way.
    const stop = onRequest(({ resource }) => {
      const pod = objects.get('pods', 'shop', 'slow');
      if (resource !== clamped.after || pod === undefined) return;
      stop();
      const annotations = { ...pod.metadata.annotations, 'eks-caretaker/keep-on-node': 'true' };
      objects.update('pods', { ...pod, metadata: { ...pod.metadata, annotations } });
    });
    const requests = watchRequests(scene);
    await warn();
    expect(requests.of(clamped.verb, clamped.resource)).toMatchObject([{ name: 'slow', code: 409 }]);
    expect(podsOn(scene, instance).map((pod) => pod.metadata.uid)).toEqual([metadata.uid]);
    expect(podsOn(scene, instance).filter(isTerminating)).toEqual([]);
    const { detail } = drainVerdict(scene, instance) ?? {};
    expect(detail).toMatchObject({ evicted: 0, deleted: 0 });
    expect(detail?.skipped).toContainEqual({ pod: 'shop/slow', reason: 'opted-out' });
  });

  it('deletes nothing whose owners want it evicted only', async () => {
    const { scene, instance, warn } = await emptyScene();
    putPod(scene, instance, { name: 'ledger', annotations: { 'eks-caretaker/evict-only': 'true' } });
    putBudget(scene, 'ledger', 'ledger');
    const requests = watchRequests(scene);
    await warn();
    expect(requests.of('delete', 'pods')).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'budget-blocked',
      detail: {
        deleted: 0,
        blocked: [{ pod: 'shop/ledger', budgets: ['ledger'] }],
        remaining: ['shop/ledger'],
      },
    });
  });
});

describe('what surrounds the node', () => {
  it('external load balancers take it out first, and have time for it', async () => {
    const { scene, instance, warn } = await emptyScene([
      'excludeFromLoadBalancers: true',
      'evictionDelaySeconds: 15',
    ]);
    putPod(scene, instance, { name: 'web' });
    const requests = watchRequests(scene);
    await warn();
    expect(nodeOf(scene, instance).metadata.labels).toMatchObject({
      'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
    });
    const [cordon, ...others] = requests.of('patch', 'nodes');
    expect(cordon?.second).toBeLessThan(5);
    expect(others).toEqual([]);
    expect(requests.of('create', 'pods/eviction')[0]?.second).toBeGreaterThanOrEqual(15);
  });

  it('its volumes are let go once EC2 confirms the termination, not before', async () => {
    const { scene, instance } = await emptyScene(['outOfServiceTaint: true']);
    const isTainted = () =>
      nodeOf(scene, instance).spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') ??
      false;
    const taintedIn: string[] = [];
    scene.kubernetes().objects.watch(({ resource, object }) => {
      if (resource === 'nodes' && object.metadata.name === instance.hostname && isTainted()) {
        taintedIn.push(instance.state);
      }
    });
    scene.account.world.interrupt(instance.id);
    await scene.account.runUntilTrue(() => taintedIn.length > 0, 400);
    expect(taintedIn[0]).toBe('terminated');
    await scene.account.settle();
    expect(scene.verdicts({ reason: 'out-of-service' })).toHaveLength(1);
  });
});

describe('what people are told', () => {
  it('metrics of each node, in the log as CloudWatch reads them', async () => {
    const { scene, instance, warn } = await emptyScene();
    putPod(scene, instance, { name: 'web' });
    putPod(scene, instance, { name: 'held' });
    putBudget(scene, 'held', 'held');
    await warn();
    expect(metricsOf(scene, 'podsEvicted')).toEqual([1]);
    expect(metricsOf(scene, 'podsDeleted')).toEqual([1]);
    expect(metricsOf(scene, 'podsBlocked')).toEqual([1]);
    expect(metricsOf(scene, 'podsRemaining')).toEqual([0]);
    expect(metricsOf(scene, 'secondsToCordon')).toHaveLength(1);
    expect(metricsOf(scene, 'secondsToEmpty')[0]).toBeGreaterThan(70);
  });

  it('one notification for a storm, though several workers drained it', async () => {
    const scene = await sceneWith({
      nodeGroups: [nodeGroup({ desired: 14, max: 20 })],
      workloads: [workload({ replicas: 14 })],
    });
    const gone = instancesOf(scene).slice(0, 13);
    for (const { id } of gone) scene.account.putEvent(warning(scene, id));
    await scene.account.settle();
    expect(scene.invocationsOf('spot-drain-worker').length).toBeGreaterThan(1);
    expect(scene.verdicts({ reason: 'drained' })).toHaveLength(13);
    expect(scene.account.notifications.map(({ subject }) => subject)).toEqual([
      'staging: 13 nodes taken away at once: 13 drained',
    ]);
  });
});
