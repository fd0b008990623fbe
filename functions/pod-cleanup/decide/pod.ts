import type { V1OwnerReference, V1Pod } from '@kubernetes/client-node';

/** What makes a pod that pod and no other, in the state that was looked at. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Undefined for an object that lacks one of them: it could not be deleted safely. */
export const identityOf = (pod: V1Pod): PodIdentity | undefined => {
  const { namespace, name, uid, resourceVersion } = pod.metadata ?? {};
  return namespace && name && uid && resourceVersion ? { namespace, name, uid, resourceVersion } : undefined;
};

/** The owner that controls a pod, or the first one that it names. */
export const ownerOf = (pod: V1Pod): V1OwnerReference | undefined => {
  const owners = pod.metadata?.ownerReferences;
  return owners?.find(({ controller }) => controller === true) ?? owners?.[0];
};

/** The API sends text where the types say Date. */
export const timeOf = (value: Date | string | undefined | null): number | undefined => {
  if (value === undefined || value === null) return undefined;
  const ms = new Date(value).getTime();
  return Number.isNaN(ms) ? undefined : ms;
};

/** Regular, init and ephemeral containers, as far as the kubelet has reported them. */
export const containersOf = (pod: V1Pod) => [
  ...(pod.status?.containerStatuses ?? []),
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.ephemeralContainerStatuses ?? []),
];
