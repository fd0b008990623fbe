import type { World } from '../world.ts';
import { container, podBody } from '../world.ts';
import { broken, kinds, refusedOthers, refusedPods, workload } from './bodies.ts';
import type { Case } from './case.ts';
import { each, inGroup, one } from './case.ts';

const create = (world: World, plural: string, body: object | string, query = '') =>
  world.ask('POST', `${world.in(plural)}${query}`, { body });

export const createCases: readonly Case[] = inGroup('create', [
  ...each('{}', kinds, (world, { plural, body }) => create(world, plural, body)),
  one('a Namespace', async (world) => {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${world.namespace}-2` } };
    return world.ask('POST', '/api/v1/namespaces', { body });
  }),
  one('a Node: it starts with the taint that it is not ready', async (world) => {
    const body = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `${world.namespace}-n`, labels: { role: 'spot' } },
      spec: { providerID: 'aws:///eu-central-1a/i-0123456789abcdef0' },
      status: { capacity: { pods: '110' }, allocatable: { pods: '110' } },
    };
    return world.ask('POST', '/api/v1/nodes', { body });
  }),
  one('a Job, suspended', async (world) => {
    const spec = {
      suspend: true,
      template: { spec: { restartPolicy: 'Never', containers: [container] } },
    };
    const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once' }, spec };
    const { status } = await create(world, 'jobs', body);
    const answer = await world.get(`${world.in('jobs')}/once`);
    return { status, kind: answer.body.kind, suspend: answer.body.spec?.suspend };
  }),
  one('a pod that is there already', async (world) => {
    await world.pod('a');
    return create(world, 'pods', podBody('a'));
  }),
  one('a deployment that is there already', async (world) => {
    await world.do('POST', world.in('deployments'), { body: workload('Deployment') });
    return create(world, 'deployments', workload('Deployment'));
  }),
  one('a pod by generateName', async (world) => {
    const body = podBody('', { metadata: { name: undefined, generateName: 'web-' } });
    const answer = await create(world, 'pods', body);
    const { name = '', generateName } = { generateName: '', ...answer.body.metadata };
    return { status: answer.status, generateName, name: name.replace(/[a-z0-9]{5}$/, '?????') };
  }),
  one('a pod in a namespace that is not there', (world) =>
    world.ask('POST', '/api/v1/namespaces/no-such-one/pods', { body: podBody('a') }),
  ),
  one('a pod with a status and a uid of its own', async (world) => {
    const body = podBody('a', {
      node: null,
      metadata: { uid: '11111111-1111-1111-1111-111111111111', creationTimestamp: '2020-01-01T00:00:00Z' },
    });
    const answer = await create(world, 'pods', { ...body, status: { phase: 'Failed' } });
    return {
      status: answer.body.status,
      ownUid: answer.body.metadata?.uid === '11111111-1111-1111-1111-111111111111',
    };
  }),
  one('a pod on a dry run, which leaves nothing', async (world) => [
    await create(world, 'pods', podBody('a', { node: null }), '?dryRun=All'),
    await world.get(`${world.pods}/a`),
  ]),
  one('a pod that is there already, on a dry run', async (world) => {
    await world.pod('a');
    return create(world, 'pods', podBody('a'), '?dryRun=All');
  }),
  one('a pod on a dry run of some', (world) => create(world, 'pods', podBody('a'), '?dryRun=Some')),
  ...each('a pod from {}', broken, (world, body) => create(world, 'pods', body)),
  ...each('a pod {}', refusedPods, (world, body) => create(world, 'pods', body)),
  ...each('{}', refusedOthers, (world, { plural, body }) => create(world, plural, body)),
  one('a pod as text/plain', (world) =>
    world.ask('POST', world.pods, { body: JSON.stringify(podBody('a')), contentType: 'text/plain' }),
  ),
  one('a pod of more than three megabytes', (world) => {
    const annotations = { long: 'x'.repeat(3 * 1024 * 1024) };
    return world.ask('POST', world.pods, { body: podBody('a', { metadata: { annotations } }) });
  }),
  one(
    'a pod as YAML',
    (world) =>
      world.ask('POST', world.pods, {
        body: 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n',
        contentType: 'application/yaml',
      }),
    {
      known: {
        parts: ['*'],
        embedded: 'a body in application/yaml',
        why: 'the embedded API reads JSON, and says by name that it does not read YAML: no client of ours sends it',
      },
    },
  ),
  one(
    'a ConfigMap, and who owns which of its fields is noted',
    async (world) => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } };
      const answer = await create(world, 'configmaps', body);
      return { noted: 'managedFields' in { ...answer.body.metadata } };
    },
    {
      known: {
        parts: ['noted'],
        why: 'bookkeeping of server-side apply, which the embedded API does not have; left out of all comparisons',
      },
    },
  ),
]);
