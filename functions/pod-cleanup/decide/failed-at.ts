import { disruptionOf } from './cause.ts';
import type { EndedPod } from './pod.ts';
import { containersOf, timeOf } from './pod.ts';
import { factOf } from './reasons.ts';

/** Written by the kubelet into the condition `Ready` of a pod that has ended. */
const ENDED = ['PodFailed', 'PodCompleted'];

/**
 * Whether the kubelet refused the pod and so never ran it: by a reason of the table, by `OutOf<resource>`, or by the
 * message that it gives all of them (kubernetes pkg/kubelet, rejectPod).
 */
const isRefused = (pod: EndedPod): boolean => {
  const { reason = '', message = '' } = pod.status ?? {};
  return (
    containersOf(pod).length === 0 &&
    (factOf(reason)?.refusal === true || reason.startsWith('OutOf') || message.startsWith('Pod was rejected'))
  );
};

/**
 * When a pod ended, in epoch ms: the latest of what its status dates. Creation says nothing, for a pod may have run
 * for months. Undefined when nothing is known.
 *
 * Dated are the condition `DisruptionTarget`, the ends of the containers and the condition `Ready` where it says that
 * the pod has ended. Of a pod that the kubelet refused, there are no containers; there it stamps `startTime` as it
 * refuses (kubernetes pkg/kubelet/status, updateStatusInternal). One that had run before and was refused after a
 * restart of its kubelet has an older `startTime`, and the conditions of its life before are the latest that is known.
 */
export const failedAt = (pod: EndedPod): number | undefined => {
  const { status } = pod;
  const containers = containersOf(pod);
  const conditions = status?.conditions ?? [];
  const refused = isRefused(pod);
  const times = [
    timeOf(disruptionOf(pod)?.lastTransitionTime),
    ...containers.map(({ state }) => timeOf(state?.terminated?.finishedAt)),
    ...conditions.map(({ type, status: holds, reason, lastTransitionTime }) =>
      refused || (type === 'Ready' && holds === 'False' && ENDED.includes(reason ?? ''))
        ? timeOf(lastTransitionTime)
        : undefined,
    ),
    refused ? timeOf(status?.startTime) : undefined,
  ].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
};
