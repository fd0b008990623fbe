import type {
  ClusterSpec,
  FailedPodSpec,
  NodeGroupSpec,
  SelfManagedGroupSpec,
  WorkloadSpec,
  WorldSpec,
} from '../../../infra/local/world/spec.ts';

/** Friday, 20 November 2026, 03:00 UTC. */
export const START = Date.UTC(2026, 10, 20, 3);
export const MINUTE_MS = 60_000;

/** A managed spot group of two nodes, labelled `role: <name>`. */
export const nodeGroup = (overrides: Partial<NodeGroupSpec> = {}): NodeGroupSpec => {
  const name = overrides.name ?? 'spot';
  return {
    name,
    min: 0,
    desired: 2,
    max: 4,
    instanceType: 'm6i.large',
    spot: true,
    amiType: 'AL2023_x86_64_STANDARD',
    labels: { role: name },
    tags: {},
    ...overrides,
  };
};

/** An Auto Scaling group of one's own with one node, labelled `role: <name>`. */
export const selfManagedGroup = (overrides: Partial<SelfManagedGroupSpec> = {}): SelfManagedGroupSpec => {
  const name = overrides.name ?? 'own';
  return {
    name,
    min: 0,
    desired: 1,
    max: 2,
    instanceType: 'm6i.large',
    spot: false,
    labels: { role: name },
    tags: {},
    ...overrides,
  };
};

/** Two pods of `shop/cart` on the nodes of the group `spot`, which stop 2 s after they are asked to. */
export const workload = (overrides: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  namespace: 'shop',
  name: 'cart',
  replicas: 2,
  image: 'shop/cart:1.0',
  nodeSelector: { role: 'spot' },
  graceSeconds: 30,
  stopSeconds: 2,
  ...overrides,
});

/** A pod that a node shutdown left behind an hour ago. */
export const failedPod = (overrides: Partial<FailedPodSpec> = {}): FailedPodSpec => ({
  namespace: 'shop',
  name: 'cart-left-behind',
  owner: { kind: 'ReplicaSet', name: 'cart-5d8f7c9b6d' },
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  failedMinutesAgo: 60,
  ...overrides,
});

/** `staging` with nothing in it but two DaemonSets. */
export const clusterSpec = (overrides: Partial<ClusterSpec> = {}): ClusterSpec => ({
  name: 'staging',
  version: '1.34',
  zones: ['eu-central-1a', 'eu-central-1b'],
  freeAddressesPerSubnet: 200,
  nodeGroups: [],
  selfManagedGroups: [],
  addons: [
    { name: 'vpc-cni', version: 'v1.20.4-eksbuild.1' },
    { name: 'kube-proxy', version: 'v1.34.6-eksbuild.2' },
  ],
  insights: [],
  workloads: [],
  failedPods: [],
  ...overrides,
});

/** One empty cluster, no repositories. */
export const worldSpec = (overrides: Partial<WorldSpec> = {}): WorldSpec => ({
  accountId: '111122223333',
  region: 'eu-central-1',
  startAt: START,
  clusters: [clusterSpec()],
  repositories: [],
  ...overrides,
});
