import type { Config } from '../../functions/index.ts';
import { drawWorkload, failedPods, groupOf, imageOf, namesFrom, SERVICES } from './night/draw-parts.ts';
import type { Random } from './night/random.ts';
import { createRandom } from './night/random.ts';
import { defaultAddonVersion } from './world/addon-catalog.ts';
import type {
  ClusterSpec,
  FailedPodSpec,
  NodeGroupSpec,
  RepositorySpec,
  SelfManagedGroupSpec,
  WorkloadSpec,
  WorldSpec,
} from './world/spec.ts';

const REGION = 'eu-central-1';
const VERSION = '1.34';
const DAY_MS = 86_400_000;
const ADDONS = ['vpc-cni', 'coredns', 'kube-proxy', 'eks-pod-identity-agent'] as const;

/**
 * A world in which everything that a configuration names exists: its clusters, the node groups in its schedules,
 * repositories for its patterns and a group for each of its lifecycle hooks; besides it some spot nodes, budgets
 * and failed pods, so that every automation has something to do. The same seed draws the same world.
 */
export const worldForConfig = (config: Config, options: { seed: number; startAt: number }): WorldSpec => {
  const { startAt } = options;
  const random = createRandom(options.seed);
  const accountId = Array.from({ length: 12 }, () => random.between(1, 9)).join('');
  const repositories = drawRepositoriesFor(random, config.ecrRescan.repositories, startAt);
  return {
    accountId,
    region: REGION,
    startAt,
    repositories,
    clusters: config.clusters.map(({ name }, index) =>
      drawCluster({ random, repositories, config }, { name, isFirst: index === 0 }),
    ),
  };
};

/** Some repositories that each pattern matches, and one that runs without being named by any. */
const drawRepositoriesFor = (
  random: Random,
  patterns: readonly string[],
  startAt: number,
): readonly RepositorySpec[] => {
  const service = namesFrom(random, SERVICES);
  const names = patterns.flatMap((pattern) =>
    pattern.includes('*')
      ? Array.from({ length: random.between(2, 3) }, () => pattern.replaceAll('*', service()))
      : [pattern],
  );
  return [...new Set([...names, `platform/${service()}`])].map((name) => ({
    name,
    scanOnPush: false,
    images: Array.from({ length: random.between(1, 2) }, (_, index) =>
      imageOf(random, startAt - random.between(20, 60) * DAY_MS, `v${index + 1}.${random.between(0, 20)}`),
    ),
  }));
};

interface Draw {
  readonly random: Random;
  readonly repositories: readonly RepositorySpec[];
  readonly config: Config;
}

const drawCluster = (draw: Draw, cluster: { name: string; isFirst: boolean }): ClusterSpec => {
  const { random, config } = draw;
  const { schedules, groups } = config.nodeGroupSchedule;
  const named = groups
    .filter((group) => group.cluster === cluster.name)
    .map(({ nodeGroup }) => groupOf(random, nodeGroup));
  const freeName = (wanted: string) =>
    named.some(({ name }) => name === wanted) ? `${wanted}-extra` : wanted;
  const [schedule] = Object.keys(schedules);
  const tagged =
    cluster.isFirst && schedule !== undefined
      ? [groupOf(random, freeName('batch'), { tags: { 'eks-caretaker/schedule': schedule } })]
      : [];
  const spotDesired = random.between(2, 3);
  const nodeGroups: readonly NodeGroupSpec[] = [
    ...named,
    ...tagged,
    groupOf(random, freeName('general')),
    groupOf(random, freeName('spot'), {
      spot: true,
      min: 1,
      desired: spotDesired,
      max: spotDesired + 3,
    }),
  ];
  const selfManagedGroups = cluster.isFirst ? hookedGroups(config.spotDrain.lifecycleHooks) : [];
  return {
    name: cluster.name,
    version: VERSION,
    zones: ['a', 'b', 'c'].map((zone) => `${REGION}${zone}`),
    freeAddressesPerSubnet: random.between(80, 200),
    nodeGroups,
    selfManagedGroups,
    addons: ADDONS.map((name) => ({ name, version: defaultAddonVersion(name, VERSION) ?? '' })),
    insights: [
      { name: 'Deprecated APIs removed in Kubernetes v1.35', status: 'PASSING', reason: 'None in use.' },
      {
        name: 'Kubelet version skew',
        status: 'PASSING',
        reason: 'Node kubelet versions match the cluster control plane version.',
      },
    ],
    workloads: drawWorkloads(draw, [...nodeGroups, ...selfManagedGroups]),
    failedPods: drawFailedPods(random, config.podCleanup.minimumAgeMinutes),
  };
};

const hookedGroups = (hooks: readonly string[]): readonly SelfManagedGroupSpec[] =>
  hooks.map((terminateHook, index) => ({
    name: `own-${index + 1}`,
    min: 1,
    desired: 1,
    max: 2,
    instanceType: 'm6i.large',
    spot: false,
    labels: { group: `own-${index + 1}` },
    tags: {},
    terminateHook,
  }));

/** Two workloads a group: one lets a pod go at a time; on the spot group the other lets none go. */
const drawWorkloads = (
  { random, repositories }: Draw,
  groups: readonly { name: string; labels: Readonly<Record<string, string>>; spot: boolean }[],
): readonly WorkloadSpec[] => {
  const nextName = namesFrom(
    random,
    SERVICES.map((service) => `${service}-svc`),
  );
  return groups.flatMap(({ labels, spot }) => {
    const pick = () => {
      const repository = random.shuffle(repositories)[0];
      const workload = drawWorkload(
        { random, repositories: repository === undefined ? [] : [repository], nextName },
        labels,
      );
      return { ...workload, namespace: namespaceOf(workload.namespace) };
    };
    const [patient, other] = [pick(), pick()];
    return [
      { ...patient, budget: { name: `${patient.name}-pdb`, maxUnavailable: 1 } },
      spot ? { ...other, budget: { name: `${other.name}-pdb`, minAvailable: other.replicas } } : other,
    ];
  });
};

/** Repository names may hold dots and underscores, names of namespaces may not. */
const namespaceOf = (name: string): string => name.replace(/[^a-z0-9-]/g, '-').replace(/^-+|-+$/g, '');

/** What kubelets leave behind, old enough to be deleted; and one that has just failed, where there is a minimum age. */
const drawFailedPods = (random: Random, minimumAgeMinutes: number): readonly FailedPodSpec[] => {
  const failedMinutesAgo = minimumAgeMinutes + random.between(20, 240);
  const others: readonly (readonly [string, string, number])[] = [
    ['NodeAffinity', 'Predicate NodeAffinity failed', failedMinutesAgo],
    ['OutOfcpu', 'Node did not have enough resource: cpu', failedMinutesAgo],
    [
      'UnexpectedAdmissionError',
      'Allocate failed due to no healthy devices present, which is unexpected',
      failedMinutesAgo,
    ],
    ...(minimumAgeMinutes > 1
      ? [['Terminated', 'Pod was terminated in response to imminent node shutdown.', 0] as const]
      : []),
  ];
  return [
    ...failedPods(random, 'shop/orders', failedMinutesAgo),
    ...others.map(([reason, message, minutes]) => ({
      namespace: 'shop',
      name: `checkout-${random.hex(5)}`,
      owner: { kind: 'ReplicaSet' as const, name: 'checkout' },
      reason,
      message,
      failedMinutesAgo: minutes,
    })),
  ];
};
