import type { V1Pod } from '@kubernetes/client-node';

/** Codes of the verdict on a pod that a node shutdown left behind, by what the kubelet wrote. */
export type ShutdownReason = 'shutdown' | 'node-shutdown' | 'terminated' | 'terminated-by-kubelet';

/**
 * `status.reason` that the kubelet gives in a graceful node shutdown. Source: kubernetes/kubernetes
 * pkg/kubelet/nodeshutdown: `Shutdown` is 1.20's, `Terminated` 1.22's and later; `NodeShutdown` is a pod
 * that was refused because the node was going down already.
 */
const REASONS: Readonly<Record<string, ShutdownReason>> = {
  Shutdown: 'shutdown',
  NodeShutdown: 'node-shutdown',
  Terminated: 'terminated',
};

/** "Pod was terminated in response to imminent node shutdown.", "Node is shutting, evicting pods". */
const SHUTDOWN_MESSAGE = /node shutdown|node is shutting/i;

const disruption = (pod: V1Pod) =>
  pod.status?.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');

/** Why this pod counts as left behind by a shutdown; undefined when it failed of something else. */
export const shutdownReason = (pod: V1Pod): ShutdownReason | undefined => {
  const known = REASONS[pod.status?.reason ?? ''];
  if (known !== undefined) return known;
  const condition = disruption(pod);
  // Alone the condition also marks evictions under node pressure: evidence that people want to see.
  if (condition?.reason !== 'TerminationByKubelet') return undefined;
  return SHUTDOWN_MESSAGE.test(`${pod.status?.message ?? ''}\n${condition.message ?? ''}`)
    ? 'terminated-by-kubelet'
    : undefined;
};

/** The API sends text where the types say Date. */
const timeOf = (value: Date | string | undefined | null): number[] => {
  if (value === undefined || value === null) return [];
  const ms = new Date(value).getTime();
  return Number.isNaN(ms) ? [] : [ms];
};

/**
 * When the pod failed, in epoch ms: the latest of the DisruptionTarget condition and the ends of its
 * containers. A pod that the kubelet refused never had containers; there the kubelet stamps `startTime` as it
 * refuses. Creation says nothing: a pod may have run for months. Undefined when nothing of this is known.
 */
export const failedAt = (pod: V1Pod): number | undefined => {
  const status = pod.status;
  const containers = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const refused = shutdownReason(pod) === 'node-shutdown' && containers.length === 0;
  const times = [
    ...timeOf(disruption(pod)?.lastTransitionTime),
    ...containers.flatMap((container) => timeOf(container.state?.terminated?.finishedAt)),
    ...(refused ? timeOf(status?.startTime) : []),
  ];
  return times.length === 0 ? undefined : Math.max(...times);
};
