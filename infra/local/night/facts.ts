import type { Pod } from '../kubernetes/objects.ts';
import { controllerOf, isFinished, isReady, isTerminating } from '../kubernetes/objects.ts';
import type { Cluster } from '../world/clusters.ts';
import type { World } from '../world/world.ts';

/** What is seen of the world itself, without asking any automation. */

export interface GroupFact {
  readonly cluster: string;
  readonly nodeGroup: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  /** Instances that cost money: pending, running or shutting down. */
  readonly instances: number;
  readonly readyNodes: number;
  /** Kubernetes minor of the group as EKS says it. */
  readonly version: string;
}

export const groupFacts = (world: World, cluster: Cluster): GroupFact[] =>
  [...cluster.nodeGroups.values()].map(({ name, scaling, version }) => ({
    cluster: cluster.name,
    nodeGroup: name,
    min: scaling.min,
    desired: scaling.desired,
    max: scaling.max,
    instances: world.instances
      .all()
      .filter(({ groupName, state }) => groupName === scaling.name && state !== 'terminated').length,
    readyNodes: cluster.kubernetes.objects.list('nodes', {
      filter: (node) => node.metadata.labels?.['eks.amazonaws.com/nodegroup'] === name && isReady(node),
    }).length,
    version,
  }));

export interface PodFact {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Pods that a drain has to move: not of a DaemonSet, not finished, not on their way out. */
export const movablePods = (cluster: Cluster, nodeName: string): PodFact[] =>
  cluster.kubernetes.objects
    .podsOn(nodeName)
    .filter((pod) => controllerOf(pod)?.kind !== 'DaemonSet' && !isFinished(pod) && !isTerminating(pod))
    .map(({ metadata }) => ({
      uid: metadata.uid,
      name: metadata.name,
      namespace: metadata.namespace ?? 'default',
      labels: metadata.labels ?? {},
    }));

/** Deployments whose pods run an image of this digest now. */
export const workloadsRunning = (world: World, digest: string): WorkloadFact[] => {
  const found = [...world.clusters.values()].flatMap((cluster) =>
    cluster.kubernetes.objects.list('pods', { filter: (pod) => runs(pod, digest) }).map((pod) => ({
      cluster: cluster.name,
      namespace: pod.metadata.namespace ?? 'default',
      // A ReplicaSet of a Deployment is named after it, with a hash.
      name: (controllerOf(pod)?.name ?? pod.metadata.name).replace(/-[0-9a-z]+$/, ''),
    })),
  );
  return [...new Map(found.map((workload) => [JSON.stringify(workload), workload])).values()];
};

export interface WorkloadFact {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

const runs = (pod: Pod, digest: string): boolean =>
  !isFinished(pod) &&
  (pod.status?.containerStatuses ?? []).some(({ imageID }) => imageID?.endsWith(digest) ?? false);

export const failedPodNames = (cluster: Cluster): string[] =>
  cluster.kubernetes.objects
    .list('pods', { filter: ({ status }) => status?.phase === 'Failed' })
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort();

/** When things happened to nodes and pods (epoch ms), noted as they happen. */
export interface Watcher {
  cordonedAt(nodeName: string): number | undefined;
  /** When somebody asked the pod to go. */
  askedToGoAt(uid: string): number | undefined;
  goneAt(uid: string): number | undefined;
  stop(): void;
}

export const watchCluster = (world: World, cluster: Cluster): Watcher => {
  const cordoned = new Map<string, number>();
  const asked = new Map<string, number>();
  const gone = new Map<string, number>();
  const note = (map: Map<string, number>, key: string) => {
    if (!map.has(key)) map.set(key, world.clock.now());
  };
  const stop = cluster.kubernetes.objects.watch(({ type, resource, object }) => {
    const { name, uid } = object.metadata;
    const spec = object.spec as { unschedulable?: boolean } | undefined;
    if (resource === 'nodes' && spec?.unschedulable === true) note(cordoned, name);
    if (resource !== 'pods') return;
    if (isTerminating(object) || type === 'DELETED') note(asked, uid);
    if (type === 'DELETED') note(gone, uid);
  });
  return {
    cordonedAt: (nodeName) => cordoned.get(nodeName),
    askedToGoAt: (uid) => asked.get(uid),
    goneAt: (uid) => gone.get(uid),
    stop,
  };
};
