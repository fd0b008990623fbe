import type { EndedPod } from './pod.ts';
import { ownerOf } from './pod.ts';

/** When a pod failed (0 where unknown) and its name, which decides between two of the same time. */
type Rank = readonly [failedAt: number, name: string];

const isNewer = (a: Rank, b: Rank): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** The newest pods of every owner among those that would go. Holds `keep` of an owner, however many pods there are. */
export interface NewestPods {
  add(pod: EndedPod, failedAt: number | undefined): void;
  /** How many of them are in a namespace. */
  countIn(namespace: string): number;
  /** Whether this pod is one of them, or may have become one since. Pods without an owner never are. */
  has(pod: EndedPod, failedAt: number | undefined): boolean;
}

const rankOf = (pod: EndedPod, failedAt: number | undefined): Rank => [
  failedAt ?? 0,
  pod.metadata?.name ?? '',
];

export const createNewestPods = (keep: number): NewestPods => {
  /** By owner; newest first. */
  const newest = new Map<string, readonly Rank[]>();
  const inNamespace = new Map<string, number>();
  return {
    add: (pod, failedAt) => {
      const owner = ownerOf(pod)?.uid;
      if (owner === undefined || keep === 0) return;
      const rank = rankOf(pod, failedAt);
      const ranks = newest.get(owner) ?? [];
      // A list that begins again may bring a pod twice.
      if (ranks.some(([time, name]) => time === rank[0] && name === rank[1])) return;
      const place = ranks.findIndex((other) => isNewer(rank, other));
      const kept = ranks.toSpliced(place === -1 ? ranks.length : place, 0, rank).slice(0, keep);
      const namespace = pod.metadata?.namespace ?? '';
      newest.set(owner, kept);
      inNamespace.set(namespace, (inNamespace.get(namespace) ?? 0) + kept.length - ranks.length);
    },
    countIn: (namespace) => inNamespace.get(namespace) ?? 0,
    has: (pod, failedAt) => {
      const owner = ownerOf(pod)?.uid;
      if (owner === undefined || keep === 0) return false;
      const ranks = newest.get(owner) ?? [];
      const last = ranks.at(-1);
      return last === undefined || ranks.length < keep || !isNewer(last, rankOf(pod, failedAt));
    },
  };
};
