import { otherUid } from '../comparison.ts';
import type { World } from '../world.ts';
import { budgetBody } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one } from './case.ts';

const eviction = (world: World, name: string, body: object | string, query = '') =>
  world.ask('POST', `${world.pods}/${name}/eviction${query}`, { body });

const policies: readonly (readonly [string, object])[] = [
  ['no policy', {}],
  ['IfHealthyBudget', { unhealthyPodEvictionPolicy: 'IfHealthyBudget' }],
  ['AlwaysAllow', { unhealthyPodEvictionPolicy: 'AlwaysAllow' }],
];

const amounts: readonly (readonly [string, object])[] = [
  ['minAvailable 2', { minAvailable: 2 }],
  ['minAvailable 3', { minAvailable: 3 }],
  ['minAvailable 0', { minAvailable: 0 }],
  ['minAvailable 100%, pods of nobody', { minAvailable: '100%' }],
  ['maxUnavailable 1, pods of nobody', { maxUnavailable: 1 }],
  ['maxUnavailable 0', { maxUnavailable: 0 }],
  ['neither amount', {}],
];

const budgetPath = (world: World, name: string) => `${world.in('poddisruptionbudgets')}/${name}`;

const pods = async (world: World, ...names: readonly string[]): Promise<void> => {
  for (const name of names) await world.pod(name);
};

const refused: readonly (readonly [string, object | string])[] = [
  ['nothing', ''],
  ['no JSON', 'what'],
  ['an empty object', {}],
  ['no name', { apiVersion: 'policy/v1', kind: 'Eviction' }],
  ['another pod’s name', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'b' } }],
  [
    'another namespace',
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a', namespace: 'default' } },
  ],
  ['a pod', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }],
  ['policy/v1beta1', { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'a' } }],
  ['policy/v2', { apiVersion: 'policy/v2', kind: 'Eviction', metadata: { name: 'a' } }],
];

const refusedOptions: readonly (readonly [string, object])[] = [
  ['a dry run of some', { dryRun: ['Some'] }],
  ['a grace that is a text', { gracePeriodSeconds: '10' }],
  ['a uid that is another', { preconditions: { uid: otherUid } }],
  ['a resourceVersion that is another', { preconditions: { resourceVersion: '1' } }],
  ['both that are others', { preconditions: { uid: otherUid, resourceVersion: '1' } }],
];

/** What is left of the pod and of the budget. */
const after = async (world: World, pod: string, budget: string) => {
  const { status, body } = await world.get(`${world.pods}/${pod}`);
  const left = await world.get(budgetPath(world, budget));
  return {
    pod: [status, body.metadata?.deletionGracePeriodSeconds ?? 'stays'],
    budget: left.body.status,
  };
};

export const evictionCases: readonly Case[] = inGroup('evict', [
  one('a pod that nothing holds', async (world) => {
    await world.pod('a');
    return [await world.evict('a'), await world.get(`${world.pods}/a`)];
  }),
  one('a pod with a grace of its own and one that is asked for', async (world) => {
    await world.pod('a', { spec: { terminationGracePeriodSeconds: 60 } });
    return [await world.evict('a', { gracePeriodSeconds: 10 }), await world.get(`${world.pods}/a`)];
  }),
  one('a pod with grace 0', async (world) => {
    await world.pod('a');
    return [await world.evict('a', { gracePeriodSeconds: 0 }), await world.get(`${world.pods}/a`)];
  }),
  one('a pod that is not there', (world) => world.evict('a')),
  one('a pod in a namespace that is not there', (world) =>
    world.ask('POST', '/api/v1/namespaces/none/pods/a/eviction', {
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a', namespace: 'none' } },
    }),
  ),
  one('a pod that terminates already', async (world) => {
    await pods(world, 'a', 'b');
    await world.budget('web', { minAvailable: 2 }, 2);
    await world.do('DELETE', `${world.pods}/a?gracePeriodSeconds=20`);
    return [
      await world.evict('a'),
      await world.evict('a', { gracePeriodSeconds: 5 }),
      await world.get(`${world.pods}/a`),
    ];
  }),
  one('a pod that only a finalizer keeps', async (world) => {
    await world.pod('a', { metadata: { finalizers: ['example.com/hold'] } });
    await world.do('DELETE', `${world.pods}/a?gracePeriodSeconds=0`);
    const answer = await world.evict('a');
    await world.patch(`${world.pods}/a`, { metadata: { finalizers: null } });
    return answer;
  }),
  ...each('a pod by {}', refused, async (world, body) => {
    await world.pod('a');
    return eviction(world, 'a', body);
  }),
  ...each('a pod with {}', refusedOptions, async (world, options) => {
    await world.pod('a');
    return [
      await world.evict('a', options),
      (await world.get(`${world.pods}/a`)).body.metadata?.name ?? 'gone',
    ];
  }),
  one('a pod under preconditions that hold', async (world) => {
    const { uid, resourceVersion } = await world.pod('a');
    return world.evict('a', { preconditions: { uid, resourceVersion } });
  }),
  one('a pod under an empty precondition', async (world) => {
    await world.pod('a');
    return world.evict('a', { preconditions: {} });
  }),
  one('a pod on a dry run, by query and by options: it stays, the budget too', async (world) => {
    await pods(world, 'a', 'b');
    await world.budget('web', { minAvailable: 1 }, 2);
    const answers = [
      await world.evict('a', undefined, '?dryRun=All'),
      await world.evict('a', { dryRun: ['All'] }),
    ];
    const { pod, budget } = await after(world, 'a', 'web');
    return [...answers, { pod, allowed: (budget as { disruptionsAllowed?: number }).disruptionsAllowed }];
  }),
  one('a pod that a budget holds, on a dry run', async (world) => {
    await pods(world, 'a');
    await world.budget('web', { minAvailable: 1 }, 1);
    return world.evict('a', undefined, '?dryRun=All');
  }),
  ...each('one of two pods under {}', amounts, async (world, amount) => {
    await pods(world, 'a', 'b');
    await world.budget('web', amount, 2);
    return world.evict('a');
  }),
  one('as many as a budget spares, then one more', async (world) => {
    await pods(world, 'a', 'b', 'c');
    await world.budget('web', { minAvailable: 2 }, 3);
    const first = await world.evict('a');
    // Until then the real server may say in other words, of the count before, that there is no room.
    const left = await world.until('the budget has seen the pod go', async () => {
      const { status } = (await world.get(budgetPath(world, 'web'))).body;
      const { currentHealthy, disruptedPods } = status as { currentHealthy: number; disruptedPods?: object };
      return currentHealthy === 2 && disruptedPods === undefined ? status : undefined;
    });
    return [first, left, await world.evict('b')];
  }),
  one('a pod of two budgets', async (world) => {
    await pods(world, 'a');
    await world.budget('one', { minAvailable: 0 }, 1);
    await world.budget('two', { minAvailable: 0 }, 1);
    return world.evict('a');
  }),
  one('a finished pod of two budgets', async (world) => {
    await world.pod('a', { phase: 'Failed' });
    await world.budget('one', { minAvailable: 1 }, 0);
    await world.budget('two', { minAvailable: 1 }, 0);
    return world.evict('a');
  }),
  ...each(
    'a {} pod of a budget that spares none',
    (['Pending', 'Succeeded', 'Failed'] as const).map((phase) => [phase, phase] as const),
    async (world, phase) => {
      await world.pod('a', { phase });
      await world.budget('web', { minAvailable: 1 }, 0);
      return [await world.evict('a'), (await world.get(`${world.pods}/a`)).status];
    },
  ),
  one('a Pending pod that no node has', async (world) => {
    await world.pod('a', { phase: 'Pending', node: null });
    await world.budget('web', { minAvailable: 1 }, 0);
    return [await world.evict('a'), await world.get(`${world.pods}/a`)];
  }),
  ...each('an unready pod while others are too few, {}', policies, async (world, policy) => {
    await pods(world, 'a');
    await world.pod('sick', { ready: false });
    await world.budget('web', { minAvailable: 2, ...policy }, 1);
    return world.evict('sick');
  }),
  ...each('an unready pod while others are enough, {}', policies, async (world, policy) => {
    await pods(world, 'a');
    await world.pod('sick', { ready: false });
    await world.budget('web', { minAvailable: 1, ...policy }, 1);
    return world.evict('sick');
  }),
  ...each('a ready pod while others are too few, {}', policies, async (world, policy) => {
    await pods(world, 'a');
    await world.pod('sick', { ready: false });
    await world.budget('web', { minAvailable: 1, ...policy }, 1);
    return world.evict('a');
  }),
  one('a pod whose budget selects everything', async (world) => {
    await pods(world, 'a');
    await world.budget('all', { selector: {}, minAvailable: 1 }, 1);
    return world.evict('a');
  }),
  one('a pod whose budget selects by expression', async (world) => {
    await pods(world, 'a');
    const matchExpressions = [{ key: 'app', operator: 'In', values: ['web', 'db'] }];
    await world.budget('some', { selector: { matchExpressions }, minAvailable: 1 }, 1);
    return world.evict('a');
  }),
  one('a pod that only another’s budget would hold', async (world) => {
    await pods(world, 'a');
    await world.budget('db', { selector: { matchLabels: { app: 'db' } }, minAvailable: 1 }, 0);
    return world.evict('a');
  }),
  one('a pod whose owner has no scale: its budget allows nothing', async (world) => {
    const owner = await world.do('POST', world.in('configmaps'), {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner' } },
    });
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.uid, controller: true },
    ];
    await world.pod('a', { metadata: { ownerReferences } });
    await world.do('POST', world.in('poddisruptionbudgets'), {
      body: budgetBody('web', { maxUnavailable: 1 }),
    });
    const status = await world.until('the budget has been looked at', async () => {
      const found = (await world.get(budgetPath(world, 'web'))).body.status;
      return (found as { conditions?: object[] }).conditions === undefined ? undefined : found;
    });
    return [await world.evict('a'), status];
  }),
  one('under a uid that is another: the budget is asked, and spent, before', async (world) => {
    await pods(world, 'a', 'b');
    await world.budget('web', { minAvailable: 1 }, 2);
    const answer = await world.evict('a', { preconditions: { uid: otherUid } });
    const { budget } = await after(world, 'a', 'web');
    const { disruptionsAllowed } = budget as { disruptionsAllowed: number };
    return [answer, { disruptionsAllowed }];
  }),
  one('under a uid that is another, where the budget spares none', async (world) => {
    await pods(world, 'a');
    await world.budget('web', { minAvailable: 1 }, 1);
    return world.evict('a', { preconditions: { uid: otherUid } });
  }),
]);
