import type { LocalKubernetes } from '../kubernetes/server.ts';
import { startKubernetes } from '../kubernetes/server.ts';
import { catalogueWith } from './addons.ts';
import type { AutoScaling } from './auto-scaling.ts';
import type { Addon, Cluster, NodeGroup } from './clusters.ts';
import { createFailedPods } from './failed-pods.ts';
import type { Ground } from './ground.ts';
import { createInsights } from './insights.ts';
import type { LaunchImage } from './instances.ts';
import { managedTerminateHook } from './managed-scale-in.ts';
import type { Identity } from './principals.ts';
import type { Registry } from './registry.ts';
import type { ScalingGroup } from './scaling-groups.ts';
import type { ClusterSpec, NodeGroupSpec, SelfManagedGroupSpec } from './spec.ts';
import type { Subnet } from './subnets.ts';
import { createSubnets } from './subnets.ts';
import { createSystemDaemonSets } from './system-daemon-sets.ts';
import { findVersion, imageId, releaseVersion, startReleaseDate } from './versions.ts';
import { createWorkload } from './workloads.ts';

const dayMs = 86_400_000;
/** Auto Scaling's own default. */
const defaultHeartbeatSeconds = 3600;

export interface StartedCluster {
  /** To be run when the nodes are Ready, so that the scheduler spreads the pods over them. */
  deploy(): void;
  /** To be run when everything has settled. */
  finish(): void;
}

interface Site {
  /** Epoch ms at which the world is to stand when it has settled. */
  readonly startAt: number;
  readonly ground: Ground;
  readonly autoScaling: AutoScaling;
  readonly registry: Registry;
  readonly clusters: Map<string, Cluster>;
  authenticate(clusterName: string, token: string): Identity;
}

/** Starts a cluster's Kubernetes API and puts groups and add-ons in place. */
export const createCluster = async (
  site: Site,
  { spec, index }: { spec: ClusterSpec; index: number },
): Promise<StartedCluster> => {
  const { ground } = site;
  const kubernetes = await startKubernetes({
    clusterName: spec.name,
    clock: ground.clock,
    version: spec.version,
    authenticate: (token) => site.authenticate(spec.name, token),
    imageIdOf: (image) => site.registry.imageId(image),
  });
  const vpcId = `vpc-0${ground.newHex(16)}`;
  const { subnets, started } = createSubnets(ground, {
    name: spec.name,
    index,
    vpcId,
    zones: spec.zones,
    free: spec.freeAddressesPerSubnet,
  });
  const cluster = describe(site, { spec, kubernetes, vpcId, subnets });
  site.clusters.set(spec.name, cluster);
  createSystemDaemonSets(kubernetes.objects, spec.addons);
  for (const group of spec.nodeGroups) addManagedGroup(site, cluster, group);
  for (const group of spec.selfManagedGroups) addSelfManagedGroup(site, cluster, group);
  return {
    deploy: () => {
      for (const workload of spec.workloads) createWorkload(kubernetes.objects, workload, site.registry.host);
    },
    finish: () => {
      started();
      createFailedPods(kubernetes.objects, spec.failedPods, site.startAt);
    },
  };
};

const describe = (
  { ground }: Site,
  made: { spec: ClusterSpec; kubernetes: LocalKubernetes; vpcId: string; subnets: readonly Subnet[] },
): Cluster => {
  const { spec } = made;
  const prefix = `arn:aws:eks:${ground.region}:${ground.accountId}`;
  const createdAt = ground.clock.now() - 200 * dayMs;
  const addon = ({ name, version, configurationValues }: ClusterSpec['addons'][number]): Addon => ({
    name,
    arn: `${prefix}:addon/${spec.name}/${name}/${ground.newUuid()}`,
    createdAt,
    modifiedAt: createdAt,
    tags: new Map(),
    issues: [],
    version,
    status: 'ACTIVE',
    podIdentityAssociations: [],
    ...(configurationValues === undefined ? {} : { configurationValues }),
  });
  return {
    name: spec.name,
    arn: `${prefix}:cluster/${spec.name}`,
    id: ground.newHex(32).toUpperCase(),
    createdAt,
    vpcId: made.vpcId,
    securityGroupId: `sg-0${ground.newHex(16)}`,
    roleArn: `arn:aws:iam::${ground.accountId}:role/${spec.name}-cluster`,
    subnets: made.subnets,
    authenticationMode: spec.authenticationMode ?? 'API_AND_CONFIG_MAP',
    supportType: spec.supportType ?? 'EXTENDED',
    tags: new Map(Object.entries(spec.tags ?? {})),
    nodeGroups: new Map(),
    addons: new Map(spec.addons.map((one) => [one.name, addon(one)])),
    insights: createInsights(ground, spec.insights),
    kubernetes: made.kubernetes,
    address: spec.kubernetesApi ?? made.kubernetes,
    catalogue: catalogueWith(
      spec.addons.map(({ name, version }) => ({ name, version, minor: spec.version })),
    ),
    issues: [],
    version: spec.version,
    platformVersion: findVersion(spec.version)?.platformVersion ?? 'eks.1',
    status: 'ACTIVE',
  };
};

const addManagedGroup = ({ ground, autoScaling }: Site, cluster: Cluster, spec: NodeGroupSpec): void => {
  const uuid = ground.newUuid();
  const minor = spec.version ?? cluster.version;
  const createdAt = ground.clock.now() - 90 * dayMs;
  const image = launchImage(ground, { amiType: spec.amiType, minor, name: `eks-${uuid}` });
  const nodeLabels = new Map([
    ...Object.entries(spec.labels),
    ['eks.amazonaws.com/nodegroup', spec.name],
    ['eks.amazonaws.com/nodegroup-image', image.imageId],
    ['eks.amazonaws.com/capacityType', spec.spot ? 'SPOT' : 'ON_DEMAND'],
  ]);
  const scaling: ScalingGroup = {
    ...groupOf({ ground, cluster, spec, image, nodeLabels, name: `eks-${spec.name}-${uuid}` }),
    createdAt,
    nodeGroupName: spec.name,
    amiType: spec.amiType,
    hooks: [managedTerminateHook],
    // EKS's tags of a node group do not reach its Auto Scaling group; these are EKS's own.
    tags: propagated({
      'eks:cluster-name': cluster.name,
      'eks:nodegroup-name': spec.name,
      'k8s.io/cluster-autoscaler/enabled': 'true',
      [`k8s.io/cluster-autoscaler/${cluster.name}`]: 'owned',
      [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
    }),
  };
  const group: NodeGroup = {
    name: spec.name,
    arn: `arn:aws:eks:${ground.region}:${ground.accountId}:nodegroup/${cluster.name}/${spec.name}/${uuid}`,
    clusterName: cluster.name,
    amiType: spec.amiType,
    spot: spec.spot,
    instanceType: spec.instanceType,
    nodeRole: `arn:aws:iam::${ground.accountId}:role/${cluster.name}-node`,
    createdAt,
    modifiedAt: createdAt,
    scaling,
    labels: new Map(Object.entries(spec.labels)),
    tags: new Map(Object.entries(spec.tags)),
    issues: [],
    updateConfig: { maxUnavailable: spec.maxUnavailable ?? 1 },
    status: 'ACTIVE',
    version: minor,
    releaseVersion: image.releaseVersion,
  };
  cluster.nodeGroups.set(spec.name, group);
  autoScaling.add(scaling);
};

const addSelfManagedGroup = (
  { ground, autoScaling }: Site,
  cluster: Cluster,
  spec: SelfManagedGroupSpec,
): void => {
  const image = launchImage(ground, {
    amiType: 'AL2023_x86_64_STANDARD',
    minor: cluster.version,
    name: `${spec.name}-template`,
  });
  const pool =
    spec.provisioner === undefined ? undefined : nodePool(spec.provisioner.kind, spec.name, cluster.name);
  const nodeLabels = new Map(Object.entries({ ...spec.labels, ...pool?.labels }));
  autoScaling.add({
    ...groupOf({ ground, cluster, spec, image, nodeLabels, name: spec.name }),
    ...(spec.provisioner === undefined
      ? {}
      : { provisioner: { kind: spec.provisioner.kind, hasQueue: spec.provisioner.hasQueue ?? true } }),
    createdAt: ground.clock.now() - 90 * dayMs,
    amiType: 'AL2023_x86_64_STANDARD',
    hooks:
      spec.terminateHook === undefined
        ? []
        : [
            {
              name: spec.terminateHook,
              heartbeatSeconds: spec.terminateHookSeconds ?? defaultHeartbeatSeconds,
              defaultResult: 'CONTINUE',
            },
          ],
    tags: propagated({
      ...spec.tags,
      ...pool?.tags,
      [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
      Name: spec.name,
    }),
  });
};

/**
 * What Karpenter puts on instances and nodes (karpenter.sh, "NodePools" and "NodeClasses"), and Auto Mode (EKS user
 * guide, "Learn about identity and access in EKS Auto Mode").
 */
const nodePool = (kind: 'karpenter' | 'auto-mode', pool: string, cluster: string) =>
  kind === 'karpenter'
    ? {
        tags: {
          'eks:eks-cluster-name': cluster,
          'karpenter.sh/nodepool': pool,
          'karpenter.sh/nodeclaim': `${pool}-x7x2m`,
          'karpenter.k8s.aws/ec2nodeclass': 'default',
        },
        labels: { 'karpenter.sh/nodepool': pool, 'karpenter.k8s.aws/ec2nodeclass': 'default' },
      }
    : {
        tags: {
          'eks:eks-cluster-name': cluster,
          'eks:kubernetes-node-pool-name': pool,
          'eks:kubernetes-node-class-name': 'default',
        },
        labels: { 'karpenter.sh/nodepool': pool, 'eks.amazonaws.com/compute-type': 'auto' },
      };

const groupOf = (made: {
  ground: Ground;
  cluster: Cluster;
  spec: NodeGroupSpec | SelfManagedGroupSpec;
  image: LaunchImage;
  nodeLabels: Map<string, string>;
  name: string;
}) => {
  const { ground, cluster, spec, image, nodeLabels, name } = made;
  return {
    name,
    arn: `arn:aws:autoscaling:${ground.region}:${ground.accountId}:autoScalingGroup:${ground.newUuid()}:autoScalingGroupName/${name}`,
    clusterName: cluster.name,
    subnets: cluster.subnets,
    instanceType: spec.instanceType,
    spot: spec.spot,
    scheduledActions: spec.scheduledActions ?? [],
    activities: [],
    suspendedProcesses: new Set<string>(),
    nodeLabels,
    min: spec.min,
    max: spec.max,
    desired: spec.desired,
    image,
  };
};

const launchImage = (
  ground: Ground,
  { amiType, minor, name }: { amiType: string; minor: string; name: string },
): LaunchImage => ({
  imageId: imageId(amiType, minor, startReleaseDate),
  minor,
  releaseVersion: releaseVersion(amiType, minor, startReleaseDate),
  launchTemplate: { id: `lt-0${ground.newHex(16)}`, name, version: '1' },
});

const propagated = (tags: Readonly<Record<string, string>>) =>
  new Map(Object.entries(tags).map(([key, value]) => [key, { value, propagateAtLaunch: true }]));
