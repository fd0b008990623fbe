import type { Verdict } from '../../../shared/core/verdict.ts';
import type { BlockedPod } from '../../../shared/drain/report.ts';
import type { DrainState } from '../../../shared/drain/state.ts';
import type { LifecycleNotice, NoticeKind } from './notice.ts';
import type { Owner } from './owner.ts';
import type { Departure, Gate, RecordedNotice, Want } from './recorded-notice.ts';

export interface RecordedAction extends LifecycleNotice {
  /** How it ended: completed by us, or found over. */
  readonly answer?: 'done' | 'over';
}

/** How a drain ended. */
export interface DrainOutcome {
  readonly reason: string;
  readonly at: number;
  readonly evicted: number;
  readonly deleted: number;
  readonly remaining: number;
  readonly blocked: readonly BlockedPod[];
  /** What is to be said about it. */
  readonly said?: Pick<Verdict, 'action' | 'reason' | 'mode' | 'detail'>;
  /** Nobody was told yet: whoever takes the node over says it. */
  readonly untold?: true;
}

/** A drain that waited has begun. */
export interface Opening {
  /** Of the notice that waited. */
  readonly noticeId: string;
  readonly by: Gate['kind'];
  readonly at: number;
  readonly deadlineAt: number;
  /** AWS takes nothing away at that deadline. */
  readonly unhurried?: true;
}

/** Our cordon on the node, to be undone once nothing asks for it any more. */
export interface RecordedCordon {
  /** Keys of the taints that we put there. */
  readonly taints: readonly string[];
  /** The node's `bootID` then: another one means that it was rebooted. */
  readonly bootId?: string;
}

/** All that is known about one instance with one node: notices in any order give the same record. */
export interface DrainRecord {
  readonly cluster: string;
  readonly instanceId: string;
  readonly node: { readonly name: string; readonly uid: string };
  readonly owner: Owner;
  /** Nodes that stand in for it: node group, node pool or Auto Scaling group. */
  readonly group?: string;
  /** By time, each once. From here to `departed` everything follows from them. */
  readonly notices: readonly RecordedNotice[];
  readonly wanted: Want;
  readonly cause?: NoticeKind;
  /** Of the notices that ask for the most: the earliest. */
  readonly noticedAt?: number;
  /** The earliest that AWS sets, or our own for a drain that it does not hurry. Epoch ms; there once a drain may begin. */
  readonly deadlineAt?: number;
  /** AWS takes nothing away at the deadline: it is ours alone, so no budget is overridden for it. */
  readonly unhurried?: true;
  /** By token; each once. */
  readonly lifecycle: readonly RecordedAction[];
  /** The instance has begun to go, whatever we did; `at` is the event's time. */
  readonly departed?: { readonly state: Departure; readonly at: number };

  // What was done and found since, in this life of the instance.
  readonly cordonedAt?: number;
  readonly cordon?: RecordedCordon;
  /** Ids of notices for which a cordon of ours was there and has ended: they do not ask for another one. */
  readonly released?: readonly string[];
  readonly opened?: Opening;
  /** Did the node's owner act on it by itself? */
  readonly ownerSeen?: { readonly at: number; readonly acts: boolean };
  /** Who has the turn that it waits for, as was said last. */
  readonly waitsFor?: string;
  /** A look at this record is on its way and comes then: no second one has to be sent. Epoch ms. */
  readonly lookAt?: number;
  /** Pods that were there when the instance began to go. */
  readonly podsAtDeparture?: number;
  /** Our taint that lets go of its volumes, once EC2 had confirmed the termination. */
  readonly outOfServiceAt?: number;
  /** Who drains it, and until when that holds without being renewed. */
  readonly worker?: { readonly holder: string; readonly until: number };
  /** Nobody has to look after the drain before then, as long as the deadline stays what it is. Epoch ms. */
  readonly rests?: { readonly until: number; readonly deadlineAt: number };
  /** Where a worker was; only while the drain is open. */
  readonly drain?: DrainState;
  readonly outcome?: DrainOutcome;
}

export interface RecordKey {
  readonly cluster: string;
  readonly instanceId: string;
  readonly nodeUid: string;
}

export const keyOf = (record: DrainRecord): RecordKey => ({
  cluster: record.cluster,
  instanceId: record.instanceId,
  nodeUid: record.node.uid,
});

/** Lifecycle actions that Auto Scaling still waits for. */
export const pendingActions = (record: DrainRecord): readonly RecordedAction[] =>
  record.lifecycle.filter(({ answer }) => answer === undefined);

/** Is there anything left for a worker to do? Once the instance goes nothing can be moved, but an end can be told. */
export const isOpen = (record: DrainRecord): boolean => {
  const { wanted, deadlineAt, departed, outcome } = record;
  if (wanted !== 'drain' || deadlineAt === undefined) return false;
  if (outcome?.untold === true) return true;
  return departed === undefined && (outcome === undefined || pendingActions(record).length > 0);
};

/** A drain of hours is waiting for a budget, and nothing is to be done about it now. */
export const isResting = ({ rests, deadlineAt }: DrainRecord, now: number): boolean =>
  rests !== undefined && rests.deadlineAt === deadlineAt && now < rests.until;

/** Somebody drains it and has said so within the last seconds. */
export const isLeased = (record: DrainRecord, now: number): boolean =>
  record.worker !== undefined && record.worker.until > now;

/** The strongest notice that asked for something: names the taint and the verdicts. */
export const causeOf = (record: DrainRecord): NoticeKind => record.cause ?? 'rebalance';

export const taintOf = (kind: NoticeKind): string => `eks-caretaker/${kind}`;

/** Pods that were left when last looked; undefined where nobody ever looked. */
export const podsRemaining = (record: DrainRecord): number | undefined => {
  if (record.outcome !== undefined) return record.outcome.remaining;
  if (record.drain?.listed === undefined) return undefined;
  return Object.values(record.drain.pods).filter(({ status }) => status !== 'gone' && status !== 'skipped')
    .length;
};
