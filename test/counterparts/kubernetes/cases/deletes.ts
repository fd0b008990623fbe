import { otherUid } from '../comparison.ts';
import type { PodOptions, World } from '../world.ts';
import { container } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one } from './case.ts';

const remove = (world: World, path: string, options?: object | string, query = '') =>
  world.ask('DELETE', `${path}${query}`, options === undefined ? {} : { body: options });

const pod = (world: World, options?: object | string, query = '') =>
  remove(world, `${world.pods}/a`, options, query);

const left = async (world: World) => {
  const { status, body } = await world.get(`${world.pods}/a`);
  const { deletionTimestamp, deletionGracePeriodSeconds } = body.metadata ?? {};
  return status === 200 ? { deletionTimestamp, deletionGracePeriodSeconds } : status;
};

const options: readonly (readonly [string, object])[] = [
  ['no options', {}],
  ['grace 10', { gracePeriodSeconds: 10 }],
  ['grace 100', { gracePeriodSeconds: 100 }],
  ['grace 0', { gracePeriodSeconds: 0 }],
  ['grace -1', { gracePeriodSeconds: -1 }],
  ['kind and apiVersion', { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 10 }],
  ['policy Background', { propagationPolicy: 'Background' }],
  ['policy Orphan', { propagationPolicy: 'Orphan' }],
  ['an unknown policy', { propagationPolicy: 'Slowly' }],
  ['orphanDependents', { orphanDependents: false }],
  ['both ways to orphan', { orphanDependents: false, propagationPolicy: 'Orphan' }],
  ['a dry run', { dryRun: ['All'] }],
  ['a dry run of some', { dryRun: ['Some'] }],
  ['a uid that is another', { preconditions: { uid: otherUid } }],
  ['a resourceVersion that is another', { preconditions: { resourceVersion: '1' } }],
  ['both that are others', { preconditions: { uid: otherUid, resourceVersion: '1' } }],
];

const broken: readonly (readonly [string, object | string])[] = [
  ['no JSON', 'what'],
  ['an array', '[]'],
  ['another kind', { kind: 'Pod', apiVersion: 'v1' }],
  ['another version', { kind: 'DeleteOptions', apiVersion: 'v7' }],
  ['a grace that is a text', { gracePeriodSeconds: '10' }],
  ['preconditions that are a text', { preconditions: 'uid' }],
];

const queries = [
  '?gracePeriodSeconds=7',
  '?gracePeriodSeconds=0',
  '?gracePeriodSeconds=soon',
  '?propagationPolicy=Background',
  '?dryRun=All',
  '?dryRun=Some',
];

const replicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { schedulerName: 'nobody', containers: [container] },
    },
  },
};

const kindsOfPod: readonly (readonly [string, PodOptions])[] = [
  ['a Running', {}],
  ['a Pending', { phase: 'Pending' }],
  ['a Succeeded', { phase: 'Succeeded' }],
  ['a Failed', { phase: 'Failed' }],
  ['an unbound', { phase: 'Pending', node: null }],
];

export const deleteCases: readonly Case[] = inGroup('delete', [
  ...each('{} pod', kindsOfPod, async (world, kind) => {
    await world.pod('a', kind);
    return [await pod(world), await left(world)];
  }),
  ...each('a pod with {}', options, async (world, given) => {
    await world.pod('a');
    return [await pod(world, given), await left(world)];
  }),
  ...each('a pod with {}, which is refused', broken, async (world, given) => {
    await world.pod('a');
    return [await pod(world, given), await left(world)];
  }),
  ...each(
    'a pod with {}',
    queries.map((query) => [query, query] as const),
    async (world, query) => {
      await world.pod('a');
      return [await pod(world, undefined, query), await left(world)];
    },
  ),
  one('a pod under preconditions that hold', async (world) => {
    const { uid, resourceVersion } = await world.pod('a');
    return [await pod(world, { preconditions: { uid, resourceVersion } }), await left(world)];
  }),
  one('a pod by the uid that it has and the resourceVersion that it had', async (world) => {
    const { uid, resourceVersion } = await world.pod('a');
    await world.patch(`${world.pods}/a`, { metadata: { labels: { app: 'other' } } });
    return [await pod(world, { preconditions: { uid, resourceVersion } }), await left(world)];
  }),
  one('a pod twice: the second can shorten the end', async (world) => {
    await world.pod('a');
    return [await pod(world), await pod(world, { gracePeriodSeconds: 5 }), await left(world)];
  }),
  one('a pod twice: the second cannot put off the end', async (world) => {
    await world.pod('a');
    return [
      await pod(world, { gracePeriodSeconds: 5 }),
      await pod(world, { gracePeriodSeconds: 50 }),
      await left(world),
    ];
  }),
  one('a pod twice, the second at once', async (world) => {
    await world.pod('a');
    return [await pod(world), await pod(world, { gracePeriodSeconds: 0 }), await left(world)];
  }),
  one('a pod twice, the second under a uid that is another', async (world) => {
    await world.pod('a');
    return [await pod(world), await pod(world, { preconditions: { uid: otherUid } })];
  }),
  one('a pod with a finalizer: it goes with the finalizer', async (world) => {
    await world.pod('a', { metadata: { finalizers: ['example.com/hold'] } });
    const asked = await pod(world, { gracePeriodSeconds: 0 });
    const patched = await world.patch(`${world.pods}/a`, { metadata: { finalizers: null } });
    return [asked, patched, await left(world)];
  }),
  one('a Failed pod with a finalizer', async (world) => {
    await world.pod('a', { phase: 'Failed', metadata: { finalizers: ['example.com/hold'] } });
    const asked = await pod(world);
    await world.patch(`${world.pods}/a`, { metadata: { finalizers: null } });
    return [asked, await left(world)];
  }),
  one('a pod that is not there', (world) => pod(world)),
  one('a pod that is not there, by uid', (world) => pod(world, { preconditions: { uid: otherUid } })),
  one('a node', async (world) => {
    const name = `${world.namespace}-n`;
    await world.node(name);
    return [await remove(world, `/api/v1/nodes/${name}`), (await world.get(`/api/v1/nodes/${name}`)).status];
  }),
  one('a node by a uid that is another', async (world) => {
    const name = `${world.namespace}-n`;
    await world.node(name);
    return remove(world, `/api/v1/nodes/${name}`, { preconditions: { uid: otherUid } });
  }),
  one('a ConfigMap', async (world) => {
    await world.do('POST', world.in('configmaps'), {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    });
    return remove(world, `${world.in('configmaps')}/a`);
  }),
  one('a budget', async (world) => {
    await world.budget('web', { minAvailable: 1 }, 0);
    return remove(world, `${world.in('poddisruptionbudgets')}/web`);
  }),
  one('all pods of a namespace', async (world) => {
    for (const name of ['a', 'b']) await world.pod(name);
    await world.pod('c', { labels: { app: 'db' } });
    const answer = await remove(world, world.pods, { gracePeriodSeconds: 0 }, '?labelSelector=app%3Dweb');
    return [answer, await world.get(world.pods)];
  }),
  ...each(
    'a ReplicaSet by {}: its pods',
    ['Background', 'Foreground', 'Orphan'].map((policy) => [policy, policy] as const),
    async (world, propagationPolicy) => {
      const path = world.in('replicasets');
      await world.do('POST', path, { body: replicaSet });
      await world.until('both pods are there', async () => {
        const { items = [] } = (await world.get(world.pods)).body;
        return items.length === 2 ? true : undefined;
      });
      const answer = await remove(world, `${path}/web`, { propagationPolicy });
      const left = await world.until('the collector has done its work', async () => {
        const isGone = (await world.get(`${path}/web`)).status === 404;
        const { items = [] } = (await world.get(world.pods)).body;
        const expected = propagationPolicy === 'Orphan' ? 2 : 0;
        if (!isGone || items.length !== expected) return undefined;
        return items.map(({ metadata }) => 'ownerReferences' in metadata);
      });
      const { deletionTimestamp, finalizers } = { finalizers: undefined, ...answer.body.metadata };
      return { status: answer.status, kind: answer.body.kind, deletionTimestamp, finalizers, owned: left };
    },
  ),
  one('a namespace: it is Terminating until it is empty', async (world) => {
    await world.pod('a', { metadata: { finalizers: ['example.com/hold'] } });
    const answer = await remove(world, `/api/v1/namespaces/${world.namespace}`);
    const again = await remove(world, `/api/v1/namespaces/${world.namespace}`);
    await world.patch(`${world.pods}/a`, { metadata: { finalizers: null } });
    return [answer, { status: again.status }];
  }),
]);
