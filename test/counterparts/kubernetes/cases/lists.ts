import type { World } from '../world.ts';
import { podBody } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one, sharing } from './case.ts';

const query = (options: Readonly<Record<string, string | number>>): string =>
  `?${new URLSearchParams(Object.entries(options).map(([key, value]): [string, string] => [key, String(value)]))}`;

/** Five pods of every sort. */
const fivePods = async (world: World): Promise<void> => {
  const node = `node-of-${world.namespace}`;
  await world.pod('a', { labels: { app: 'web', tier: 'front' } });
  await world.pod('b', { labels: { app: 'web', tier: 'back', canary: '' } });
  await world.pod('c', { labels: { app: 'db', size: '10' }, phase: 'Failed' });
  await world.pod('d', { labels: { app: 'db', size: '5' }, phase: 'Succeeded' });
  await world.pod('e', { labels: {}, node: null, spec: { restartPolicy: 'Never', nodeSelector: { node } } });
};

const amongFive = sharing('five-pods', fivePods);

const labelSelectors = [
  'app=web',
  'app==web',
  'app!=web',
  'app in (web,db)',
  'app in (web, cache)',
  'app notin (web)',
  'tier',
  '!tier',
  'canary=',
  'app=web,tier=front',
  'app=web,tier!=front',
  ' app = web , tier = back ',
  'size>7',
  'size<7',
  'app in ()',
  'nobody/has=this',
];

const brokenLabelSelectors = [
  'app in web',
  'app in (web',
  'app=web,',
  ',app=web',
  'app==web=db',
  'app=(web)',
  'app web',
  'app=web$',
  '-app=web',
  'app/of/x=web',
  'app>seven',
  '!app=web',
];

const fieldSelectors = [
  'metadata.name=a',
  'metadata.name!=a',
  'status.phase=Failed',
  'status.phase==Failed',
  'status.phase!=Running',
  'status.phase!=Succeeded,status.phase!=Failed',
  'spec.restartPolicy=Never',
  'spec.schedulerName=nobody',
  'spec.nodeName=',
  'spec.nodeName!=',
  'spec.serviceAccountName=',
  'spec.hostNetwork=true',
  'spec.hostNetwork=false',
  'status.podIP=',
  'status.nominatedNodeName=',
  'metadata.name=a,metadata.name=b',
  '',
];

const brokenFieldSelectors = ['spec.nodeName', 'status.hostIP=1', 'spec.unschedulable=true', 'a=b', '=a'];

const brokenQueries = [
  { limit: 'ten' },
  { limit: '1.5' },
  { continue: 'what' },
  { continue: Buffer.from('{}').toString('base64url') },
  { continue: Buffer.from('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}').toString('base64url') },
  { continue: Buffer.from('{"v":"other","rv":5,"start":"a"}').toString('base64url') },
  { resourceVersion: 'new' },
  { resourceVersion: '-1' },
  { resourceVersionMatch: 'Exact' },
  { resourceVersion: '1', resourceVersionMatch: 'Newest' },
  { resourceVersion: '0', resourceVersionMatch: 'Exact' },
];

export const listCases: readonly Case[] = inGroup('list', [
  one('an empty namespace', (world) => world.get(world.pods)),
  one('a namespace that is not there', (world) => world.get('/api/v1/namespaces/no-such-one/pods')),
  one('whole pods in the order of their names', async (world) => {
    for (const name of ['b', 'c', 'a']) await world.pod(name);
    return world.get(world.pods);
  }),
  ...each(
    'pods by the labels {}',
    labelSelectors.map((text) => [text, text] as const),
    async (own, labelSelector) => {
      const world = await amongFive(own);
      return world.get(`${world.pods}${query({ labelSelector })}`);
    },
  ),
  ...each(
    'by the labels {}, which is refused',
    brokenLabelSelectors.map((text) => [text, text] as const),
    (world, labelSelector) => world.get(`${world.pods}${query({ labelSelector })}`),
  ),
  ...each(
    'pods by the field {}',
    fieldSelectors.map((text) => [text || '(none)', text] as const),
    async (own, fieldSelector) => {
      const world = await amongFive(own);
      return world.get(`${world.pods}${query({ fieldSelector })}`);
    },
  ),
  one('pods of all namespaces by spec.nodeName', async (own) => {
    const world = await amongFive(own);
    const fieldSelector = `spec.nodeName=node-of-${world.namespace}`;
    return world.get(`/api/v1/pods${query({ fieldSelector })}`);
  }),
  one('pods by spec.nodeName and labels', async (own) => {
    const world = await amongFive(own);
    const fieldSelector = `spec.nodeName=node-of-${world.namespace},status.phase=Running`;
    return world.get(`/api/v1/pods${query({ fieldSelector, labelSelector: 'tier=back' })}`);
  }),
  one('pods of all namespaces by metadata.namespace', async (own) => {
    const world = await amongFive(own);
    return world.get(`/api/v1/pods${query({ fieldSelector: `metadata.namespace=${world.namespace}` })}`);
  }),
  ...each(
    'pods by the field {}, which is refused',
    brokenFieldSelectors.map((text) => [text, text] as const),
    (world, fieldSelector) => world.get(`${world.pods}${query({ fieldSelector })}`),
  ),
  one('deployments by a field that only pods have', (world) =>
    world.get(`${world.in('deployments')}${query({ fieldSelector: 'status.phase=Running' })}`),
  ),
  one('budgets by a field that only pods have', (world) =>
    world.get(`${world.in('poddisruptionbudgets')}${query({ fieldSelector: 'spec.nodeName=a' })}`),
  ),
  one('nodes by spec.unschedulable', async (world) => {
    await world.node(`${world.namespace}-open`, { labels: { of: world.namespace } });
    await world.node(`${world.namespace}-shut`, {
      labels: { of: world.namespace },
      spec: { unschedulable: true },
    });
    const by = (value: string) =>
      world.get(
        `/api/v1/nodes${query({ labelSelector: `of=${world.namespace}`, fieldSelector: `spec.unschedulable=${value}` })}`,
      );
    const names = async (value: string) => (await by(value)).body.items?.map((one) => one.metadata.name);
    return { true: await names('true'), false: await names('false') };
  }),
  one('nodes by a field that they do not have', (world) =>
    world.get(`/api/v1/nodes${query({ fieldSelector: 'spec.providerID=a' })}`),
  ),
  one('namespaces by status.phase and name', (world) =>
    world.get(
      `/api/v1/namespaces${query({ fieldSelector: `status.phase=Active,metadata.name=${world.namespace}` })}`,
    ),
  ),
  ...each(
    'with the query {}, which is refused',
    brokenQueries.map((one) => [new URLSearchParams(one as Record<string, string>).toString(), one] as const),
    (world, broken) => world.get(`${world.pods}${query(broken as Record<string, string>)}`),
  ),
]);

const threePods = async (world: World): Promise<string> => {
  for (const name of ['a', 'b', 'c']) await world.pod(name);
  return (await world.get(world.pods)).body.metadata?.resourceVersion ?? '';
};

export const pagingCases: readonly Case[] = inGroup('page', [
  ...each(
    'pods with limit {}',
    ['0', '-1', '1', '3', '500'].map((limit) => [limit, limit] as const),
    async (world, limit) => {
      await threePods(world);
      return world.get(`${world.pods}${query({ limit })}`);
    },
  ),
  one('through all pods, two at a time', async (world) => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await world.pod(name);
    const first = await world.get(`${world.pods}?limit=2`);
    const second = await world.get(
      `${world.pods}${query({ limit: 2, continue: first.body.metadata?.continue ?? '' })}`,
    );
    const third = await world.get(
      `${world.pods}${query({ limit: 2, continue: second.body.metadata?.continue ?? '' })}`,
    );
    return [first, second, third];
  }),
  one('through pods by labels: how many remain is not told', async (world) => {
    await fivePods(world);
    const first = await world.get(`${world.pods}${query({ limit: 1, labelSelector: 'app' })}`);
    const rest = await world.get(
      `${world.pods}${query({ labelSelector: 'app', continue: first.body.metadata?.continue ?? '' })}`,
    );
    return [first, rest];
  }),
  one('through pods by node: how many remain is not told', async (world) => {
    await fivePods(world);
    const fieldSelector = `spec.nodeName=node-of-${world.namespace}`;
    return world.get(`/api/v1/pods${query({ limit: 2, fieldSelector })}`);
  }),
  one('that ends with the last match although other pods follow', async (world) => {
    await fivePods(world);
    const first = await world.get(`${world.pods}${query({ limit: 2, labelSelector: 'app=web' })}`);
    const next = first.body.metadata?.continue ?? '';
    if (next === '') return first;
    return [
      first,
      await world.get(`${world.pods}${query({ limit: 2, labelSelector: 'app=web', continue: next })}`),
    ];
  }),
  one('two shows what page one saw, whatever happened in between', async (world) => {
    for (const name of ['a', 'b', 'c']) await world.pod(name, { node: null });
    const first = await world.get(`${world.pods}?limit=1`);
    await world.do('DELETE', `${world.pods}/b`);
    await world.do('POST', world.pods, { body: podBody('d', { node: null }) });
    await world.patch(`${world.pods}/c`, { metadata: { labels: { app: 'other' } } });
    const second = await world.get(
      `${world.pods}${query({ continue: first.body.metadata?.continue ?? '' })}`,
    );
    return [first, second];
  }),
  one('with a continue token and a resourceVersion', async (world) => {
    const resourceVersion = await threePods(world);
    const first = await world.get(`${world.pods}?limit=1`);
    const token = first.body.metadata?.continue ?? '';
    return world.get(`${world.pods}${query({ continue: token, resourceVersion })}`);
  }),
  one('of another namespace with this one’s token', async (world) => {
    await threePods(world);
    const first = await world.get(`${world.pods}?limit=1`);
    return world.get(
      `/api/v1/namespaces/default/pods${query({ continue: first.body.metadata?.continue ?? '' })}`,
    );
  }),
]);

export const revisionCases: readonly Case[] = inGroup('list at a resourceVersion', [
  one('of 0', async (world) => {
    await threePods(world);
    return (await world.get(`${world.pods}?resourceVersion=0`)).status;
  }),
  one('that is the present one', async (world) => {
    const resourceVersion = await threePods(world);
    return world.get(`${world.pods}${query({ resourceVersion })}`);
  }),
  one('that is the present one, exactly', async (world) => {
    const resourceVersion = await threePods(world);
    return world.get(`${world.pods}${query({ resourceVersion, resourceVersionMatch: 'Exact' })}`);
  }),
  one('that is past, or later', async (world) => {
    const resourceVersion = await threePods(world);
    await world.patch(`${world.pods}/b`, { metadata: { labels: { app: 'later' } } });
    return world.get(`${world.pods}${query({ resourceVersion, resourceVersionMatch: 'NotOlderThan' })}`);
  }),
  one('that is past, exactly', async (world) => {
    const resourceVersion = await threePods(world);
    await world.patch(`${world.pods}/b`, { metadata: { labels: { app: 'later' } } });
    await world.do('POST', world.pods, { body: podBody('d', { node: null }) });
    await world.do('DELETE', `${world.pods}/c?gracePeriodSeconds=0`);
    return world.get(`${world.pods}${query({ resourceVersion, resourceVersionMatch: 'Exact' })}`);
  }),
  one('that is still to come', (world) => world.get(`${world.pods}?resourceVersion=99999999`)),
]);
