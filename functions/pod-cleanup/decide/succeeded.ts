import { endedByShutdown } from './cause.ts';
import type { EndedPod } from './pod.ts';
import { ownerOf } from './pod.ts';
import { factOf } from './reasons.ts';

/**
 * What is known of an owner that was asked for: how many pods it wants (a StatefulSet's are numbered from `first`).
 * `gone`: it is not there, is another of that name, or is being deleted.
 */
export type OwnerState = 'gone' | { readonly wants: number; readonly first?: number };

/** Kinds of which it can be told whether they want a pod to run. */
export const ASKABLE_KINDS = ['ReplicaSet', 'StatefulSet', 'DaemonSet'] as const;
export type AskableKind = (typeof ASKABLE_KINDS)[number];

export const isAskable = (kind: string | undefined): kind is AskableKind =>
  ASKABLE_KINDS.some((askable) => askable === kind);

/**
 * A pod that should run for ever and was ended by a shutdown all the same, with containers that ended well: the
 * kubelet then leaves it in phase Succeeded, with the reason of a shutdown (kubernetes/kubernetes #113278, #118310).
 */
export const succeededInShutdown = (pod: EndedPod): boolean =>
  pod.spec?.restartPolicy === 'Always' &&
  (factOf(pod.status?.reason)?.shutdown === true || endedByShutdown(pod));

/** `web-3` of the StatefulSet `web` is number 3. */
const ordinalOf = (name: string): number => Number(/-(\d+)$/.exec(name)?.[1] ?? Number.NaN);

/** Why the owner does not speak for deleting such a pod; undefined where it still wants it to run. */
export const unwantedReason = (
  pod: EndedPod,
  stateOf: (ownerUid: string) => OwnerState | undefined,
): 'owner-not-asked' | 'owner-gone' | 'owner-wants-no-pod' | undefined => {
  const owner = ownerOf(pod);
  const state = owner === undefined || !isAskable(owner.kind) ? undefined : stateOf(owner.uid);
  if (owner === undefined || state === undefined) return 'owner-not-asked';
  if (state === 'gone') return 'owner-gone';
  if (owner.kind !== 'StatefulSet') return state.wants > 0 ? undefined : 'owner-wants-no-pod';
  const first = state.first ?? 0;
  const ordinal = ordinalOf(pod.metadata?.name ?? '');
  return ordinal >= first && ordinal < first + state.wants ? undefined : 'owner-wants-no-pod';
};
