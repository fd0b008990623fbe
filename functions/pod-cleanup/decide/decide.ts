import type { V1Pod } from '@kubernetes/client-node';
import { isoTime } from '../../../shared/core/clock.ts';
import type { Decision, Plan } from '../../../shared/core/verdict.ts';
import type { PodCleanupConfig } from '../config.ts';
import type { ShutdownReason } from './failure.ts';
import { failedAt, shutdownReason } from './failure.ts';

/** What makes a pod that pod and no other, in the state that was looked at. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Why a pod of phase Failed is kept. */
export type KeepReason =
  | 'incomplete-object'
  | 'being-deleted'
  | 'not-a-shutdown'
  | 'job-pod'
  | 'failure-time-unknown'
  | 'too-young'
  | 'run-budget-used';

export type CleanupDecision =
  | (Decision<'delete'> & {
      readonly action: 'delete';
      readonly reason: ShutdownReason;
      readonly pod: PodIdentity;
    })
  | (Decision<'delete'> & { readonly action: 'none'; readonly reason: KeepReason });

export interface CleanupInput {
  readonly cluster: string;
  readonly config: Pick<PodCleanupConfig, 'minimumAgeMinutes'>;
  /** Epoch ms. */
  readonly now: number;
  /** Deletes that this run may still make. */
  readonly budgetLeft: number;
}

const ownerOf = (pod: V1Pod) =>
  pod.metadata?.ownerReferences?.find(({ controller }) => controller === true) ??
  pod.metadata?.ownerReferences?.[0];

const describe = (pod: V1Pod, failed: number | undefined) => {
  const owner = ownerOf(pod);
  return {
    ...(pod.status?.reason === undefined ? {} : { podReason: pod.status.reason }),
    ...(owner === undefined ? {} : { owner: `${owner.kind}/${owner.name}` }),
    ...(failed === undefined ? {} : { failedAt: isoTime(failed) }),
  };
};

const decideOne = (pod: V1Pod, input: CleanupInput): CleanupDecision => {
  const { namespace, name, uid, resourceVersion, deletionTimestamp } = pod.metadata ?? {};
  const failed = failedAt(pod);
  const base = {
    cluster: input.cluster,
    target: `pod/${namespace ?? ''}/${name ?? ''}`,
    detail: describe(pod, failed),
  };
  const keep = (reason: KeepReason): CleanupDecision => ({ ...base, action: 'none', reason });

  if (!namespace || !name || !uid || !resourceVersion) return keep('incomplete-object');
  if (deletionTimestamp !== undefined) return keep('being-deleted');
  const reason = shutdownReason(pod);
  if (reason === undefined) return keep('not-a-shutdown');
  if (pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job')) return keep('job-pod');
  if (input.config.minimumAgeMinutes > 0) {
    if (failed === undefined) return keep('failure-time-unknown');
    if (input.now - failed < input.config.minimumAgeMinutes * 60_000) return keep('too-young');
  }
  return { ...base, action: 'delete', reason, pod: { namespace, name, uid, resourceVersion } };
};

/**
 * What happens to each pod of one page of pods in phase Failed, in the page's order. Pods that would be
 * deleted once the run's budget is used are kept with `run-budget-used` and come again in the next run.
 */
export const decideCleanup = (pods: readonly V1Pod[], input: CleanupInput): Plan<CleanupDecision> => {
  let left = input.budgetLeft;
  const decisions = pods.map((pod): CleanupDecision => {
    const decision = decideOne(pod, input);
    if (decision.action !== 'delete') return decision;
    left -= 1;
    if (left >= 0) return decision;
    const { pod: _identity, ...rest } = decision;
    return { ...rest, action: 'none', reason: 'run-budget-used' };
  });
  return { decisions };
};
