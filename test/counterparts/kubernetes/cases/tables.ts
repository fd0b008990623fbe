import type { World } from '../world.ts';
import { budgetBody } from '../world.ts';
import type { Case } from './case.ts';
import { each, inGroup, one } from './case.ts';

const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Table {
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly priority: number;
  }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly object: { readonly kind: string };
  }[];
}

/** Names, types and cells; descriptions are prose for people. Ages are seconds of the run. */
const table = async (world: World, path: string) => {
  const { status, body } = await world.get(path, { accept: asTable });
  const { columnDefinitions = [], rows = [] } = body as Partial<Table>;
  return {
    status,
    kind: body.kind,
    columns: columnDefinitions.map(
      ({ name, type, priority }) => `${name}: ${type}${priority > 0 ? ', wide' : ''}`,
    ),
    rows: rows.map(({ cells, object }) => [
      object.kind,
      ...cells.map((cell) => (/^\d+s$/.test(String(cell)) ? 'seconds' : cell)),
    ]),
  };
};

const workload = (kind: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'registry.example/web:1' }] },
    },
    ...spec,
  },
});

const workloads: readonly (readonly [string, { plural: string; body: object }])[] = [
  ['deployments', { plural: 'deployments', body: workload('Deployment') }],
  ['replica sets', { plural: 'replicasets', body: workload('ReplicaSet') }],
  ['stateful sets', { plural: 'statefulsets', body: workload('StatefulSet', { serviceName: 'web' }) }],
  [
    'daemon sets',
    {
      plural: 'daemonsets',
      body: {
        ...workload('DaemonSet'),
        spec: {
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              nodeSelector: { no: 'node' },
              containers: [{ name: 'main', image: 'registry.example/web:1' }],
            },
          },
        },
      },
    },
  ],
  ['budgets', { plural: 'poddisruptionbudgets', body: budgetBody('web', { minAvailable: 1 }) }],
  [
    'config maps',
    {
      plural: 'configmaps',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { a: '1' } },
    },
  ],
];

export const tableCases: readonly Case[] = inGroup('table', [
  one('of pods', async (world) => {
    await world.pod('a', { status: { podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] } });
    await world.pod('b', { phase: 'Failed', status: { reason: 'Terminated' } });
    await world.pod('c', { phase: 'Succeeded' });
    await world.pod('d', { phase: 'Pending', node: null });
    await world.pod('e');
    await world.do('DELETE', `${world.pods}/e`);
    return table(world, world.pods);
  }),
  one('of one pod', async (world) => {
    await world.pod('a');
    return table(world, `${world.pods}/a`);
  }),
  one('of a pod that is not there', (world) => world.get(`${world.pods}/a`, { accept: asTable })),
  one('of nodes', async (world) => {
    await world.node(`${world.namespace}-n`, {
      spec: { unschedulable: true },
      labels: { 'node-role.kubernetes.io/spot': '' },
    });
    const { rows, ...rest } = await table(world, `/api/v1/nodes/${world.namespace}-n`);
    // Status, roles and age; the versions are those of either kubelet.
    return { ...rest, rows: rows.map((cells) => cells.slice(2, 5)) };
  }),
  one('of namespaces', (world) => table(world, `/api/v1/namespaces/${world.namespace}`)),
  ...each('of {}', workloads, async (world, { plural, body }) => {
    await world.do('POST', world.in(plural), { body });
    return table(world, `${world.in(plural)}/web`);
  }),
]);

interface Resource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
}

/** The embedded API knows fewer kinds; those that it knows it has to describe alike. */
const known = [
  [
    '/api/v1',
    [
      'pods',
      'nodes',
      'namespaces',
      'events',
      'configmaps',
      'serviceaccounts',
      'pods/eviction',
      'pods/status',
      'nodes/status',
      'namespaces/status',
    ],
  ],
  [
    '/apis/apps/v1',
    [
      'deployments',
      'replicasets',
      'statefulsets',
      'daemonsets',
      'deployments/scale',
      'deployments/status',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets/scale',
      'statefulsets/status',
      'daemonsets/status',
    ],
  ],
  ['/apis/batch/v1', ['jobs', 'jobs/status']],
  ['/apis/policy/v1', ['poddisruptionbudgets', 'poddisruptionbudgets/status']],
  ['/apis/rbac.authorization.k8s.io/v1', ['clusterroles', 'clusterrolebindings']],
  ['/apis/authorization.k8s.io/v1', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']],
] as const;

export const discoveryCases: readonly Case[] = inGroup('discovery', [
  ...each(
    'of {}',
    known.map(([path, names]) => [path, [path, names]] as const),
    async (world, [path, names]) => {
      const { body } = await world.get(path);
      const { resources, groupVersion } = body as { resources?: Resource[]; groupVersion?: string };
      const described = (resources ?? [])
        .filter(({ name }) => (names as readonly string[]).includes(name))
        .toSorted((left, right) => (left.name < right.name ? -1 : 1))
        .map(({ name, singularName, namespaced, kind, verbs, shortNames }) => ({
          name,
          singularName,
          namespaced,
          kind,
          verbs,
          shortNames,
        }));
      return { kind: body.kind, groupVersion, described };
    },
  ),
]);
