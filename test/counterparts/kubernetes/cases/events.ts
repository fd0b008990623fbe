import type { World } from '../world.ts';
import { podBody } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one, sharing } from './case.ts';

const at = '2026-01-31T22:00:00Z';

/** As our client writes them: shared/kubernetes/events.ts. */
const event = (name: string, involvedObject: object, change: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name },
  involvedObject,
  type: 'Warning',
  reason: 'SpotInterruption',
  message: 'the instance goes at 22:02',
  source: { component: 'eks-caretaker-spot-drain' },
  firstTimestamp: at,
  lastTimestamp: at,
  count: 1,
  ...change,
});

const onPod = (world: World, name = 'a') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace: world.namespace,
  name,
  uid: '11111111-1111-1111-1111-111111111111',
});

const write = (world: World, body: object, namespace = world.namespace) =>
  world.ask('POST', `/api/v1/namespaces/${namespace}/events`, { body });

const someEvents = sharing('events', async (world) => {
  const named = (name: string) => ({ ...event(name, onPod(world, name)) });
  await world.do('POST', world.in('events'), { body: named('a') });
  await world.do('POST', world.in('events'), { body: { ...named('b'), reason: 'Other', type: 'Normal' } });
  const reportingComponent = 'eks-caretaker-pod-cleanup';
  await world.do('POST', world.in('events'), { body: { ...named('c'), reportingComponent } });
});

const selectors = [
  'involvedObject.name=a',
  'involvedObject.kind=Pod',
  'involvedObject.kind=Node',
  'involvedObject.uid=11111111-1111-1111-1111-111111111111',
  'involvedObject.name!=a,type=Warning',
  'reason=Other',
  'type=Normal',
  'source=eks-caretaker-spot-drain',
  'source=eks-caretaker-pod-cleanup',
  'reportingComponent=eks-caretaker-pod-cleanup',
  'metadata.name=b',
  'count=1',
];

export const eventCases: readonly Case[] = inGroup('event', [
  one('about a pod', (world) => write(world, event('a', onPod(world)))),
  one('about a node, in default', (world) =>
    write(
      world,
      event(`${world.namespace}-a`, { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n' }),
      'default',
    ),
  ),
  one('about a node, in another namespace', (world) =>
    write(world, event('a', { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n' })),
  ),
  one('about a pod of another namespace', (world) =>
    write(world, event('a', { ...onPod(world), namespace: 'default' })),
  ),
  one('about nothing', (world) => write(world, { apiVersion: 'v1', kind: 'Event', metadata: { name: 'a' } })),
  one('of a name that is there already', async (world) => {
    await write(world, event('a', onPod(world)));
    return write(world, event('a', onPod(world)));
  }),
  one('with a message of more than 1,024 characters', async (world) => {
    const { status } = await write(world, event('a', onPod(world), { message: 'x'.repeat(1100) }));
    return status;
  }),
  one('with a time that is none', (world) =>
    write(world, event('a', onPod(world), { firstTimestamp: 'soon' })),
  ),
  ...each(
    'found by {}',
    selectors.map((selector) => [selector, selector] as const),
    async (own, fieldSelector) => {
      const world = await someEvents(own);
      return world.get(`${world.in('events')}?${new URLSearchParams({ fieldSelector })}`);
    },
  ),
]);

/** A namespace that is being deleted and cannot be gone, for a pod in it holds on. */
const terminating = sharing('terminating', async (world) => {
  for (const name of ['held', 'other', 'third'])
    await world.pod(name, { metadata: { finalizers: ['example.com/hold'] } });
  await world.do('DELETE', `/api/v1/namespaces/${world.namespace}`);
});

export const namespaceCases: readonly Case[] = inGroup('a namespace that is being deleted', [
  one('says that it is Terminating', async (own) => {
    const { namespace, get } = await terminating(own);
    const { body } = await get(`/api/v1/namespaces/${namespace}`);
    return { phase: (body.status as { phase: string }).phase, spec: body.spec };
  }),
  one('takes no new pod', async (own) => {
    const world = await terminating(own);
    return world.ask('POST', world.pods, { body: podBody('new') });
  }),
  one('takes no new pod, on a dry run either', async (own) => {
    const world = await terminating(own);
    return world.ask('POST', `${world.pods}?dryRun=All`, { body: podBody('new') });
  }),
  one('takes no new budget', async (own) => {
    const world = await terminating(own);
    const spec = { minAvailable: 1, selector: {} };
    return world.ask('POST', world.in('poddisruptionbudgets'), {
      body: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'new' }, spec },
    });
  }),
  one('takes no new event', async (own) => {
    const world = await terminating(own);
    return write(world, event('new', onPod(world)));
  }),
  one('has its pods evicted', async (own) => (await terminating(own)).evict('held')),
  one('has no pod that is not there evicted', async (own) => (await terminating(own)).evict('none')),
  one('has its pods patched', async (own) => {
    const world = await terminating(own);
    const { status } = await world.patch(`${world.pods}/other`, { metadata: { labels: { app: 'x' } } });
    return status;
  }),
  one('has its pods deleted', async (own) => {
    const world = await terminating(own);
    const { status } = await world.ask('DELETE', `${world.pods}/third`);
    return status;
  }),
]);
