import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PodDisruptionBudget } from '../../../../../infra/local/kubernetes/objects.ts';
import type { TestCluster } from './cluster.ts';
import { addPod, pods, startCluster, workload } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await cluster.close();
});

const selector = { matchLabels: { app: 'web' } };
const addBudget = (name: string, spec: PodDisruptionBudget['spec']) => {
  cluster.kubernetes.objects.create('poddisruptionbudgets', {
    metadata: { name, namespace: 'default' },
    spec: { selector, ...spec },
  });
  cluster.advance(1);
};
const statusOf = (name: string) => {
  cluster.advance(1);
  return cluster.kubernetes.objects.get('poddisruptionbudgets', 'default', name)?.status;
};
const otherUid = '11111111-1111-1111-1111-111111111111';
const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
const violated = "Cannot evict pod as it would violate the pod's disruption budget.";

describe('an eviction', () => {
  it('that nothing forbids deletes the pod with its grace and says so in a condition', async () => {
    addPod(cluster, 'a');
    const answer = await cluster.evict('a', { gracePeriodSeconds: 15 });
    expect([answer.status, answer.body]).toEqual([201, success]);
    const { body } = await cluster.get(`${pods}/a`);
    expect(body.metadata?.deletionGracePeriodSeconds).toBe(15);
    expect(body.status).toMatchObject({
      conditions: [
        { type: 'Ready' },
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'EvictionByEvictionAPI',
          message: 'Eviction API: evicting',
        },
      ],
    });
  });

  it('of a pod that is not there is 404', async () => {
    expect(await cluster.evict('a')).toMatchObject({
      status: 404,
      body: { reason: 'NotFound', details: { name: 'a', kind: 'pods' } },
    });
  });

  it.each([
    ['uid', { uid: otherUid }],
    ['resourceVersion', { resourceVersion: '1' }],
  ])('under a %s that is another is 409', async (_what, preconditions) => {
    addPod(cluster, 'a');
    expect(await cluster.evict('a', { preconditions })).toMatchObject({
      status: 409,
      body: { reason: 'Conflict', details: { name: 'a', kind: 'Pod' } },
    });
  });

  it('under preconditions that hold goes through', async () => {
    const { uid, resourceVersion } = addPod(cluster, 'a').metadata;
    expect((await cluster.evict('a', { preconditions: { uid, resourceVersion } })).status).toBe(201);
  });

  it('whose name is not the path’s is 400', async () => {
    addPod(cluster, 'a');
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'b' } };
    expect(await cluster.call('POST', `${pods}/a/eviction`, { body })).toMatchObject({
      status: 400,
      body: { reason: 'BadRequest', message: 'name in URL does not match name in Eviction object' },
    });
  });

  it('on a dry run does nothing, by query or by options', async () => {
    addPod(cluster, 'a');
    addBudget('web', { minAvailable: 0 });
    const before = statusOf('web');
    expect((await cluster.evict('a', undefined, '?dryRun=All')).status).toBe(201);
    expect((await cluster.evict('a', { dryRun: ['All'] })).status).toBe(201);
    expect((await cluster.get(`${pods}/a`)).body.metadata).not.toHaveProperty('deletionTimestamp');
    expect(statusOf('web')).toEqual(before);
  });

  it('in a namespace that is being deleted is refused, whether the pod is there or not', async () => {
    addPod(cluster, 'a');
    const namespace = cluster.kubernetes.objects.get('namespaces', undefined, 'default');
    if (namespace === undefined) throw new Error('no namespace');
    const metadata = { ...namespace.metadata, deletionTimestamp: namespace.metadata.creationTimestamp };
    cluster.kubernetes.objects.update('namespaces', { ...namespace, metadata });
    for (const name of ['a', 'none']) {
      expect(await cluster.evict(name)).toMatchObject({
        status: 403,
        body: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
      });
    }
  });

  it.each([
    ['no JSON', 'what'],
    ['another namespace', { metadata: { name: 'a', namespace: 'other' } }],
    ['a version that nobody knows', { apiVersion: 'policy/v2', kind: 'Eviction', metadata: { name: 'a' } }],
    ['a grace that is a text', { metadata: { name: 'a' }, deleteOptions: { gracePeriodSeconds: '1' } }],
  ])('by %s is 400', async (_what, body) => {
    addPod(cluster, 'a');
    expect((await cluster.call('POST', `${pods}/a/eviction`, { body })).body.reason).toBe('BadRequest');
    expect((await cluster.get(`${pods}/a`)).body.metadata).not.toHaveProperty('deletionTimestamp');
  });

  it('of a pod that terminates already is accepted and does not shorten its end', async () => {
    addPod(cluster, 'a');
    await cluster.evict('a', { gracePeriodSeconds: 10 });
    expect((await cluster.evict('a')).status).toBe(201);
    expect((await cluster.get(`${pods}/a`)).body.metadata?.deletionGracePeriodSeconds).toBe(10);
  });
});

describe('a disruption budget', () => {
  it('lets go as many as it can spare and names itself to the next', async () => {
    for (const name of ['a', 'b', 'c']) addPod(cluster, name);
    addBudget('web', { minAvailable: 2 });
    expect((await cluster.evict('a')).status).toBe(201);
    const refused = await cluster.evict('b');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, undefined]);
    expect(refused.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: violated,
      reason: 'TooManyRequests',
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
          },
        ],
      },
      code: 429,
    });
  });

  it('lets the next go when another pod has come', async () => {
    addPod(cluster, 'a');
    addBudget('web', { minAvailable: 1 });
    expect((await cluster.evict('a')).status).toBe(429);
    addPod(cluster, 'b');
    expect((await cluster.evict('a')).status).toBe(201);
  });

  it('counts like the disruption controller', async () => {
    addPod(cluster, 'a');
    addPod(cluster, 'b', { ready: false });
    addBudget('web', { minAvailable: 1 });
    expect(statusOf('web')).toEqual({
      observedGeneration: 1,
      disruptionsAllowed: 0,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 2,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: 'False',
          reason: 'InsufficientPods',
          message: '',
          observedGeneration: 1,
          lastTransitionTime: expect.any(String),
        },
      ],
    });
  });

  it.each([
    [{ maxUnavailable: 1 }, { desiredHealthy: 3, disruptionsAllowed: 1 }],
    [{ maxUnavailable: '50%' }, { desiredHealthy: 2, disruptionsAllowed: 2 }],
    [{ maxUnavailable: '30%' }, { desiredHealthy: 2, disruptionsAllowed: 2 }],
    [{ minAvailable: '60%' }, { desiredHealthy: 3, disruptionsAllowed: 1 }],
    [{ minAvailable: 4 }, { desiredHealthy: 4, disruptionsAllowed: 0 }],
    [{ maxUnavailable: 9 }, { desiredHealthy: 0, disruptionsAllowed: 4 }],
  ])('of %j over four replicas asks for %j', (spec, expected) => {
    cluster.kubernetes.objects.create('nodes', {
      metadata: { name: 'n1' },
      spec: {},
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    cluster.kubernetes.objects.create('replicasets', workload('web', 4));
    cluster.advance(5000);
    addBudget('web', spec);
    expect(statusOf('web')).toMatchObject({ expectedPods: 4, currentHealthy: 4, ...expected });
  });

  it('by share allows nothing over pods that belong to nobody', () => {
    addPod(cluster, 'a');
    addBudget('web', { minAvailable: '50%' });
    expect(statusOf('web')).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
  });

  it('whose pods’ owner cannot be found says that it failed', async () => {
    const { spec, status } = addPod(cluster, 'b', { labels: {} });
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'gone',
      uid: otherUid,
      controller: true,
    };
    cluster.kubernetes.objects.create('pods', {
      metadata: { name: 'a', labels: { app: 'web' }, ownerReferences: [owner] },
      spec,
      status,
    });
    addBudget('web', { maxUnavailable: 1 });
    // Its status was never brought up to this generation, and the real server says just that.
    expect((await cluster.evict('a')).body.details).toEqual({
      causes: [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget web is still being processed by the server.',
        },
      ],
      retryAfterSeconds: 10,
    });
  });

  it('without an amount allows nothing', async () => {
    addPod(cluster, 'a');
    addBudget('web', {});
    expect(statusOf('web')).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect((await cluster.evict('a')).status).toBe(429);
  });

  it('over pods whose owner has no scale says why it failed', () => {
    const { spec, status } = addPod(cluster, 'b', { labels: {} });
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'once', uid: otherUid, controller: true };
    cluster.kubernetes.objects.create('pods', {
      metadata: { name: 'a', labels: { app: 'web' }, ownerReferences: [owner] },
      spec,
      status,
    });
    addBudget('web', { maxUnavailable: 1 });
    expect(statusOf('web')?.conditions).toEqual([
      expect.objectContaining({
        reason: 'SyncFailed',
        message: 'jobs.batch does not implement the scale subresource',
      }),
    ]);
  });

  it('beside a second one is more than the server can decide', async () => {
    addPod(cluster, 'a');
    addBudget('web', { minAvailable: 0 });
    addBudget('web-too', { minAvailable: 0 });
    expect(await cluster.evict('a')).toMatchObject({
      status: 500,
      body: {
        message:
          'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
        code: 500,
      },
    });
  });

  it.each([
    ['Pending', { phase: 'Pending' as const, ready: false }],
    ['Failed', { phase: 'Failed' as const }],
    ['Succeeded', { phase: 'Succeeded' as const }],
  ])('does not hold a %s pod', async (_phase, how) => {
    addPod(cluster, 'a', how);
    addBudget('web', { minAvailable: 5 });
    expect((await cluster.evict('a')).status).toBe(201);
  });

  it.each([
    ['by default holds', undefined, 2, 429],
    ['IfHealthyBudget holds', 'IfHealthyBudget' as const, 2, 429],
    ['by default lets go', undefined, 1, 201],
    ['AlwaysAllow lets go', 'AlwaysAllow' as const, 2, 201],
  ])(
    '%s (%s) an unready pod when %i of one healthy are needed',
    async (_what, policy, minAvailable, status) => {
      addPod(cluster, 'healthy');
      addPod(cluster, 'sick', { ready: false });
      addBudget('web', {
        minAvailable,
        ...(policy === undefined ? {} : { unhealthyPodEvictionPolicy: policy }),
      });
      expect((await cluster.evict('sick')).status).toBe(status);
    },
  );

  it('of another namespace or another selector does not matter', async () => {
    addPod(cluster, 'a');
    addBudget('db', { minAvailable: 1, selector: { matchLabels: { app: 'db' } } });
    cluster.kubernetes.objects.create('poddisruptionbudgets', {
      metadata: { name: 'web', namespace: 'other' },
      spec: { minAvailable: 1, selector },
    });
    expect((await cluster.evict('a')).status).toBe(201);
  });

  it('that was spent on a pod which did not go is whole again after two minutes', async () => {
    for (const name of ['a', 'b']) addPod(cluster, name);
    addBudget('web', { minAvailable: 1 });
    // The budget is spent before the precondition is found not to hold, as in the real server.
    expect((await cluster.evict('a', { preconditions: { uid: otherUid } })).status).toBe(409);
    expect(statusOf('web')).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { a: expect.any(String) },
    });
    cluster.advance(2 * 60_000 + 1000);
    expect(statusOf('web')).toMatchObject({ disruptionsAllowed: 1 });
    expect(statusOf('web')).not.toHaveProperty('disruptedPods');
  });
});
