import type { V1Pod, V1Toleration } from '@kubernetes/client-node';
import { EVICT_ONLY_ANNOTATION, KEEP_ANNOTATION, optsOut } from './opt-out.ts';

export type SkipReason = 'finished' | 'mirror-pod' | 'opted-out' | 'daemonset-pod' | 'tolerates-taint';

export type Classification =
  | { readonly kind: 'evict'; readonly reason: 'movable' }
  | { readonly kind: 'wait'; readonly reason: 'terminating' }
  | { readonly kind: 'skip'; readonly reason: SkipReason };

/** What a drain goes by. */
export interface ClassifyOptions {
  /** Keys of the NoSchedule taints on the node: a pod that tolerates all of them would come straight back. */
  readonly taintKeys: readonly string[];
  /** Evict pods of DaemonSets too, after all others. */
  readonly includeDaemonSets?: boolean;
  /** Set: workloads may opt out by annotation. Namespaces that did, where they were read. */
  readonly optOuts?: {
    readonly keep: readonly string[];
    readonly evictOnly: readonly string[];
  };
}

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

export const isDaemonSetPod = (pod: V1Pod): boolean =>
  pod.metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.kind === 'DaemonSet') ??
  false;

type Filter = (pod: V1Pod, options: ClassifyOptions) => Classification | undefined;

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
  (pod, { includeDaemonSets }) =>
    includeDaemonSets !== true && isDaemonSetPod(pod) ? { kind: 'skip', reason: 'daemonset-pod' } : undefined,
  // Never removed twice: a second request with a shorter grace would shorten its end.
  (pod) => (pod.metadata?.deletionTimestamp == null ? undefined : { kind: 'wait', reason: 'terminating' }),
  (pod, { optOuts }) =>
    optOuts !== undefined && optsOut(pod, KEEP_ANNOTATION, optOuts.keep)
      ? { kind: 'skip', reason: 'opted-out' }
      : undefined,
  (pod, { taintKeys }) =>
    comesBack(pod, taintKeys) ? { kind: 'skip', reason: 'tolerates-taint' } : undefined,
];

/** What a drain does with a pod of the node. */
export const classify = (pod: V1Pod, options: ClassifyOptions): Classification => {
  for (const filter of FILTERS) {
    const classification = filter(pod, options);
    if (classification !== undefined) return classification;
  }
  return { kind: 'evict', reason: 'movable' };
};

/** Its owners do not want it deleted past the budgets, whatever the time left. */
export const isEvictOnly = (pod: V1Pod, { optOuts }: ClassifyOptions): boolean =>
  optOuts !== undefined && optsOut(pod, EVICT_ONLY_ANNOTATION, optOuts.evictOnly);

/** `namespace/name`, as reports write a pod. */
export const podName = (pod: V1Pod): string => `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`;

/** A drain's first step, for observe mode: what would be evicted now, awaited and left alone. */
export const previewDrain = (
  pods: readonly V1Pod[],
  options: ClassifyOptions,
): { evict: string[]; wait: string[]; skip: { pod: string; reason: SkipReason }[] } => {
  const classified = pods.map((pod) => ({ pod: podName(pod), ...classify(pod, options) }));
  return {
    evict: classified.filter(({ kind }) => kind === 'evict').map(({ pod }) => pod),
    wait: classified.filter(({ kind }) => kind === 'wait').map(({ pod }) => pod),
    skip: classified.flatMap((entry) =>
      entry.kind === 'skip' ? [{ pod: entry.pod, reason: entry.reason }] : [],
    ),
  };
};
