import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestCluster } from './cluster.ts';
import { addNode, addPod, namesOf, pods, startCluster, startedAt, workload } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await cluster.close();
});

const remove = (name: string, body?: object, query = '') =>
  cluster.call('DELETE', `${pods}/${name}${query}`, body === undefined ? {} : { body });
const isThere = (name: string) => cluster.kubernetes.objects.get('pods', 'default', name) !== undefined;
const otherUid = '11111111-1111-1111-1111-111111111111';

describe('deleting a pod', () => {
  it('marks it with the end of its grace and answers the pod', async () => {
    addPod(cluster, 'a');
    const { status, body } = await remove('a');
    expect([status, body.kind, body.metadata?.deletionGracePeriodSeconds, body.metadata?.generation]).toEqual(
      [200, 'Pod', 30, 2],
    );
    const end = Date.parse(body.metadata?.deletionTimestamp ?? '');
    expect(end - startedAt).toBeGreaterThanOrEqual(30_000);
    expect(end - startedAt).toBeLessThan(32_000);
    expect(isThere('a')).toBe(true);
  });

  it('again can shorten the grace, never lengthen it', async () => {
    addPod(cluster, 'a');
    const graceAfter = async (gracePeriodSeconds?: number) =>
      (await remove('a', gracePeriodSeconds === undefined ? undefined : { gracePeriodSeconds })).body.metadata
        ?.deletionGracePeriodSeconds;
    expect([await graceAfter(20), await graceAfter(100), await graceAfter(), await graceAfter(10)]).toEqual([
      20, 20, 20, 10,
    ]);
    expect(await graceAfter(0)).toBe(0);
    expect(isThere('a')).toBe(false);
  });

  it('takes the grace from the query too, and a negative one as one second', async () => {
    addPod(cluster, 'a');
    expect(
      (await remove('a', undefined, '?gracePeriodSeconds=-5')).body.metadata?.deletionGracePeriodSeconds,
    ).toBe(1);
  });

  it.each([
    ['that finished', { phase: 'Failed' as const }],
    ['that no node has', { node: '' }],
  ])('%s removes it at once', async (_what, how) => {
    addPod(cluster, 'a', how);
    expect((await remove('a')).body.metadata?.deletionGracePeriodSeconds).toBe(0);
    expect(isThere('a')).toBe(false);
  });

  it('waits for its finalizers, whatever the grace', async () => {
    const { spec, status } = addPod(cluster, 'template');
    const metadata = { name: 'held', finalizers: ['batch.kubernetes.io/job-tracking'] };
    cluster.kubernetes.objects.create('pods', { metadata, spec, status });
    await remove('held', { gracePeriodSeconds: 0 });
    expect(isThere('held')).toBe(true);
    await cluster.patch(`${pods}/held`, { metadata: { finalizers: null } });
    expect(isThere('held')).toBe(false);
  });

  it.each([
    [
      { uid: otherUid },
      /^Operation cannot be fulfilled on Pod "a": the UID in the precondition \(1+-.*\) does not match the UID in record \(.*\)\. The object might have been deleted and then recreated$/,
    ],
    [
      { resourceVersion: '1' },
      /^Operation cannot be fulfilled on Pod "a": the ResourceVersion in the precondition \(1\) does not match the ResourceVersion in record \(\d+\)\. The object might have been modified$/,
    ],
  ])('under the precondition %j that does not hold is a conflict', async (preconditions, message) => {
    addPod(cluster, 'a', { phase: 'Failed' });
    const { status, body } = await remove('a', { preconditions });
    expect([status, body.reason, body.details]).toEqual([409, 'Conflict', { name: 'a', kind: 'Pod' }]);
    expect(body.message).toMatch(message);
    expect(isThere('a')).toBe(true);
  });

  it('under preconditions that hold goes through', async () => {
    const { uid, resourceVersion } = addPod(cluster, 'a', { phase: 'Failed' }).metadata;
    cluster.advance(1);
    expect((await remove('a', { preconditions: { uid, resourceVersion } })).status).toBe(200);
    expect(isThere('a')).toBe(false);
  });

  it('that is not there is NotFound', async () => {
    expect((await remove('a')).body).toMatchObject({ reason: 'NotFound', message: 'pods "a" not found' });
  });

  it('on a dry run answers what would be and does nothing', async () => {
    addPod(cluster, 'a');
    const answer = await remove('a', { dryRun: ['All'] });
    expect(answer.body.metadata?.deletionGracePeriodSeconds).toBe(30);
    expect((await cluster.get(`${pods}/a`)).body.metadata).not.toHaveProperty('deletionTimestamp');
    expect(await remove('a', undefined, '?dryRun=Some')).toMatchObject({
      status: 422,
      body: { details: { causes: [{ reason: 'FieldValueNotSupported', field: 'dryRun' }] } },
    });
  });
});

describe('deleting other objects', () => {
  it('answers a Status with the uid that went', async () => {
    const { uid } = addNode(cluster, 'n1').metadata;
    expect((await cluster.call('DELETE', '/api/v1/nodes/n1')).body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'n1', kind: 'nodes', uid },
    });
  });

  it('a namespace takes its content along and goes when it is empty', async () => {
    await cluster.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
    addPod(cluster, 'a', { namespace: 'shop', phase: 'Failed' });
    await cluster.call('DELETE', '/api/v1/namespaces/shop');
    cluster.advance(1);
    expect((await cluster.get('/api/v1/namespaces/shop')).status).toBe(404);
    expect((await cluster.get('/api/v1/namespaces/shop/pods')).body.items).toEqual([]);
  });
});

describe('what an object owns', () => {
  const replicaSets = '/apis/apps/v1/namespaces/default/replicasets';
  const owned = () =>
    cluster.kubernetes.objects.list('pods', {}).map(({ metadata }) => metadata.ownerReferences?.length ?? 0);
  beforeEach(() => {
    cluster.kubernetes.objects.create('replicasets', workload('web', 2));
    cluster.advance(1);
  });

  it.each([
    ['Background', [], undefined],
    ['Foreground', [], 'foregroundDeletion'],
    ['Orphan', [0, 0], 'orphan'],
  ])('goes or stays by the policy %s', async (propagationPolicy, left, finalizer) => {
    expect(owned()).toEqual([1, 1]);
    const { body } = await cluster.call('DELETE', `${replicaSets}/web`, { body: { propagationPolicy } });
    expect(body).toMatchObject(
      finalizer === undefined ? { kind: 'Status' } : { metadata: { finalizers: [finalizer] } },
    );
    cluster.advance(60_000);
    expect([owned(), namesOf(cluster, 'replicasets')]).toEqual([left, []]);
  });

  it('goes first in the foreground: the owner waits for the last', async () => {
    addNode(cluster, 'n1');
    cluster.advance(5000);
    await cluster.call('DELETE', `${replicaSets}/web`, { body: { propagationPolicy: 'Foreground' } });
    cluster.advance(1);
    expect([owned(), namesOf(cluster, 'replicasets')]).toEqual([[1, 1], ['web']]);
    cluster.advance(60_000);
    expect([owned(), namesOf(cluster, 'replicasets')]).toEqual([[], []]);
  });

  it.each([
    ['a policy that nobody knows', { propagationPolicy: 'Slowly' }],
    ['both ways to say it', { propagationPolicy: 'Orphan', orphanDependents: false }],
  ])('is asked for by no delete with %s', async (_what, body) => {
    expect((await cluster.call('DELETE', `${replicaSets}/web`, { body })).status).toBe(422);
    expect(namesOf(cluster, 'replicasets')).toEqual(['web']);
  });
});

describe('a collection', () => {
  it('goes as far as its selectors reach, and is answered', async () => {
    addPod(cluster, 'a');
    addPod(cluster, 'b', { labels: { app: 'db' } });
    const answer = await cluster.call('DELETE', `${pods}?labelSelector=app%3Dweb`, {
      body: { gracePeriodSeconds: 0 },
    });
    expect(answer.body.items?.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(namesOf(cluster, 'pods')).toEqual(['b']);
  });
});

it.each([
  ['no JSON', 'what'],
  ['a list', '[]'],
  ['a grace that is a text', { gracePeriodSeconds: '10' }],
  ['preconditions that are a text', { preconditions: 'uid' }],
  ['options of another kind', { kind: 'Pod', apiVersion: 'v1' }],
])('%s deletes nothing', async (_what, body) => {
  addPod(cluster, 'a');
  expect((await cluster.call('DELETE', `${pods}/a`, { body })).status).toBe(400);
  expect(namesOf(cluster, 'pods')).toEqual(['a']);
});
