import { isoTime } from '../../../shared/core/clock.ts';
import type { Decision, Plan } from '../../../shared/core/verdict.ts';
import type { CleanupRules } from '../config.ts';
import { ageReason } from './age.ts';
import { causeOf } from './cause.ts';
import { failedAt } from './failed-at.ts';
import { jobReason } from './job.ts';
import type { NewestPods } from './newest.ts';
import { optOutOf } from './opt-out.ts';
import type { EndedPod, PodIdentity } from './pod.ts';
import { identityOf, ownerOf } from './pod.ts';
import type { OwnerState } from './succeeded.ts';
import { succeededInShutdown, unwantedReason } from './succeeded.ts';

/** Why a pod's own rules keep it. */
export type KeepReason =
  | 'incomplete-object'
  | 'being-deleted'
  | 'not-a-shutdown'
  | NonNullable<ReturnType<typeof optOutOf>>
  | NonNullable<ReturnType<typeof unwantedReason>>
  | NonNullable<ReturnType<typeof jobReason>>
  | NonNullable<ReturnType<typeof ageReason>>;

/** Why a limit keeps a pod that would go. */
export type LimitReason =
  | 'newest-of-owner'
  | 'namespace-not-counted-yet'
  | 'namespace-share-exceeded'
  | 'run-budget-used';

export type CleanupDecision =
  | (Decision<'delete'> & { readonly action: 'delete'; readonly pod: PodIdentity })
  | (Decision<'delete'> & { readonly action: 'none'; readonly reason: KeepReason | LimitReason });

/** What the rules look at besides the pod. */
export interface CleanupInput {
  readonly cluster: string;
  readonly rules: CleanupRules;
  /** Epoch ms. */
  readonly now: number;
  /** Namespaces whose annotation says that they are to be left alone. */
  readonly optedOutNamespaces: ReadonlySet<string>;
  /** Of the owners of pods in phase Succeeded, by UID; undefined where none was asked for. */
  readonly ownerState: (uid: string) => OwnerState | undefined;
}

export type Judgement =
  | { readonly goes: false; readonly reason: KeepReason; readonly failedAt: number | undefined }
  | {
      readonly goes: true;
      readonly reason: string;
      readonly failedAt: number | undefined;
      readonly pod: PodIdentity;
    };

/** What speaks for deleting a pod, by its phase; `why` is a reason to keep it. */
const caseOf = (
  pod: EndedPod,
  { rules, ownerState }: CleanupInput,
): { because: string } | { why: KeepReason } => {
  if (pod.status?.phase === 'Succeeded') {
    if (!succeededInShutdown(pod)) return { why: 'not-a-shutdown' };
    const why = unwantedReason(pod, ownerState);
    return why === undefined ? { because: 'succeeded-in-shutdown' } : { why };
  }
  const because = causeOf(pod, rules);
  return because === undefined ? { why: 'not-a-shutdown' } : { because };
};

/** What each pod's own rules say, in this order; budgets and what other pods there are come later. */
export const judge = (pod: EndedPod, input: CleanupInput): Judgement => {
  const { rules, now } = input;
  const failed = failedAt(pod);
  const identity = identityOf(pod);
  const keep = (reason: KeepReason): Judgement => ({ goes: false, reason, failedAt: failed });
  if (identity === undefined) return keep('incomplete-object');
  const optOut = optOutOf(pod, rules, input.optedOutNamespaces);
  if (optOut !== undefined) return keep(optOut);
  if (pod.metadata?.deletionTimestamp !== undefined) return keep('being-deleted');
  const found = caseOf(pod, input);
  if ('why' in found) return keep(found.why);
  const stays =
    jobReason(pod, rules) ?? ageReason(failed, { minimumAgeMinutes: rules.minimumAgeMinutes, now });
  if (stays !== undefined) return keep(stays);
  return { goes: true, reason: found.because, failedAt: failed, pod: identity };
};

/** What is left of the limits, which pages share. */
export interface Limits {
  /** Deletes that this run may still make. */
  readonly budget: number;
  /** The pods that `keepNewestPerOwner` keeps. */
  readonly newest: NewestPods;
  /** Deletes that may still be made in a namespace; undefined where nobody counted it. */
  readonly allowedIn: (namespace: string) => number | undefined;
}

const describe = (pod: EndedPod, failed: number | undefined) => {
  const owner = ownerOf(pod);
  return {
    ...(pod.status?.phase === 'Succeeded' ? { phase: 'Succeeded' } : {}),
    ...(pod.status?.reason === undefined ? {} : { podReason: pod.status.reason }),
    ...(owner === undefined ? {} : { owner: `${owner.kind}/${owner.name}` }),
    ...(failed === undefined ? {} : { failedAt: isoTime(failed) }),
  };
};

/**
 * What happens to each pod of one page, in the page's order. Never more deletes than the limits leave, in all and
 * in each namespace; pods beyond the budget come again in the next run.
 */
export const decideCleanup = (
  pods: readonly EndedPod[],
  input: CleanupInput,
  limits: Limits,
): Plan<CleanupDecision> => {
  let budget = limits.budget;
  const taken = new Map<string, number>();
  const limitReason = (
    pod: EndedPod,
    namespace: string,
    failed: number | undefined,
  ): LimitReason | undefined => {
    if (limits.newest.has(pod, failed)) return 'newest-of-owner';
    const allowed = limits.allowedIn(namespace);
    if (allowed === undefined) return 'namespace-not-counted-yet';
    if ((taken.get(namespace) ?? 0) >= allowed) return 'namespace-share-exceeded';
    return budget <= 0 ? 'run-budget-used' : undefined;
  };
  const decisions = pods.map((pod): CleanupDecision => {
    const judgement = judge(pod, input);
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const base = {
      cluster: input.cluster,
      target: `pod/${namespace}/${name}`,
      detail: describe(pod, judgement.failedAt),
    };
    if (!judgement.goes) return { ...base, action: 'none', reason: judgement.reason };
    const limit = limitReason(pod, namespace, judgement.failedAt);
    if (limit !== undefined) return { ...base, action: 'none', reason: limit };
    budget -= 1;
    taken.set(namespace, (taken.get(namespace) ?? 0) + 1);
    return { ...base, action: 'delete', reason: judgement.reason, pod: judgement.pod };
  });
  return { decisions };
};
