import type { V1Pod, V1Toleration } from '@kubernetes/client-node';

export type SkipReason = 'finished' | 'mirror-pod' | 'daemonset-pod' | 'tolerates-taint';

export type Classification =
  | { readonly kind: 'evict'; readonly reason: 'movable' }
  | { readonly kind: 'wait'; readonly reason: 'terminating' }
  | { readonly kind: 'skip'; readonly reason: SkipReason };

/** The taint that the scheduler sees on every cordoned node. */
export const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** Does it tolerate `key:NoSchedule` with an empty value? Rules: k8s.io/api/core/v1, Toleration.ToleratesTaint. */
const tolerates = (toleration: V1Toleration, key: string): boolean => {
  const effect = toleration.effect ?? '';
  if (effect !== '' && effect !== 'NoSchedule') return false;
  const wantedKey = toleration.key ?? '';
  if (toleration.operator === 'Exists') return wantedKey === '' || wantedKey === key;
  return wantedKey === key && (toleration.value ?? '') === '';
};

const comesBack = (pod: V1Pod, taintKeys: readonly string[]): boolean =>
  taintKeys.length > 0 &&
  taintKeys.every((key) => (pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, key)));

type Filter = (pod: V1Pod, taintKeys: readonly string[]) => Classification | undefined;

/**
 * One filter after the other, the first that has an opinion decides, as in kubectl's pkg/drain. Unlike
 * there, pods with emptyDir volumes and pods without a controller are moved too: the node is dying.
 */
const FILTERS: readonly Filter[] = [
  (pod) =>
    pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
      ? { kind: 'skip', reason: 'finished' }
      : undefined,
  // A static pod: its object is a mirror, and only the kubelet ends it.
  (pod) =>
    pod.metadata?.annotations?.[MIRROR_ANNOTATION] === undefined
      ? undefined
      : { kind: 'skip', reason: 'mirror-pod' },
  // The DaemonSet controller ignores the cordon and would bring it back.
  (pod) =>
    pod.metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.kind === 'DaemonSet')
      ? { kind: 'skip', reason: 'daemonset-pod' }
      : undefined,
  // Never removed twice: a second request with a shorter grace would shorten its end.
  (pod) => (pod.metadata?.deletionTimestamp == null ? undefined : { kind: 'wait', reason: 'terminating' }),
  (pod, taintKeys) => (comesBack(pod, taintKeys) ? { kind: 'skip', reason: 'tolerates-taint' } : undefined),
];

/** What a drain does with a pod of the node. `taintKeys`: every NoSchedule taint that the drain relies on. */
export const classify = (pod: V1Pod, taintKeys: readonly string[]): Classification => {
  for (const filter of FILTERS) {
    const classification = filter(pod, taintKeys);
    if (classification !== undefined) return classification;
  }
  return { kind: 'evict', reason: 'movable' };
};

/** `namespace/name`, as reports write a pod. */
export const podName = (pod: V1Pod): string => `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`;

/** A drain's first step, for observe mode: what would be evicted now, awaited and left alone. */
export const previewDrain = (
  pods: readonly V1Pod[],
  taintKeys: readonly string[],
): { evict: string[]; wait: string[]; skip: { pod: string; reason: SkipReason }[] } => {
  const classified = pods.map((pod) => ({ pod: podName(pod), ...classify(pod, taintKeys) }));
  return {
    evict: classified.filter(({ kind }) => kind === 'evict').map(({ pod }) => pod),
    wait: classified.filter(({ kind }) => kind === 'wait').map(({ pod }) => pod),
    skip: classified.flatMap((entry) =>
      entry.kind === 'skip' ? [{ pod: entry.pod, reason: entry.reason }] : [],
    ),
  };
};
