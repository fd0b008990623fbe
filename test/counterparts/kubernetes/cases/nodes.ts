import type { World } from '../world.ts';
import type { Case } from './case.ts';
import { inGroup, knownAs, one, wholeObject, wholeObjectAlone } from './case.ts';

const ours = { key: 'eks-caretaker/spot-interruption', effect: 'NoSchedule' };
const theirs = { key: 'example.com/dedicated', value: 'db', effect: 'NoSchedule' };
const annotations = { 'eks-caretaker/cordoned-for': ours.key };

const node = async (world: World, spec?: object) => {
  const name = `${world.namespace}-n`;
  const { resourceVersion } = await world.node(name, spec === undefined ? {} : { spec });
  return { path: `/api/v1/nodes/${name}`, resourceVersion };
};

/** Of a node only this is compared: the clusters' own controllers note other things on it. */
const shown = async (world: World, path: string) => {
  const { spec, metadata } = (await world.get(path)).body;
  const note = metadata?.annotations?.['eks-caretaker/cordoned-for'];
  return { spec, ...(note === undefined ? {} : { note }) };
};

const taintKeys = async (world: World, path: string): Promise<readonly string[]> => {
  const { spec } = (await world.get(path)).body;
  return ((spec?.taints ?? []) as { key: string }[]).map(({ key }) => key);
};

const patched = async (world: World, body: object, kind?: Parameters<World['patch']>[2]) => {
  const { path } = await node(world, { taints: [theirs] });
  const answer = await world.patch(path, body, kind);
  return answer.status === 200 ? [answer.status, await shown(world, path)] : answer;
};

const cordoned = 'node.kubernetes.io/unschedulable';

export const nodeCases: readonly Case[] = inGroup('node', [
  one('is cordoned and tainted by one merge patch under an optimistic lock', async (world) => {
    const { path, resourceVersion } = await node(world, { taints: [theirs] });
    const spec = { unschedulable: true, taints: [theirs, ours] };
    const answer = await world.patch(path, { metadata: { resourceVersion, annotations }, spec });
    await world.until('its cordon is a taint', async () =>
      (await taintKeys(world, path)).includes(cordoned) ? true : undefined,
    );
    return [answer.status, await shown(world, path)];
  }),
  one('is uncordoned again', async (world) => {
    const { path } = await node(world, { unschedulable: true, taints: [theirs, ours] });
    await world.until('its cordon is a taint', async () =>
      (await taintKeys(world, path)).includes(cordoned) ? true : undefined,
    );
    const answer = await world.patch(path, {
      metadata: { annotations: { 'eks-caretaker/cordoned-for': null } },
      spec: { unschedulable: null, taints: [theirs] },
    });
    await world.until('the taint of its cordon is gone', async () =>
      (await taintKeys(world, path)).includes(cordoned) ? undefined : true,
    );
    return [answer.status, await shown(world, path)];
  }),
  one('is not patched with a resourceVersion that it had', async (world) => {
    const { path, resourceVersion } = await node(world);
    await world.patch(path, { metadata: { labels: { other: 'writer' } } });
    return world.patch(path, { metadata: { resourceVersion }, spec: { taints: [ours] } });
  }),
  one('gets its taints replaced by a merge patch', (world) => patched(world, { spec: { taints: [ours] } })),
  one('gets its taints merged by a strategic patch', (world) =>
    patched(world, { spec: { taints: [ours] } }, 'strategic-merge-patch'),
  ),
  one('loses its taints by an empty list', (world) => patched(world, { spec: { taints: [] } })),
  one('gets a taint by JSON patch', (world) =>
    patched(world, [{ op: 'add', path: '/spec/taints/-', value: ours }], 'json-patch'),
  ),
  one('does not get the same taint twice', (world) => patched(world, { spec: { taints: [ours, ours] } })),
  one('gets one key with two effects', (world) =>
    patched(world, { spec: { taints: [ours, { ...ours, effect: 'NoExecute' }] } }),
  ),
  one('does not get an effect that nobody knows', (world) =>
    patched(world, { spec: { taints: [{ ...ours, effect: 'Never' }] } }),
  ),
  one('does not get a taint without an effect', (world) =>
    patched(world, { spec: { taints: [{ key: 'a' }] } }),
  ),
  one('does not get a taint whose key is none', (world) =>
    patched(world, { spec: { taints: [{ key: 'a b', effect: 'NoSchedule' }] } }),
  ),
  one('does not get a taint whose value is none', (world) =>
    patched(world, { spec: { taints: [{ key: 'a', value: 'a b', effect: 'NoSchedule' }] } }),
  ),
  ...knownAs(wholeObjectAlone, [
    one('cannot be "yes" unschedulable', (world) => patched(world, { spec: { unschedulable: 'yes' } })),
    one('cannot be given taints that are a text', (world) => patched(world, { spec: { taints: 'none' } })),
  ]),
  one('does not get a label that is none', (world) => patched(world, { metadata: { labels: { a: '-' } } })),
  one('keeps the providerID that it has', async (world) => {
    const { path } = await node(world, { providerID: 'aws:///a/i-1' });
    return world.patch(path, { spec: { providerID: 'aws:///a/i-2' } });
  }),
  one('gets conditions by its status, one by one', async (world) => {
    const { path } = await node(world);
    const conditions = [{ type: 'KernelDeadlock', status: 'False', reason: 'KernelHasNoDeadlock' }];
    const { status, body } = await world.patch(
      `${path}/status`,
      { status: { conditions } },
      'strategic-merge-patch',
    );
    const all = (body.status as { conditions: { type: string }[] }).conditions;
    const shown = all.filter(({ type }) => type === 'KernelDeadlock');
    return { status, shown, others: all.some(({ type }) => type === 'Ready') };
  }),
]);

const deployment = async (world: World): Promise<string> => {
  const path = `${world.in('deployments')}/web`;
  await world.do('POST', world.in('deployments'), {
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
        template: {
          metadata: { labels: { app: 'web', tier: 'front' } },
          spec: {
            schedulerName: 'nobody',
            containers: [{ name: 'main', image: 'registry.example/web:1' }],
          },
        },
      },
    },
  });
  await world.until('its controller has taken notice of both pods', async () => {
    const status = (await world.get(path)).body.status as { replicas?: number; conditions?: unknown[] };
    return status.replicas === 2 && status.conditions?.length === 2 ? true : undefined;
  });
  return path;
};

const scaled = async (world: World, body: object) => {
  const path = await deployment(world);
  const answer = await world.patch(`${path}/scale`, body);
  const { spec, metadata } = (await world.get(path)).body;
  return [answer, { replicas: spec?.replicas, generation: metadata?.generation }];
};

export const scaleCases: readonly Case[] = inGroup('scale', [
  one('of a deployment', async (world) => world.get(`${await deployment(world)}/scale`)),
  one('of a deployment that is not there', (world) => world.get(`${world.in('deployments')}/web/scale`)),
  one('of a daemon set', (world) => world.get(`${world.in('daemonsets')}/web/scale`)),
  one('patched to another number', (world) => scaled(world, { spec: { replicas: 5 } })),
  one('patched to none', (world) => scaled(world, { spec: { replicas: 0 } })),
  one('patched to what it is', (world) => scaled(world, { spec: { replicas: 2 } })),
  one('patched to minus one', (world) => scaled(world, { spec: { replicas: -1 } })),
  ...knownAs(wholeObject, [
    one('patched to a text', (world) => scaled(world, { spec: { replicas: 'two' } })),
  ]),
  one('patched to nothing', (world) => scaled(world, { spec: null })),
  one('patched with another resourceVersion', (world) =>
    scaled(world, { metadata: { resourceVersion: '1' }, spec: { replicas: 3 } }),
  ),
  one('replaced', async (world) => {
    const path = await deployment(world);
    const { body } = await world.get(`${path}/scale`);
    return world.ask('PUT', `${path}/scale`, { body: { ...body, spec: { replicas: 3 } } });
  }),
  one('of the deployment itself, with a label that is none', async (world) =>
    world.patch(await deployment(world), { metadata: { labels: { a: '-' } } }),
  ),
  one('of the deployment itself, by its spec', async (world) => {
    const path = await deployment(world);
    const { status, body } = await world.patch(path, { spec: { replicas: 3 } });
    return { status, replicas: body.spec?.replicas, generation: body.metadata?.generation };
  }),
]);
