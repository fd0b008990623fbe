import { deleteOptions } from '../deletion.ts';
import type { KubeObject, Metadata, Pod, PodSpec, Workload } from '../objects.ts';
import { isFinished, isReady, isTerminating } from '../objects.ts';
import { definitionOf } from '../resources.ts';
import type { ControllerContext } from './queue.ts';

/** What the workload controllers have in common: making and removing pods of an owner. */

export const isActive = (pod: Pod): boolean => !isFinished(pod) && !isTerminating(pod);

export const ownerReferenceTo = ({ apiVersion, kind, metadata }: KubeObject) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const createPod = (
  { store }: ControllerContext,
  owner: Workload,
  pod: { readonly metadata: Partial<Metadata>; readonly spec?: PodSpec },
): void => {
  const { namespace = 'default' } = owner.metadata;
  const home = store.get('namespaces', undefined, namespace);
  if (home !== undefined && isTerminating(home)) return;
  const { template } = owner.spec;
  store.create('pods', {
    metadata: {
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...pod.metadata,
      namespace,
      labels: { ...template.metadata?.labels, ...pod.metadata.labels },
      ownerReferences: [ownerReferenceTo(owner)],
    },
    spec: pod.spec ?? template.spec,
  });
};

/** With the pod's own grace, unless a grace is given. */
export const deletePod = ({ deletion }: ControllerContext, pod: Pod, gracePeriodSeconds?: number): void => {
  const { namespace = 'default', name, uid } = pod.metadata;
  const preconditions = { uid };
  const body = gracePeriodSeconds === undefined ? { preconditions } : { preconditions, gracePeriodSeconds };
  deletion.remove(definitionOf('pods'), { namespace, name }, deleteOptions(body));
};

/** Whom to take first when there are too many: unbound, then not ready, then the youngest. */
export const byExpendability = (left: Pod, right: Pod): number => {
  const rank = (pod: Pod) => (pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1);
  return (
    rank(left) - rank(right) || Number(right.metadata.resourceVersion) - Number(left.metadata.resourceVersion)
  );
};

export const podCounts = (pods: readonly Pod[]) => {
  const readyReplicas = pods.filter(isReady).length;
  return {
    replicas: pods.length,
    ...(readyReplicas === 0 ? {} : { readyReplicas, availableReplicas: readyReplicas }),
  };
};
