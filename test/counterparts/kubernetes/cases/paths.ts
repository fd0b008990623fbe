import type { Case } from './case.ts';
import { each, inGroup, one } from './case.ts';

const nowhere = [
  '/nothing',
  '/api/v2/pods',
  '/apis/nothing.example/v1/things',
  '/apis/apps/v9/deployments',
  '/api/v1/things',
  '/apis/apps/v1/things/a',
  '/api/v1/namespaces/default/things/a',
  '/apis/policy/v1/namespaces/default/things',
];

export const pathCases: readonly Case[] = inGroup('path', [
  ...each(
    '{} is nowhere',
    nowhere.map((path) => [path, path] as const),
    (world, path) => world.get(path),
  ),
  one('of a pod that is not there', (world) => world.get(`${world.pods}/a`)),
  one('of a pod in a namespace that is not there', (world) => world.get('/api/v1/namespaces/none/pods/a')),
  one('of a deployment that is not there', (world) => world.get(`${world.in('deployments')}/a`)),
  one('of a node that is not there', (world) => world.get('/api/v1/nodes/none')),
  one('of a namespace', async (world) => world.get(`/api/v1/namespaces/${world.namespace}`)),
  one('of a pod', async (world) => {
    await world.pod('a');
    return world.get(`${world.pods}/a`);
  }),
  one('of a pod’s status', async (world) => {
    await world.pod('a');
    return world.get(`${world.pods}/a/status`);
  }),
  one('of a subresource that pods do not have', async (world) => {
    await world.pod('a');
    return world.get(`${world.pods}/a/scale`);
  }),
  one('of a pod, POST', (world) => world.ask('POST', `${world.pods}/a`, { body: {} })),
  one('of all pods, PUT', (world) => world.ask('PUT', world.pods, { body: {} })),
  one('of all pods, PATCH', (world) => world.patch(world.pods, {})),
  one('of an eviction, GET', async (world) => {
    await world.pod('a');
    return world.get(`${world.pods}/a/eviction`);
  }),
  one('of a scale, DELETE', (world) => world.ask('DELETE', `${world.in('deployments')}/a/scale`)),
  ...each(
    '{} says ok',
    ['/healthz', '/livez', '/readyz'].map((path) => [path, path] as const),
    (world, path) => world.get(path),
  ),
  one('/version names the minor', async (world) => {
    const { status, body } = await world.get('/version');
    const { major, minor } = body as { major?: string; minor?: string };
    return { status, major, minor };
  }),
  one('of pods, for which HTML is wanted', (world) => world.get(world.pods, { accept: 'text/html' })),
  one('of pods, for which anything is wanted', (world) => world.get(world.pods, { accept: '*/*' })),
]);
