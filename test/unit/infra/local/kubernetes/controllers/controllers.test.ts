import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pod } from '../../../../../../infra/local/kubernetes/objects.ts';
import type { TestCluster } from '../cluster.ts';
import { addNode, addPod, namesOf, pods, startCluster, startedAt, workload } from '../cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster((image) => (image === 'web:1' ? 'registry/web@sha256:0123' : undefined));
});
afterEach(async () => {
  await cluster.close();
});

const objects = () => cluster.kubernetes.objects;
const pod = (name: string) => objects().get('pods', 'default', name);
const allPods = () => objects().list('pods');
const nodesOf = (list: readonly Pod[]) => list.map(({ spec }) => spec.nodeName);
const running = () => allPods().filter(({ status }) => status.phase === 'Running').length;
const spec = { containers: [{ name: 'main', image: 'web:1' }] };

describe('the scheduler', () => {
  it('spreads pods over the nodes that have room', () => {
    addNode(cluster, 'n1', { podLimit: 2 });
    addNode(cluster, 'n2', { podLimit: 4 });
    objects().create('replicasets', workload('web', 6));
    cluster.advance(1);
    expect(nodesOf(allPods()).toSorted()).toEqual(['n1', 'n1', 'n2', 'n2', 'n2', 'n2']);
  });

  it.each([
    ['full', { podLimit: 0 }, 'Too many pods'],
    ['cordoned', { spec: { unschedulable: true } }, 'node(s) were unschedulable'],
    [
      'tainted',
      { spec: { taints: [{ key: 'eks-caretaker/spot', effect: 'NoSchedule' as const }] } },
      'node(s) had untolerated taint(s)',
    ],
    ['not ready', { ready: false }, 'node(s) had untolerated taint(s)'],
    ['of another pool', { labels: { pool: 'b' } }, "node(s) didn't match Pod's node affinity/selector"],
  ])('leaves a pod Pending when the only node is %s, and says why', (_what, node, reason) => {
    addNode(cluster, 'n1', { labels: { pool: 'a' }, ...node });
    objects().create('pods', { metadata: { name: 'a' }, spec: { ...spec, nodeSelector: { pool: 'a' } } });
    cluster.advance(1);
    expect(pod('a')?.status).toMatchObject({
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: `0/1 nodes are available: 1 ${reason}.`,
        },
      ],
    });
  });

  it('tries again when a node comes', () => {
    objects().create('pods', { metadata: { name: 'a' }, spec });
    cluster.advance(1);
    expect(pod('a')?.status.conditions?.[0]?.message).toBe('no nodes available to schedule pods');
    addNode(cluster, 'n1');
    cluster.advance(1);
    expect(nodesOf(allPods())).toEqual(['n1']);
  });

  it('tries again when a pod makes room', () => {
    addNode(cluster, 'n1', { podLimit: 1 });
    addPod(cluster, 'old', { node: 'n1' });
    objects().create('pods', { metadata: { name: 'new' }, spec });
    cluster.advance(1);
    expect(pod('new')?.spec.nodeName).toBeUndefined();
    objects().remove('pods', 'default', 'old');
    cluster.advance(1);
    expect(pod('new')?.spec.nodeName).toBe('n1');
  });

  it('puts a pod where its toleration lets it go', () => {
    const taint = { key: 'spot', value: 'yes', effect: 'NoSchedule' as const };
    addNode(cluster, 'n1', { spec: { taints: [taint] } });
    const tolerations = [{ key: 'spot', operator: 'Equal' as const, value: 'yes' }];
    objects().create('pods', { metadata: { name: 'a' }, spec: { ...spec, tolerations } });
    cluster.advance(1);
    expect(nodesOf(allPods())).toEqual(['n1']);
  });
});

describe('the kubelet', () => {
  it('runs a bound pod after two seconds and reports it as a kubelet does', () => {
    addNode(cluster, 'n1');
    objects().create('pods', { metadata: { name: 'a' }, spec });
    cluster.advance(1500);
    expect(pod('a')?.status.phase).toBe('Pending');
    cluster.advance(600);
    expect(pod('a')?.status).toMatchObject({
      phase: 'Running',
      podIP: expect.stringMatching(/^10\.\d+\.\d+\.\d+$/),
      startTime: expect.stringMatching(/^2026-03-02T22:00:0\dZ$/),
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
      containerStatuses: [{ name: 'main', image: 'web:1', imageID: 'registry/web@sha256:0123', ready: true }],
    });
  });

  it('reports a digest of an image that no registry here knows, too', () => {
    addNode(cluster, 'n1');
    objects().create('pods', {
      metadata: { name: 'a' },
      spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'busybox:1.37' }] },
    });
    cluster.advance(5000);
    expect(pod('a')?.status.containerStatuses?.[0]?.imageID).toMatch(
      /^docker\.io\/library\/busybox@sha256:[0-9a-f]{64}$/,
    );
  });

  it('stops a pod after its own time', async () => {
    addNode(cluster, 'n1');
    const annotations = { 'local.eks-caretaker/stop-seconds': '12' };
    objects().create('pods', { metadata: { name: 'a', annotations }, spec: { ...spec, nodeName: 'n1' } });
    cluster.advance(2100);
    await cluster.evict('a');
    cluster.advance(11_500);
    expect(pod('a')).toBeDefined();
    cluster.advance(1000);
    expect(pod('a')).toBeUndefined();
  });

  it('kills a pod at the end of its grace, also of one that was shortened later', async () => {
    addNode(cluster, 'n1');
    const annotations = { 'local.eks-caretaker/stop-seconds': '600' };
    for (const name of ['a', 'b']) {
      objects().create('pods', { metadata: { name, annotations }, spec: { ...spec, nodeName: 'n1' } });
    }
    cluster.advance(2100);
    for (const name of ['a', 'b']) await cluster.evict(name, { gracePeriodSeconds: 60 });
    await cluster.call('DELETE', `${pods}/b`, { body: { gracePeriodSeconds: 5 } });
    cluster.advance(6000);
    expect(allPods().map(({ metadata }) => metadata.name)).toEqual(['a']);
    cluster.advance(55_000);
    expect(allPods()).toEqual([]);
  });

  it('does nothing on a node that is not Ready, and everything when it is again', async () => {
    addNode(cluster, 'n1', { ready: false });
    addPod(cluster, 'old', { node: 'n1' });
    objects().create('pods', { metadata: { name: 'new' }, spec: { ...spec, nodeName: 'n1' } });
    await cluster.evict('old');
    cluster.advance(60_000);
    expect([pod('old')?.status.phase, pod('new')?.status.phase]).toEqual(['Running', 'Pending']);
    await cluster.patch('/api/v1/nodes/n1/status', {
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    cluster.advance(2500);
    expect([pod('old'), pod('new')?.status.phase]).toEqual([undefined, 'Running']);
  });

  it('leaves pods of a node that is gone alone for 40 seconds; then they are collected', () => {
    addNode(cluster, 'n1');
    addPod(cluster, 'a', { node: 'n1' });
    objects().remove('nodes', undefined, 'n1');
    cluster.advance(39_000);
    expect(pod('a')).toBeDefined();
    cluster.advance(2000);
    expect(pod('a')).toBeUndefined();
  });
});

describe('a ReplicaSet', () => {
  beforeEach(() => {
    addNode(cluster, 'n1');
    objects().create('replicasets', workload('web', 3));
    cluster.advance(2500);
  });

  it('brings up its pods and counts them', () => {
    expect(running()).toBe(3);
    expect(objects().get('replicasets', 'default', 'web')?.status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
    });
    expect(allPods()[0]?.metadata).toMatchObject({
      name: expect.stringMatching(/^web-[a-z0-9]{5}$/),
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true }],
    });
  });

  it('replaces an evicted pod at once by one of another name', async () => {
    const [first] = namesOf(cluster, 'pods');
    await cluster.evict(first ?? '');
    cluster.advance(1);
    expect(namesOf(cluster, 'pods')).toHaveLength(4);
    cluster.advance(3000);
    expect(namesOf(cluster, 'pods')).toHaveLength(3);
    expect(namesOf(cluster, 'pods')).not.toContain(first);
  });

  it('replaces a Failed pod and leaves it lying, as in the real cluster', async () => {
    const [first = ''] = namesOf(cluster, 'pods');
    await cluster.patch(`${pods}/${first}/status`, { status: { phase: 'Failed', reason: 'Terminated' } });
    cluster.advance(2500);
    expect([running(), pod(first)?.status.phase]).toEqual([3, 'Failed']);
  });

  it('gives pods up when it is scaled in, and takes them along when it is deleted', async () => {
    const path = '/apis/apps/v1/namespaces/default/replicasets/web';
    await cluster.patch(`${path}/scale`, { spec: { replicas: 1 } });
    cluster.advance(1500);
    expect(allPods()).toHaveLength(1);
    await cluster.call('DELETE', path);
    cluster.advance(1500);
    expect(allPods()).toEqual([]);
  });
});

describe('a StatefulSet', () => {
  beforeEach(() => {
    addNode(cluster, 'n1');
    objects().create('statefulsets', workload('db', 2));
  });

  it('brings up its pods one after the other', () => {
    cluster.advance(1900);
    expect(namesOf(cluster, 'pods')).toEqual(['db-0']);
    cluster.advance(2500);
    expect(namesOf(cluster, 'pods')).toEqual(['db-0', 'db-1']);
  });

  it('brings a pod back under its name with another uid, once the old one is gone', async () => {
    cluster.advance(5000);
    const uid = pod('db-0')?.metadata.uid;
    await cluster.evict('db-0');
    cluster.advance(500);
    expect(pod('db-0')?.metadata.uid).toBe(uid);
    cluster.advance(3000);
    expect(pod('db-0')).toMatchObject({ status: { phase: 'Running' } });
    expect(pod('db-0')?.metadata.uid).not.toBe(uid);
  });
});

describe('what workloads tell of themselves', () => {
  it('leaves out what is zero, as it is on the wire', () => {
    objects().create('statefulsets', workload('db', 1));
    objects().create('daemonsets', workload('agent', 1));
    const status = (plural: 'statefulsets' | 'daemonsets', name: string) =>
      objects().get(plural, 'default', name)?.status;
    cluster.advance(5000);
    expect(status('daemonsets', 'agent')).toEqual({
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
      observedGeneration: 1,
    });
    addNode(cluster, 'n1');
    cluster.advance(5000);
    expect(status('daemonsets', 'agent')).toMatchObject({ numberAvailable: 1, updatedNumberScheduled: 1 });
    expect(status('daemonsets', 'agent')).not.toHaveProperty('numberUnavailable');
    expect(status('statefulsets', 'db')).toMatchObject({ readyReplicas: 1, updatedReplicas: 1 });
  });

  it('hands the annotations of their template to their pods', () => {
    const { metadata, spec: given } = workload('web', 1);
    const template = { ...given.template, metadata: { ...given.template.metadata, annotations: { a: 'b' } } };
    objects().create('deployments', { metadata, spec: { ...given, template } });
    cluster.advance(1);
    expect(allPods().map((one) => one.metadata.annotations)).toEqual([{ a: 'b' }]);
  });
});

describe('a Deployment', () => {
  it('has a ReplicaSet of its own and tells when it is available', () => {
    addNode(cluster, 'n1');
    objects().create('deployments', workload('web', 2));
    cluster.advance(2500);
    expect(objects().get('deployments', 'default', 'web')?.status).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      conditions: [{ type: 'Available', status: 'True' }, { type: 'Progressing' }],
    });
    expect(objects().list('replicasets')[0]?.metadata).toMatchObject({
      labels: { app: 'web', 'pod-template-hash': expect.any(String) },
      ownerReferences: [{ kind: 'Deployment', name: 'web' }],
    });
  });

  it('takes over a ReplicaSet of its template and replaces one of another', async () => {
    addNode(cluster, 'n1');
    objects().create('deployments', workload('web', 2));
    cluster.advance(2500);
    const before = namesOf(cluster, 'replicasets');
    const template = { spec: { containers: [{ name: 'main', image: 'web:2' }] } };
    await cluster.patch('/apis/apps/v1/namespaces/default/deployments/web', { spec: { template } });
    cluster.advance(5000);
    expect(namesOf(cluster, 'replicasets')).toHaveLength(2);
    expect(namesOf(cluster, 'replicasets')).toEqual(expect.arrayContaining(before));
    expect(allPods().map((one) => one.spec.containers[0]?.image)).toEqual(['web:2', 'web:2']);
  });
});

describe('a DaemonSet', () => {
  it('has a pod on every node, a cordoned one too, and none on a foreign taint', () => {
    addNode(cluster, 'n1');
    addNode(cluster, 'n2', { spec: { unschedulable: true } });
    addNode(cluster, 'n3', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } });
    objects().create('daemonsets', workload('agent', 0));
    cluster.advance(2500);
    expect(nodesOf(allPods()).toSorted()).toEqual(['n1', 'n2']);
    expect(objects().get('daemonsets', 'default', 'agent')?.status).toMatchObject({ numberReady: 2 });
    addNode(cluster, 'n4');
    cluster.advance(2500);
    expect(running()).toBe(3);
  });
});

describe('the controllers', () => {
  it('ask the clock for nothing when nothing is to be done', () => {
    addNode(cluster, 'n1');
    objects().create('deployments', workload('web', 2));
    cluster.advance(10_000);
    expect(cluster.clock.nextDue()).toBeUndefined();
  });

  it('do the same in the same time however far the clock jumps', () => {
    addNode(cluster, 'n1');
    objects().create('statefulsets', workload('db', 3));
    cluster.advance(3_600_000);
    const started = allPods().map(({ status }) => Date.parse(status.startTime ?? '') - startedAt);
    expect(started.map((ms) => Math.round(ms / 1000))).toEqual([2, 4, 6]);
  });

  it('keep three thousand pods of twenty deployments on a hundred nodes', () => {
    for (let index = 0; index < 100; index++) addNode(cluster, `n${index}`);
    for (let index = 0; index < 20; index++) objects().create('deployments', workload(`web-${index}`, 150));
    cluster.advance(3000);
    expect(running()).toBe(3000);
    expect(objects().podsOn('n7')).toHaveLength(30);
  });
});
