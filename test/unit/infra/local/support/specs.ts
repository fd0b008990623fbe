import type { ClusterSpec, WorldSpec } from '../../../../../infra/local/world/spec.ts';

export const startAt = Date.UTC(2026, 10, 19, 21);

export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** One cluster with a managed group, a spot group, a self-managed group with a hook, and a budget. */
export const clusterSpec: ClusterSpec = {
  name: 'staging',
  version: '1.34',
  zones: ['eu-central-1a', 'eu-central-1b'],
  freeAddressesPerSubnet: 200,
  nodeGroups: [
    {
      name: 'web',
      min: 1,
      desired: 2,
      max: 4,
      instanceType: 'm6i.large',
      spot: false,
      amiType: 'AL2023_x86_64_STANDARD',
      labels: { role: 'web' },
      tags: { 'eks-caretaker/schedule': 'office' },
    },
    {
      name: 'burst',
      min: 0,
      desired: 1,
      max: 3,
      instanceType: 'm6i.large',
      spot: true,
      amiType: 'AL2023_x86_64_STANDARD',
      labels: { role: 'burst' },
      tags: {},
    },
  ],
  selfManagedGroups: [
    {
      name: 'own',
      min: 1,
      desired: 1,
      max: 2,
      instanceType: 'm6i.large',
      spot: false,
      labels: { role: 'own' },
      tags: {},
      terminateHook: 'drain-first',
      terminateHookSeconds: 300,
    },
  ],
  addons: [
    { name: 'vpc-cni', version: 'v1.20.4-eksbuild.1' },
    { name: 'kube-proxy', version: 'v1.34.6-eksbuild.2' },
  ],
  insights: [
    {
      name: 'Deprecated APIs removed in Kubernetes v1.35',
      status: 'PASSING',
      reason: 'No deprecated API usage',
      resources: [
        { kubernetesResourceUri: '/api/v1/nodes/old', status: 'PASSING', reason: 'Its kubelet is 1.34.' },
        { arn: 'arn:aws:iam::123456789012:role/node', status: 'PASSING' },
      ],
      addonCompatibilities: [{ name: 'vpc-cni', compatibleVersions: ['v1.20.4-eksbuild.1'] }],
    },
  ],
  workloads: [
    {
      namespace: 'shop',
      name: 'cart',
      replicas: 3,
      image: 'shop/cart:1.0',
      nodeSelector: { role: 'web' },
      graceSeconds: 30,
      stopSeconds: 5,
      budget: { name: 'cart', maxUnavailable: 1 },
    },
  ],
  failedPods: [
    {
      namespace: 'shop',
      name: 'cart-old-1',
      owner: { kind: 'ReplicaSet', name: 'cart' },
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
      failedMinutesAgo: 90,
    },
  ],
};

export const worldSpec: WorldSpec = {
  accountId: '111122223333',
  region: 'eu-central-1',
  startAt,
  clusters: [clusterSpec],
  repositories: [
    {
      name: 'shop/cart',
      scanOnPush: true,
      images: [
        {
          digest: digest('a'),
          tags: ['1.0', 'latest'],
          pushedAt: startAt - 3 * 86_400_000,
          findings: [
            {
              name: 'CVE-2026-0001',
              severity: 'HIGH',
              packageName: 'openssl',
              packageVersion: '3.0.1',
              knownFrom: 0,
            },
            {
              name: 'CVE-2026-0002',
              severity: 'CRITICAL',
              packageName: 'zlib',
              packageVersion: '1.2.0',
              fixedInVersion: '1.2.1',
              knownFrom: startAt - 3_600_000,
            },
          ],
        },
      ],
    },
    {
      name: 'shop/new',
      scanOnPush: false,
      images: [{ digest: digest('b'), tags: ['1'], pushedAt: startAt - 3_600_000, findings: [] }],
    },
  ],
};
