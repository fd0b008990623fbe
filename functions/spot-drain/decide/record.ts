import type { BlockedPod } from '../../../shared/drain/report.ts';
import type { DrainState } from '../../../shared/drain/state.ts';
import type { Intent } from './decide.ts';
import type { LifecycleNotice, Notice, NoticeKind } from './notice.ts';
import type { Owner } from './owner.ts';

/** States in which an instance leaves, in the order in which they come. */
export const DEPARTURES = ['stopping', 'stopped', 'shutting-down', 'terminated'] as const;
export type Departure = (typeof DEPARTURES)[number];

export interface RecordedNotice {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly time: number;
}

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
}

/** All that is known about one instance with one node: notices in any order give the same record. */
export interface DrainRecord {
  readonly cluster: string;
  readonly instanceId: string;
  readonly node: { readonly name: string; readonly uid: string };
  readonly owner: Owner;
  /** By time, then id; each once. */
  readonly notices: readonly RecordedNotice[];
  readonly wanted: 'record' | 'drain';
  /** Of the notices that ask for a drain: the earliest. */
  readonly noticedAt?: number;
  /** Of the notices that ask for a drain: the earliest. Epoch ms. */
  readonly deadlineAt?: number;
  /** By token; each once. */
  readonly lifecycle: readonly RecordedAction[];
  /** The instance has begun to go, whatever we did; `at` is the event's time. */
  readonly departed?: { readonly state: Departure; readonly at: number };
  readonly cordonedAt?: number;
  /** AWS takes nothing away at the deadline: it is ours alone, so no budget is overridden for it. */
  readonly unhurried?: true;
  /** Who drains it, and until when that holds without being renewed. */
  readonly worker?: { readonly holder: string; readonly until: number };
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

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

const emptyRecord = (
  instanceId: string,
  node: DrainRecord['node'],
  intent: Exclude<Intent, { kind: 'close' }>,
): DrainRecord => ({
  cluster: intent.cluster,
  instanceId,
  node,
  owner: intent.owner,
  notices: [],
  wanted: 'record',
  lifecycle: [],
});

/**
 * Does a notice of that time belong to a new life of the node? A stopped instance that is started again comes
 * back as the same Node.
 */
const isAnotherLife = (record: DrainRecord, time: number): boolean =>
  (record.departed !== undefined && time > record.departed.at) ||
  (record.deadlineAt !== undefined && time > record.deadlineAt);

/**
 * A notice goes into the record: it can only escalate (record -> drain) and bring the deadline forward. The
 * same notice again gives the same record; so does every order of several.
 */
export const mergeNotice = (
  current: DrainRecord | undefined,
  arrival: { notice: Notice; node: DrainRecord['node']; intent: Exclude<Intent, { kind: 'close' }> },
): DrainRecord => {
  const { notice, intent } = arrival;
  if (current?.notices.some(({ id }) => id === notice.id)) return current;
  const record =
    current === undefined || (intent.kind === 'drain' && isAnotherLife(current, notice.time))
      ? emptyRecord(notice.instanceId, arrival.node, intent)
      : current;
  const notices = [...record.notices, { id: notice.id, kind: notice.kind, time: notice.time }].sort(
    (a, b) => a.time - b.time || (a.id < b.id ? -1 : 1),
  );
  if (intent.kind === 'record') return { ...record, notices };
  const known = record.lifecycle.some(({ token }) => token === intent.lifecycle?.token);
  const lifecycle =
    intent.lifecycle === undefined || known
      ? record.lifecycle
      : [...record.lifecycle, intent.lifecycle].sort((a, b) => (a.token < b.token ? -1 : 1));
  const noticedAt = earliest(record.noticedAt, intent.noticedAt);
  const deadlineAt = earliest(record.deadlineAt, intent.deadlineAt);
  return {
    ...record,
    notices,
    wanted: 'drain',
    lifecycle,
    ...(noticedAt === undefined ? {} : { noticedAt }),
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
  };
};

const rank = (departure: Departure | undefined): number =>
  departure === undefined ? -1 : DEPARTURES.indexOf(departure);

export const isDeparture = (state: string | undefined): state is Departure =>
  DEPARTURES.some((departure) => departure === state);

/** The instance goes. States that come late, or are of the node's life before, change nothing. */
export const mergeDeparture = (record: DrainRecord, state: Departure, at: number): DrainRecord =>
  rank(state) > rank(record.departed?.state) && at >= (record.noticedAt ?? 0)
    ? { ...record, departed: { state, at } }
    : record;

/** Lifecycle actions that Auto Scaling still waits for. */
export const pendingActions = (record: DrainRecord): readonly RecordedAction[] =>
  record.lifecycle.filter(({ answer }) => answer === undefined);

/** Is there anything left for a worker to do? */
export const isOpen = (record: DrainRecord): boolean =>
  record.wanted === 'drain' &&
  record.departed === undefined &&
  (record.outcome === undefined || pendingActions(record).length > 0);

/** Somebody drains it and has said so within the last seconds. */
export const isLeased = (record: DrainRecord, now: number): boolean =>
  record.worker !== undefined && record.worker.until > now;

/** The strongest notice that asked for the drain: names the taint and the verdicts. */
export const causeOf = (record: DrainRecord): NoticeKind => {
  const kinds = record.notices.map(({ kind }) => kind);
  if (kinds.includes('spot-interruption')) return 'spot-interruption';
  return kinds.includes('terminate-lifecycle') ? 'terminate-lifecycle' : 'rebalance';
};

export const taintOf = (kind: NoticeKind): string => `eks-caretaker/${kind}`;

/** Pods that were left when last looked; undefined where nobody ever looked. */
export const podsRemaining = (record: DrainRecord): number | undefined => {
  if (record.outcome !== undefined) return record.outcome.remaining;
  if (record.drain?.listed === undefined) return undefined;
  return Object.values(record.drain.pods).filter(({ status }) => status !== 'gone' && status !== 'skipped')
    .length;
};
