import { exampleConfigFile } from '../../../../infra/cli/defaults.ts';
import { entriesOf, exampleScope } from '../../../../infra/entries.ts';
import { loadConfigFile } from '../../../../infra/load-config.ts';
import { kubernetesManifests } from '../../../../infra/rbac.ts';
import type { Ask } from '../port.ts';
import type { World } from '../world.ts';
import { as } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one, sharing } from './case.ts';

const manifests = kubernetesManifests(
  entriesOf(loadConfigFile(exampleConfigFile), exampleScope).map(({ entry }) => entry),
);
const roles = manifests.filter(({ kind }) => kind === 'ClusterRole').map(({ metadata }) => metadata.name);

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** The ClusterRoles and bindings that `caretaker rbac` prints. */
const withRights = sharing('rights', async (world) => {
  for (const body of manifests) {
    const answer = await world.ask('POST', `${rbac}/${body.kind.toLowerCase()}s`, { body });
    if (answer.status !== 201 && answer.status !== 409)
      throw new Error(`${body.metadata.name}: ${answer.status}`);
  }
  // The server looks at a copy of its own, which is a little behind.
  await world.until('the last binding counts', async () => {
    const { status } = await world.get('/api/v1/pods?limit=1', of('pod-cleanup'));
    return status === 200 ? true : undefined;
  });
});

const of = (entry: string): Ask => as(`eks-caretaker:${entry}:1234`, `eks-caretaker:${entry}`);
const nobody = as('nobody', 'nothing');

const resources = [
  ['', 'nodes'],
  ['', 'pods'],
  ['', 'pods/eviction'],
  ['', 'events'],
  ['', 'namespaces'],
  ['', 'secrets'],
  ['apps', 'daemonsets'],
  ['apps', 'deployments'],
  ['apps', 'deployments/scale'],
  ['policy', 'poddisruptionbudgets'],
  ['karpenter.sh', 'nodeclaims'],
] as const;
const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

const review = (world: World, spec: object, ask: Ask = {}) =>
  world.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    ...ask,
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec },
  });

const mayDo = async (world: World, ask: Ask): Promise<readonly string[]> => {
  const answers = await Promise.all(
    resources.flatMap(([group, name]) =>
      verbs.map(async (verb) => {
        const [resource, subresource] = name.split('/');
        const attributes = { group, resource, subresource, verb, namespace: world.namespace };
        const { body } = await review(world, { resourceAttributes: attributes }, ask);
        const { allowed } = body.status as { allowed: boolean };
        return allowed ? [`${verb} ${name}`] : [];
      }),
    ),
  );
  return answers.flat();
};

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

const requests: readonly (readonly [string, readonly [string, (world: World) => string, object?]])[] = [
  ['GET a pod', ['GET', (world) => `${world.pods}/a`]],
  ['list the pods of a namespace', ['GET', (world) => world.pods]],
  ['list the pods of all', ['GET', () => '/api/v1/pods']],
  ['list the pods of a name', ['GET', (world) => `${world.pods}?fieldSelector=metadata.name%3Da`]],
  ['watch pods', ['GET', () => '/api/v1/pods?watch=true']],
  ['watch pods in vain', ['GET', () => '/api/v1/pods?watch=0']],
  ['create a pod', ['POST', (world) => world.pods, {}]],
  ['evict a pod', ['POST', (world) => `${world.pods}/a/eviction`, {}]],
  ['delete a pod', ['DELETE', (world) => `${world.pods}/a`]],
  ['delete all pods', ['DELETE', (world) => world.pods]],
  ['patch a node', ['PATCH', () => '/api/v1/nodes/a', {}]],
  ['replace a node', ['PUT', () => '/api/v1/nodes/a', {}]],
  ['patch a scale', ['PATCH', (world) => `${world.in('deployments')}/web/scale`, {}]],
  ['list budgets', ['GET', () => '/apis/policy/v1/poddisruptionbudgets']],
  ['GET a namespace', ['GET', (world) => `/api/v1/namespaces/${world.namespace}`]],
  [
    'GET what nobody knows',
    ['GET', (world) => `/apis/nothing.example/v1/namespaces/${world.namespace}/things/a`],
  ],
  ['GET a path', ['GET', () => '/metrics']],
  ['GET a path that is nowhere', ['GET', () => '/nothing/at/all']],
];

export const rightsCases: readonly Case[] = [
  ...inGroup('who is nobody', [
    ...each(
      'with {} is refused',
      [
        ['no token', ''],
        ['a token that nobody gave', 'Bearer what'],
        ['an empty token', 'Bearer '],
        ['a password', 'Basic YWRtaW46YWRtaW4='],
      ] as const,
      (world, authorization) => world.get(world.pods, { authorization }),
    ),
    one('without a token may ask for health', (world) => world.get('/readyz', { authorization: '' })),
    one('without a token may not ask for the version', (world) =>
      world.get('/version', { authorization: '' }),
    ),
  ]),
  ...inGroup('without rights', [
    ...each('one may not {}', requests, (world, [method, path, body]) =>
      world.ask(method, path(world), {
        ...nobody,
        ...(body === undefined
          ? {}
          : { body, ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}) }),
      }),
    ),
    one('one may ask for the version', async (world) => (await world.get('/version', nobody)).status),
    one('one may ask what there is', async (world) => (await world.get('/apis/apps/v1', nobody)).status),
    one('one may not act as another', async (world) => {
      const asked = await review(
        world,
        { resourceAttributes: { verb: 'impersonate', resource: 'users' } },
        nobody,
      );
      return { allowed: (asked.body.status as { allowed: boolean }).allowed };
    }),
  ]),
  ...inGroup('the shipped role', [
    ...each(
      '{} allows',
      roles.map((role) => [role, role.replace('eks-caretaker:', '')] as const),
      async (own, entry) => mayDo(await withRights(own), of(entry)),
    ),
    one('is stored as it was sent', async (own) =>
      (await withRights(own)).get(`${rbac}/clusterroles/${roles[0]}`),
    ),
    one('has a binding that is stored as it was sent', async (own) =>
      (await withRights(own)).get(`${rbac}/clusterrolebindings/${roles[0]}`),
    ),
    one('of pod-cleanup lists, and does not evict', async (own) => {
      const world = await withRights(own);
      await world.pod('kept');
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'kept' } };
      return [
        (await world.get('/api/v1/pods?limit=1', of('pod-cleanup'))).status,
        await world.ask('POST', `${world.pods}/kept/eviction`, { ...of('pod-cleanup'), body }),
      ];
    }),
    one('of spot-drain-worker evicts, and does not create', async (own) => {
      const world = await withRights(own);
      await world.pod('moved');
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'moved' } };
      return [
        await world.ask('POST', `${world.pods}/moved/eviction`, { ...of('spot-drain-worker'), body }),
        await world.ask('POST', world.pods, { ...of('spot-drain-worker'), body: {} }),
      ];
    }),
  ]),
];

const pods = { verb: 'list', resource: 'pods' };
const version = { verb: 'get', path: '/version' };

const reviews: readonly (readonly [string, object])[] = [
  ['about a resource', { resourceAttributes: pods }],
  ['about a path', { nonResourceAttributes: version }],
  ['about neither', {}],
  ['about both', { resourceAttributes: pods, nonResourceAttributes: version }],
];

export const reviewCases: readonly Case[] = inGroup('review', [
  ...each('of an administrator’s rights {}', reviews, async (world, spec) => review(world, spec)),
  one('of nobody’s rights about a resource', (world) => review(world, { resourceAttributes: pods }, nobody)),
  one('of nobody’s rights about a path: more than one binding gives it', async (world) => {
    const { body } = await review(world, { nonResourceAttributes: version }, nobody);
    const { allowed, reason = '' } = body.status as { allowed: boolean; reason?: string };
    return { allowed, by: reason.split('"')[0] };
  }),
  one('of a shipped role’s rights: the binding is named', async (own) =>
    review(await withRights(own), { resourceAttributes: pods }, of('pod-cleanup')),
  ),
  one('from no JSON', (world) =>
    world.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body: 'what' }),
  ),
  one('of the rules of a shipped role', async (own) => {
    const world = await withRights(own);
    const { status, body } = await world.ask(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      {
        ...of('spot-drain-worker'),
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectRulesReview',
          spec: { namespace: world.namespace },
        },
      },
    );
    const { resourceRules, incomplete } = body.status as { resourceRules: Rule[]; incomplete: boolean };
    const ours = resourceRules
      .map(({ verbs: may, apiGroups, resources: what }) => `${may} ${what} of "${apiGroups}"`)
      .filter((rule) => !rule.includes('.k8s.io'));
    return { status, rules: ours.sort(), incomplete };
  }),
]);
