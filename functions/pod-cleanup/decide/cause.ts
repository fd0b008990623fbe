import type { CleanupRules } from '../config.ts';
import type { Condition, EndedPod } from './pod.ts';
import { containersOf } from './pod.ts';
import { factOf, TERMINATION_BY_KUBELET } from './reasons.ts';

/** "Pod was terminated in response to imminent node shutdown.", "Node is shutting, evicting pods" (1.20, 1.21). */
const SHUTDOWN_MESSAGE = /node shutdown|node is shutting/i;

/** A disruption by whoever it names; source: Kubernetes documentation, "Pod disruption conditions". */
export const disruptionOf = (pod: EndedPod): Condition | undefined =>
  pod.status?.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');

/**
 * True where the kubelet says by the condition that it ended the pod, and by a reason or a message that a shutdown
 * made it do so. Alone the condition also marks evictions under node pressure and for critical pods.
 */
export const endedByShutdown = (pod: EndedPod): boolean => {
  const condition = disruptionOf(pod);
  if (condition?.reason !== TERMINATION_BY_KUBELET) return false;
  return (
    factOf(pod.status?.reason)?.shutdown === true ||
    SHUTDOWN_MESSAGE.test(`${pod.status?.message ?? ''}\n${condition.message ?? ''}`)
  );
};

/** Every container that failed ended with a listed code, and there is one. */
const failedWith = (pod: EndedPod, codes: readonly number[]): boolean => {
  const failed = containersOf(pod).flatMap(({ state }) => {
    const code = state?.terminated?.exitCode ?? 0;
    return code === 0 ? [] : [code];
  });
  return failed.length > 0 && failed.every((code) => codes.includes(code));
};

/** Why a pod of phase Failed may go, as the verdict's reason; undefined where nothing that is configured speaks for it. */
export const causeOf = (
  pod: EndedPod,
  rules: Pick<CleanupRules, 'reasons' | 'exitCodes'>,
): string | undefined => {
  const reason = pod.status?.reason;
  // The condition's reason is none that a pod's status has.
  if (reason !== undefined && reason !== TERMINATION_BY_KUBELET && rules.reasons.includes(reason)) {
    return factOf(reason)?.code ?? 'listed-reason';
  }
  if (rules.reasons.includes(TERMINATION_BY_KUBELET) && endedByShutdown(pod)) return 'terminated-by-kubelet';
  return failedWith(pod, rules.exitCodes) ? 'listed-exit-code' : undefined;
};
