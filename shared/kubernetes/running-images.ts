import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { RunningImage, Workload } from '../core/image-scans.ts';
import type { KubernetesApi } from './client.ts';
import { PODS } from './resources.ts';

const PODS_A_PAGE = 500;
const FINISHED = ['Succeeded', 'Failed'];

/**
 * The workload of a pod. A Deployment names its ReplicaSets `<deployment>-<pod-template-hash>` and labels
 * their pods with that hash, so that no ReplicaSet has to be read.
 */
export const workloadOf = (cluster: string, pod: V1Pod): Workload => {
  const { namespace = '', name = '', ownerReferences = [], labels = {} } = pod.metadata ?? {};
  const owner = ownerReferences.find(({ controller }) => controller === true) ?? ownerReferences[0];
  if (owner === undefined) return { cluster, namespace, kind: 'Pod', name };
  const suffix = `-${labels['pod-template-hash'] ?? ''}`;
  if (owner.kind === 'ReplicaSet' && suffix !== '-' && owner.name.endsWith(suffix)) {
    return { cluster, namespace, kind: 'Deployment', name: owner.name.slice(0, -suffix.length) };
  }
  return { cluster, namespace, kind: owner.kind, name: owner.name };
};

/** Containers whose image is on the node; one that waits for its image has no imageID yet. */
const statusesOf = (pod: V1Pod): readonly V1ContainerStatus[] =>
  [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ].filter(({ imageID }) => imageID !== undefined && imageID !== '');

/** Every image of the cluster's pods that are not finished. Memory grows with images and workloads, not with pods. */
export const listRunningImages = async (api: KubernetesApi): Promise<readonly RunningImage[]> => {
  const images = new Map<string, { references: Set<string>; workloads: Map<string, Workload> }>();
  const pages = api.listPages<V1Pod>(PODS, {
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    limit: PODS_A_PAGE,
  });
  for await (const page of pages) {
    for (const pod of page) {
      if (FINISHED.includes(pod.status?.phase ?? '')) continue;
      const workload = workloadOf(api.cluster, pod);
      for (const { imageID, image } of statusesOf(pod)) {
        const known = images.get(imageID) ?? { references: new Set(), workloads: new Map() };
        if (image !== '') known.references.add(image);
        known.workloads.set(`${workload.namespace}/${workload.kind}/${workload.name}`, workload);
        images.set(imageID, known);
      }
    }
  }
  return [...images].map(([imageId, { references, workloads }]) => ({
    imageId,
    references: [...references].sort(),
    workloads: [...workloads.values()],
  }));
};
