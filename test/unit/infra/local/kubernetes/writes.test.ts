import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestCluster } from './cluster.ts';
import { addNode, addPod, pods, startCluster } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await cluster.close();
});

const container = { name: 'main', image: 'web:1' };
const pod = (metadata: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [container] },
});
const create = (body: object | string, query = '') => cluster.call('POST', `${pods}${query}`, { body });
const otherUid = '11111111-1111-1111-1111-111111111111';

describe('creating', () => {
  it('gives an object its metadata, its defaults and an empty status', async () => {
    const { status, body } = await create({ ...pod({ name: 'a' }), status: { phase: 'Running' } });
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({
      namespace: 'default',
      generation: 1,
      creationTimestamp: expect.stringMatching(/^2026-03-02T22:00:0\dZ$/),
      uid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
    expect(body.spec).toMatchObject({ restartPolicy: 'Always', terminationGracePeriodSeconds: 30 });
    expect(body.status).toMatchObject({ phase: 'Pending' });
  });

  it('makes a name from generateName', async () => {
    expect((await create(pod({ generateName: 'web-' }))).body.metadata?.name).toMatch(/^web-[a-z0-9]{5}$/);
  });

  it('counts resourceVersions up by one over all resources', () => {
    const first = Number(addPod(cluster, 'a').metadata.resourceVersion);
    expect(Number(addNode(cluster, 'n1').metadata.resourceVersion)).toBe(first + 1);
  });

  it('leaves nothing behind on a dry run', async () => {
    expect((await create(pod({ name: 'a' }), '?dryRun=All')).status).toBe(201);
    expect((await cluster.get(`${pods}/a`)).status).toBe(404);
  });

  it('taints a new node until it is Ready', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
    const { body } = await cluster.call('POST', '/api/v1/nodes', { body: node });
    expect(body.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    await cluster.patch('/api/v1/nodes/n1/status', ready);
    cluster.advance(1);
    expect((await cluster.get('/api/v1/nodes/n1')).body.spec).toEqual({});
  });

  it.each([
    ['a name that is taken', pod({ name: 'taken' }), 409, 'AlreadyExists', 'pods "taken" already exists'],
    [
      'another namespace than the path’s',
      pod({ name: 'a', namespace: 'other' }),
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'no name',
      pod({}),
      422,
      'Invalid',
      'Pod "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    ['a bad name', pod({ name: 'Not_Good' }), 422, 'Invalid', expect.stringContaining('RFC 1123 subdomain')],
    [
      'a resourceVersion',
      pod({ name: 'a', resourceVersion: '3' }),
      500,
      undefined,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'another kind',
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } },
      400,
      'BadRequest',
      expect.stringContaining('cannot be handled as a Pod'),
    ],
    [
      'no containers',
      { metadata: { name: 'a' }, spec: {} },
      422,
      'Invalid',
      expect.stringContaining('spec.containers'),
    ],
    ['no JSON', '{nope', 400, 'BadRequest', expect.stringContaining('json parse error')],
  ])('with %s is refused', async (_what, body, status, reason, message) => {
    addPod(cluster, 'taken');
    const answer = await create(body);
    expect([answer.status, answer.body.reason, answer.body.message]).toEqual([status, reason, message]);
  });

  it('in a namespace that is not there is NotFound of the namespace', async () => {
    const answer = await cluster.call('POST', '/api/v1/namespaces/gone/pods', { body: pod({ name: 'a' }) });
    expect(answer).toMatchObject({ status: 404, body: { message: 'namespaces "gone" not found' } });
  });

  it('in a namespace that is being deleted is Forbidden with the cause NamespaceTerminating', async () => {
    await cluster.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
    cluster.kubernetes.objects.create('pods', {
      metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/hold'] },
      spec: { containers: [container] },
    });
    expect((await cluster.call('DELETE', '/api/v1/namespaces/shop')).body.status).toMatchObject({
      phase: 'Terminating',
    });
    expect(
      await cluster.call('POST', '/api/v1/namespaces/shop/pods', { body: pod({ name: 'new' }) }),
    ).toMatchObject({
      status: 403,
      body: {
        reason: 'Forbidden',
        message:
          'pods "new" is forbidden: unable to create new content in namespace shop because it is being terminated',
        details: {
          name: 'new',
          kind: 'pods',
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: 'namespace shop is being terminated',
              field: 'metadata.namespace',
            },
          ],
        },
      },
    });
  });

  it('an event belongs into the namespace of what it is about', async () => {
    const event = (involvedObject: object) => ({
      metadata: { generateName: 'e-' },
      involvedObject,
      reason: 'Drained',
    });
    const post = (body: object) => cluster.call('POST', '/api/v1/namespaces/default/events', { body });
    expect((await post(event({ kind: 'Node', name: 'n1' }))).status).toBe(201);
    expect(await post(event({ kind: 'Pod', name: 'a', namespace: 'shop' }))).toMatchObject({
      status: 422,
      body: { details: { causes: [{ field: 'involvedObject.namespace' }] } },
    });
  });
});

describe('creating a disruption budget', () => {
  it.each([
    ['both bounds', { minAvailable: 1, maxUnavailable: 1 }, 'spec'],
    ['a share without a percent sign', { minAvailable: 'half' }, 'spec.minAvailable'],
    ['a negative bound', { maxUnavailable: -1 }, 'spec.maxUnavailable'],
  ])('with %s is refused', async (_what, bounds, field) => {
    const body = { metadata: { name: 'b' }, spec: { selector: {}, ...bounds } };
    const path = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    expect(await cluster.call('POST', path, { body })).toMatchObject({
      status: 422,
      body: { reason: 'Invalid', details: { causes: [{ reason: 'FieldValueInvalid', field }] } },
    });
  });
});

describe('changing', () => {
  it('a label to what no label can be is refused, and the cause is told as often as the real server does', async () => {
    addPod(cluster, 'a');
    const { status, body } = await cluster.patch(`${pods}/a`, { metadata: { labels: { a: 'b c' } } });
    expect(status).toBe(422);
    expect(body.details?.causes?.map(({ field }) => field)).toEqual(Array(4).fill('metadata.labels'));
  });

  it.each([
    ['metadata.namespace', { metadata: { namespace: 'other' } }, 400],
    ['metadata.deletionTimestamp', { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }, 422],
    ['spec.terminationGracePeriodSeconds', { spec: { terminationGracePeriodSeconds: 5 } }, 422],
    ['a label to a number', { metadata: { labels: { a: 1 } } }, 422],
    ['the kind', { kind: 'Node' }, 422],
    ['a resourceVersion that is none', { metadata: { resourceVersion: 'x' } }, 500],
  ])('%s is refused', async (_what, patch, status) => {
    addPod(cluster, 'a');
    const before = cluster.kubernetes.objects.get('pods', 'default', 'a');
    expect((await cluster.patch(`${pods}/a`, patch)).status).toBe(status);
    expect(cluster.kubernetes.objects.get('pods', 'default', 'a')).toEqual(before);
  });

  it('a container as a whole keeps its defaults, so that only its image is another', async () => {
    addPod(cluster, 'a');
    const containers = [{ name: 'main', image: 'web:2' }];
    expect((await cluster.patch(`${pods}/a`, { spec: { containers } })).status).toBe(200);
    expect(cluster.kubernetes.objects.get('pods', 'default', 'a')?.spec.containers).toEqual([
      expect.objectContaining({ image: 'web:2', terminationMessagePolicy: 'File' }),
    ]);
  });

  it('a whole collection is not allowed', async () => {
    expect(await cluster.patch(pods, {})).toMatchObject({
      status: 405,
      body: { reason: 'MethodNotAllowed' },
    });
  });

  it('counts the generation with the spec, and nothing when nothing changes', async () => {
    const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    const body = { metadata: { name: 'b' }, spec: { minAvailable: 1, selector: {} } };
    await cluster.call('POST', budgets, { body });
    cluster.advance(1);
    const labelled = await cluster.patch(`${budgets}/b`, { metadata: { labels: { a: 'b' } } });
    const same = await cluster.patch(`${budgets}/b`, { metadata: { labels: { a: 'b' } } });
    const changed = await cluster.patch(`${budgets}/b`, { spec: { minAvailable: 2 } });
    expect([labelled, same, changed].map((one) => one.body.metadata?.generation)).toEqual([1, 1, 2]);
    expect(same.body.metadata?.resourceVersion).toBe(labelled.body.metadata?.resourceVersion);
  });

  it('a status goes through its subresource alone, and that changes nothing else', async () => {
    addPod(cluster, 'a');
    await cluster.patch(`${pods}/a`, { status: { phase: 'Failed' } });
    expect((await cluster.get(`${pods}/a`)).body.status).toMatchObject({ phase: 'Running' });
    const change = { spec: { nodeName: 'n2' }, status: { phase: 'Failed', reason: 'Terminated' } };
    const { body } = await cluster.patch(`${pods}/a/status`, change);
    expect(body.status).toMatchObject({ phase: 'Failed', reason: 'Terminated' });
    expect(body.spec).toMatchObject({ nodeName: 'elsewhere' });
  });

  it('with the resourceVersion that was read wins once', async () => {
    const { resourceVersion } = addNode(cluster, 'n1').metadata;
    cluster.advance(1);
    const cordon = { metadata: { resourceVersion }, spec: { unschedulable: true } };
    expect((await cluster.patch('/api/v1/nodes/n1', cordon)).status).toBe(200);
    expect(await cluster.patch('/api/v1/nodes/n1', cordon)).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on nodes "n1": the object has been modified; please apply your changes to the latest version and try again',
        details: { name: 'n1', kind: 'nodes' },
      },
    });
  });

  it('a cordon is mirrored as a taint, which makes the next stale write fail', async () => {
    addNode(cluster, 'n1');
    const cordoned = await cluster.patch('/api/v1/nodes/n1', { spec: { unschedulable: true } });
    cluster.advance(1);
    const { body } = await cluster.get('/api/v1/nodes/n1');
    expect(body.spec?.taints).toEqual([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: expect.any(String) },
    ]);
    expect(body.metadata?.resourceVersion).not.toBe(cordoned.body.metadata?.resourceVersion);
    await cluster.patch('/api/v1/nodes/n1', { spec: { unschedulable: null } });
    cluster.advance(1);
    expect((await cluster.get('/api/v1/nodes/n1')).body.spec).toEqual({});
  });

  it('a taint twice is refused, and the cause is told twice as the real server does', async () => {
    addNode(cluster, 'n1');
    const taint = { key: 'k', effect: 'NoSchedule' };
    const { status, body } = await cluster.patch('/api/v1/nodes/n1', { spec: { taints: [taint, taint] } });
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    expect(body.details?.causes?.map(({ reason, field }) => [reason, field])).toEqual([
      ['FieldValueDuplicate', 'metadata.taints[1]'],
      ['FieldValueDuplicate', 'metadata.taints[1]'],
    ]);
  });

  it.each([
    ['another uid', { metadata: { uid: otherUid } }, 422, 'metadata.uid'],
    ['another node', { spec: { nodeName: 'n2' } }, 422, 'spec'],
  ])('a pod to have %s is refused', async (_what, body, status, field) => {
    addPod(cluster, 'a');
    const answer = await cluster.patch(`${pods}/a`, body);
    expect([answer.status, answer.body.details?.causes?.[0]?.field]).toEqual([status, field]);
  });

  it('a name is refused', async () => {
    addPod(cluster, 'a');
    expect(await cluster.patch(`${pods}/a`, { metadata: { name: 'b' } })).toMatchObject({
      status: 400,
      body: { message: 'the name of the object (b) does not match the name on the URL (a)' },
    });
  });

  it('by PUT replaces what the object says, under its uid and resourceVersion', async () => {
    const old = addPod(cluster, 'a');
    const put = (metadata: object) =>
      cluster.call('PUT', `${pods}/a`, { body: { ...old, metadata: { ...old.metadata, ...metadata } } });
    expect((await put({ labels: { new: 'one' } })).body.metadata?.labels).toEqual({ new: 'one' });
    expect((await put({ labels: {} })).body.reason).toBe('Conflict');
    expect((await put({ resourceVersion: '', uid: otherUid })).status).toBe(409);
  });

  it('the scale of a Deployment changes its replicas', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };
    const body = { metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } }, template } };
    await cluster.call('POST', path, { body });
    const scaled = await cluster.patch(`${path}/web/scale`, { spec: { replicas: 3 } });
    expect(scaled.body).toMatchObject({ kind: 'Scale', spec: { replicas: 3 } });
    expect((await cluster.get(`${path}/web`)).body).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 3 },
    });
    expect((await cluster.patch(`${path}/web/scale`, { spec: { replicas: -1 } })).status).toBe(422);
  });
});
