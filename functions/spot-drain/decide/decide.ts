import type { Decision } from '../../../shared/core/verdict.ts';
import type { SpotDrainConfig } from '../config.ts';
import type { LifecycleNotice, Notice } from './notice.ts';
import { SOURCES } from './notice.ts';
import type { Owner } from './owner.ts';
import { clusterOf, ownerOf } from './owner.ts';

export type SpotDrainAction = 'cordon' | 'drain' | 'record';
export type SpotDrainDecision = Decision<SpotDrainAction>;

/** What is to become of an instance of ours because of one notice. */
export type Intent =
  | {
      readonly kind: 'drain';
      readonly cluster: string;
      readonly owner: Owner;
      readonly noticedAt: number;
      readonly deadlineAt: number;
      readonly lifecycle?: LifecycleNotice;
    }
  /** Written down, nothing else, with the reason why. */
  | { readonly kind: 'record'; readonly cluster: string; readonly owner: Owner; readonly reason: string }
  /** Too late to drain: the record is closed. */
  | { readonly kind: 'close'; readonly cluster: string; readonly reason: string };

export type Judgement = { readonly kind: 'dismiss'; readonly decision: SpotDrainDecision } | Intent;

/** Where the function itself lives; the queue's ARN says it. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

export interface InstanceSnapshot {
  readonly state: string;
  readonly tags: Readonly<Record<string, string>>;
}

const NOTICE_MS = 120_000; // EC2: a spot instance goes two minutes after its warning
/** A held instance costs money and stalls a refresh, so a lifecycle action is not held longer than this. */
export const LIFECYCLE_MAXIMUM_MS = 900_000;

const dismiss = (
  notice: Notice,
  reason: string,
  detail: Decision['detail'],
  cluster?: string,
): Judgement => ({
  kind: 'dismiss',
  decision: {
    ...(cluster === undefined ? {} : { cluster }),
    target: `instance/${notice.instanceId}`,
    action: 'none',
    reason,
    detail: { event: notice.kind, eventId: notice.id, ...detail },
  },
});

/** What can be said before anybody is asked: forged and foreign messages, and states that are no departure. */
export const judgeOrigin = (notice: Notice, home: Home): Judgement | undefined => {
  if (notice.source !== SOURCES[notice.kind])
    return dismiss(notice, 'foreign-source', { source: notice.source });
  if (notice.account !== home.account) return dismiss(notice, 'foreign-account', { account: notice.account });
  if (notice.region !== home.region) return dismiss(notice, 'foreign-region', { region: notice.region });
  if (notice.state === 'pending' || notice.state === 'running') {
    return dismiss(notice, 'not-a-departure', { state: notice.state });
  }
  return undefined;
};

const deadlineOf = (notice: Notice, config: SpotDrainConfig, now: number): number => {
  // A time in the future must not stretch the two minutes.
  const noticedAt = Math.min(notice.time, now);
  return notice.kind === 'terminate-lifecycle'
    ? noticedAt + LIFECYCLE_MAXIMUM_MS
    : noticedAt + NOTICE_MS - config.deadlineMarginSeconds * 1000;
};

const recordReason = (notice: Notice, owner: Owner, config: SpotDrainConfig): string | undefined => {
  if (notice.kind === 'rebalance') return 'rebalance-recommendation';
  if (notice.instanceAction === 'hibernate') return 'hibernation-leaves-no-time';
  if (owner === 'karpenter') return 'left-to-karpenter';
  if (owner === 'auto-mode') return 'left-to-auto-mode';
  if (notice.lifecycle !== undefined && !config.lifecycleHooks.includes(notice.lifecycle.hook)) {
    return 'hook-not-configured';
  }
  return undefined;
};

/** An instance without a node: it is over where EC2 is taking it away, otherwise the node may still register. */
export const judgeMissingNode = (state: string): 'gone' | 'wait' =>
  state === 'shutting-down' || state === 'terminated' ? 'gone' : 'wait';

/** What a notice of ours means, given what EC2 says about its instance (undefined: EC2 does not know it). */
export const judgeNotice = (
  notice: Notice,
  instance: InstanceSnapshot | undefined,
  context: { clusters: readonly string[]; config: SpotDrainConfig; now: number },
): Judgement => {
  const { config, now } = context;
  if (instance === undefined) return dismiss(notice, 'instance-not-confirmed', {});
  const cluster = clusterOf(instance.tags);
  if (cluster === undefined || !context.clusters.includes(cluster)) {
    return dismiss(notice, 'foreign-instance', cluster === undefined ? {} : { namedCluster: cluster });
  }
  if (notice.kind === 'state-change') return { kind: 'close', cluster, reason: `instance-${notice.state}` };
  const owner = ownerOf(instance.tags);
  const reason = recordReason(notice, owner, config);
  if (reason !== undefined) return { kind: 'record', cluster, owner, reason };
  if (judgeMissingNode(instance.state) === 'gone')
    return dismiss(notice, `instance-${instance.state}`, {}, cluster);
  const deadlineAt = deadlineOf(notice, config, now);
  if (now >= deadlineAt) {
    const secondsLate = Math.round((now - deadlineAt) / 1000);
    return dismiss(notice, 'late-event', { secondsPastDeadline: secondsLate }, cluster);
  }
  return {
    kind: 'drain',
    cluster,
    owner,
    noticedAt: Math.min(notice.time, now),
    deadlineAt,
    ...(notice.lifecycle === undefined ? {} : { lifecycle: notice.lifecycle }),
  };
};
