import type { World } from '../world.ts';
import { budgetBody } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one, sharing } from './case.ts';
import { addNodes, isReady, podsOf, ready, workload } from './controllers.ts';

interface BudgetStatus {
  readonly observedGeneration?: number;
  readonly currentHealthy: number;
  readonly expectedPods: number;
}

/** The status of a budget over `app: web`, once it counts so many healthy pods of so many. */
const counted = async (
  world: World,
  spec: object,
  { name, healthy, expected }: { readonly name: string; readonly healthy: number; readonly expected: number },
) => {
  const path = world.in('poddisruptionbudgets');
  const answer = await world.ask('POST', path, { body: budgetBody(name, spec) });
  if (answer.status !== 201 && answer.status !== 409) return answer;
  return world.until(`the budget ${name} counts ${healthy} healthy pods of ${expected}`, async () => {
    const { body } = await world.get(`${path}/${name}`);
    const status = body.status as BudgetStatus;
    const isDone =
      status.observedGeneration === body.metadata?.generation &&
      status.currentHealthy === healthy &&
      status.expectedPods === expected;
    return isDone ? status : undefined;
  });
};

const amounts = [
  { minAvailable: 0 },
  { minAvailable: 2 },
  { minAvailable: 4 },
  { minAvailable: 5 },
  { maxUnavailable: 0 },
  { maxUnavailable: 1 },
  { maxUnavailable: 9 },
  { minAvailable: '0%' },
  { minAvailable: '30%' },
  { minAvailable: '60%' },
  { minAvailable: '100%' },
  { maxUnavailable: '0%' },
  { maxUnavailable: '25%' },
  { maxUnavailable: '30%' },
  { maxUnavailable: '100%' },
  { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
] as const;

const shown = (spec: object): string =>
  Object.entries(spec)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
const nameOf = (spec: object): string =>
  shown(spec)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '-percent');

const deploy = (world: World, kind: string, spec: object, name = 'web') =>
  world.do('POST', world.in(`${kind.toLowerCase()}s`), { body: workload(world, kind, name, spec) });

const fourReplicas = sharing('four', async (world) => {
  await addNodes(world, 'n1');
  await deploy(world, 'Deployment', { replicas: 4 });
  await ready(world, 4);
});

/** Of four replicas one is not Ready; its node says so no more. */
const threeOfFour = sharing('three-of-four', async (world) => {
  await addNodes(world, 'n1');
  await deploy(world, 'StatefulSet', { replicas: 4, podManagementPolicy: 'Parallel' });
  await ready(world, 4);
  const status = { conditions: [{ type: 'Ready', status: 'False' }] };
  await world.patch(`${world.pods}/web-2/status`, { status }, 'strategic-merge-patch');
  await world.until('one pod is not Ready', async () => {
    const pods = await podsOf(world);
    return pods.filter(isReady).length === 3 ? true : undefined;
  });
});

export const budgetCases: readonly Case[] = inGroup('budget', [
  ...each(
    'of {} over four replicas that are Ready',
    amounts.map((spec) => [shown(spec), spec] as const),
    async (own, spec) =>
      counted(await fourReplicas(own), spec, { name: nameOf(spec), healthy: 4, expected: 4 }),
  ),
  ...each(
    'of {} over four replicas of which one is not Ready',
    amounts.map((spec) => [shown(spec), spec] as const),
    async (own, spec) =>
      counted(await threeOfFour(own), spec, { name: nameOf(spec), healthy: 3, expected: 4 }),
  ),
  ...each(
    'of {} over a deployment that was scaled to zero',
    [{ minAvailable: 1 }, { maxUnavailable: 1 }, { minAvailable: '50%' }, { maxUnavailable: '50%' }].map(
      (spec) => [shown(spec), spec] as const,
    ),
    async (world, spec) => {
      await addNodes(world, 'n1');
      await deploy(world, 'Deployment', { replicas: 2 });
      await ready(world, 2);
      await counted(world, spec, { name: 'web', healthy: 2, expected: 2 });
      await world.patch(`${world.in('deployments')}/web/scale`, { spec: { replicas: 0 } });
      await ready(world, 0);
      return counted(world, spec, { name: 'web', healthy: 0, expected: 0 });
    },
  ),
  ...each(
    'of {} over three pods that belong to nobody',
    [{ minAvailable: 2 }, { minAvailable: '50%' }, { maxUnavailable: 1 }].map(
      (spec) => [shown(spec), spec] as const,
    ),
    async (world, spec) => {
      for (const name of ['a', 'b', 'c']) await world.pod(name);
      return counted(world, spec, {
        name: 'web',
        healthy: 3,
        expected: 'minAvailable' in spec && spec.minAvailable === 2 ? 3 : 0,
      });
    },
  ),
  one('over no pods at all', (world) =>
    counted(world, { minAvailable: 1 }, { name: 'web', healthy: 0, expected: 0 }),
  ),
  one('by share over two deployments counts the replicas of both', async (world) => {
    await addNodes(world, 'n1');
    const labels = (app: string) => ({ app, team: 'shop' });
    for (const app of ['web', 'api']) {
      const { spec } = workload(world, 'Deployment', app) as { spec: { template: { spec: object } } };
      const template = { metadata: { labels: labels(app) }, spec: spec.template.spec };
      await deploy(world, 'Deployment', { replicas: app === 'web' ? 3 : 1, template }, app);
    }
    await ready(world, 3);
    await ready(world, 1, 'api');
    const selector = { matchLabels: { team: 'shop' } };
    return counted(world, { selector, minAvailable: '50%' }, { name: 'shop', healthy: 4, expected: 4 });
  }),
  one('is bigger when its deployment is', async (world) => {
    await addNodes(world, 'n1');
    await deploy(world, 'Deployment', { replicas: 2 });
    await ready(world, 2);
    const spec = { maxUnavailable: '50%' };
    await counted(world, spec, { name: 'web', healthy: 2, expected: 2 });
    await world.patch(`${world.in('deployments')}/web/scale`, { spec: { replicas: 4 } });
    await ready(world, 4);
    return counted(world, spec, { name: 'web', healthy: 4, expected: 4 });
  }),
  one('whose amount is changed counts anew', async (world) => {
    for (const name of ['a', 'b']) await world.pod(name);
    await counted(world, { minAvailable: 1 }, { name: 'web', healthy: 2, expected: 2 });
    await world.patch(`${world.in('poddisruptionbudgets')}/web`, { spec: { minAvailable: 2 } });
    return counted(world, {}, { name: 'web', healthy: 2, expected: 2 });
  }),
  one('over a daemon set, which has no scale, cannot count', async (world) => {
    await addNodes(world, 'n1');
    await deploy(world, 'DaemonSet', {});
    await ready(world, 1);
    await world.do('POST', world.in('poddisruptionbudgets'), {
      body: budgetBody('web', { maxUnavailable: 1 }),
    });
    return world.until('the budget has been looked at', async () => {
      const { status } = (await world.get(`${world.in('poddisruptionbudgets')}/web`)).body;
      return (status as { conditions?: object[] }).conditions === undefined ? undefined : status;
    });
  }),
]);
