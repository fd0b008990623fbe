import { defaultAddonVersion } from '../world/addon-catalog.ts';
import type {
  AddonSpec,
  FailedPodSpec,
  FindingSpec,
  ImageSpec,
  NodeGroupSpec,
  RepositorySpec,
  WorkloadSpec,
} from '../world/spec.ts';
import type { Random } from './random.ts';

const TEAMS = ['shop', 'pay', 'search', 'media', 'mail'] as const;
export const SERVICES = [
  'cart',
  'api',
  'worker',
  'front',
  'index',
  'queue',
  'auth',
  'feed',
  'price',
  'stock',
] as const;
export const PACKAGES = ['openssl', 'glibc', 'zlib', 'curl', 'expat', 'libxml2', 'krb5'] as const;

/** Takes names in drawn order, each once. */
export const namesFrom = (random: Random, names: readonly string[]) => {
  const drawn = random.shuffle(names);
  let used = 0;
  return (): string => {
    const name = drawn[used % drawn.length] ?? 'name';
    used += 1;
    return used > drawn.length ? `${name}-${Math.ceil(used / drawn.length)}` : name;
  };
};

const findingsOf = (random: Random, count: number): FindingSpec[] =>
  Array.from({ length: count }, () => ({
    name: `CVE-202${random.between(3, 6)}-${random.between(10_000, 49_999)}`,
    severity: random.pick(['HIGH', 'MEDIUM', 'LOW', 'CRITICAL']),
    packageName: random.pick(PACKAGES),
    packageVersion: `${random.between(1, 3)}.${random.between(0, 9)}.${random.between(0, 20)}`,
    knownFrom: 0,
  }));

export const imageOf = (random: Random, pushedAt: number, tag: string): ImageSpec => ({
  digest: `sha256:${random.hex(64)}`,
  tags: [tag],
  pushedAt,
  findings: findingsOf(random, random.between(0, 6)),
});

export const drawRepositories = (random: Random, pushedAt: number): RepositorySpec[] => {
  const team = random.pick(TEAMS);
  const service = namesFrom(random, SERVICES);
  return Array.from({ length: random.between(3, 6) }, () => ({
    name: `${team}/${service()}`,
    scanOnPush: false,
    images: [imageOf(random, pushedAt, `v${random.between(1, 9)}.${random.between(0, 20)}`)],
  }));
};

export interface Workloads {
  readonly random: Random;
  readonly repositories: readonly RepositorySpec[];
  readonly nextName: () => string;
}

export const drawWorkload = (
  { random, repositories, nextName }: Workloads,
  selector: Readonly<Record<string, string>>,
  change: Partial<WorkloadSpec> = {},
): WorkloadSpec => {
  const repository = repositories[random.between(0, repositories.length - 1)];
  const tag = repository?.images[0]?.tags[0] ?? 'latest';
  return {
    namespace: repository?.name.split('/')[0] ?? 'default',
    name: nextName(),
    replicas: random.between(2, 5),
    image: `${repository?.name ?? 'app'}:${tag}`,
    nodeSelector: selector,
    graceSeconds: random.pick([20, 30, 45]),
    stopSeconds: random.between(1, 4),
    ...change,
  };
};

/** A budget that never lets a pod go: the mistake that holds up real drains. */
export const blocked = (random: Random, name: string): Partial<WorkloadSpec> => {
  const replicas = random.between(2, 3);
  return { name, replicas, budget: { name: `${name}-pdb`, minAvailable: replicas } };
};

export const groupOf = (random: Random, name: string, change: Partial<NodeGroupSpec> = {}): NodeGroupSpec => {
  const desired = random.between(1, 3);
  return {
    name,
    min: random.between(0, 1),
    desired,
    max: desired + random.between(1, 3),
    instanceType: random.pick(['m6i.large', 'm7i.large', 'c6i.xlarge']),
    spot: false,
    labels: { group: name },
    tags: {},
    amiType: 'AL2023_x86_64_STANDARD',
    ...change,
  };
};

/** The add-ons that every cluster has, at the version that EKS installs by itself. */
export const addonsFor = (minor: string): AddonSpec[] =>
  ['vpc-cni', 'coredns', 'kube-proxy'].map((name) => ({
    name,
    version: defaultAddonVersion(name, minor) ?? '',
  }));

export const failedPods = (random: Random, owner: string, minutesAgo: number): FailedPodSpec[] => {
  const shutdown = 'Pod was terminated in response to imminent node shutdown.';
  const kinds: readonly (readonly [FailedPodSpec['owner']['kind'], string, string])[] = [
    ['ReplicaSet', 'Terminated', shutdown],
    ['ReplicaSet', 'NodeShutdown', 'Pod was rejected as the node is shutting down.'],
    ['ReplicaSet', 'Shutdown', 'Node is shutting, evicting pods'],
    ['Job', 'Terminated', shutdown],
    ['ReplicaSet', 'Evicted', 'The node was low on resource: memory.'],
  ];
  return kinds.flatMap(([kind, reason, message]) =>
    Array.from({ length: random.between(1, 3) }, () => ({
      namespace: owner.split('/')[0] ?? 'default',
      name: `${owner.split('/')[1] ?? 'pod'}-${random.hex(5)}`,
      owner: { kind, name: `${owner.split('/')[1] ?? 'pod'}-${kind.toLowerCase()}` },
      reason,
      message,
      failedMinutesAgo: minutesAgo,
    })),
  );
};
