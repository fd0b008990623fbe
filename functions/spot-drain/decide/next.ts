import type { SpotDrainConfig } from '../config.ts';
import { holdsOf, isWorthACordon, lookAtHold, releaseReason } from './hold.ts';
import { standingOfRecord } from './merge.ts';
import type { NodeView } from './node-view.ts';
import { isCordonOurs, ownerActs } from './node-view.ts';
import { outOfServiceStep } from './out-of-service.ts';
import type { DrainRecord, Opening } from './record.ts';
import { isLeased, isOpen, isResting } from './record.ts';
import type { Gate, RecordedNotice } from './recorded-notice.ts';

/** What is known besides the record; left out: not looked at yet. */
export interface View {
  readonly now: number;
  readonly acts: boolean;
  readonly node?: NodeView | 'gone';
  /** As EC2 says it; `unknown` for an instance that it does not know any more. */
  readonly instanceState?: string;
  /** Of the group: ours, or whose. */
  readonly turn?: { readonly isOurs: boolean; readonly holder: string };
  readonly hasReplacement?: boolean;
  readonly cordonFailed?: boolean;
  /** A worker was asked for just now. */
  readonly hasStarted?: boolean;
}

/** The one thing to do next for a record. */
export type Step =
  | { readonly kind: 'look-at-node' | 'look-at-instance' | 'take-turn' | 'cordon' | 'taint-out-of-service' }
  | { readonly kind: 'look-for-replacement'; readonly since: number }
  /** EC2 says what no event said. */
  | { readonly kind: 'note-state'; readonly state: 'running' | 'terminated' }
  | { readonly kind: 'note-owner'; readonly acts: boolean }
  | { readonly kind: 'note-wait'; readonly holder: string }
  | { readonly kind: 'open'; readonly opening: Opening }
  | { readonly kind: 'uncordon'; readonly reason: string }
  /** Our cordon is gone or has become somebody else's. */
  | { readonly kind: 'forget-cordon'; readonly reason: string }
  | { readonly kind: 'start-worker'; readonly instead?: string }
  /** Nothing now; look again then (epoch ms), or never. */
  | { readonly kind: 'rest'; readonly lookAt?: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Karpenter puts its taint on a node within seconds of the event. */
const OWNER_MS = 10 * SECOND_MS;
/** As often as somebody looks after drains: a lease holds for 15 s. */
export const CARE_MS = 20 * SECOND_MS;
/** A drain that no worker could bring to its end is not followed for ever. */
const GIVE_UP_AFTER_DEADLINE_MS = 5 * MINUTE_MS;
const TURN_MS = MINUTE_MS;
const RETURN_LOOK_MS = 15 * MINUTE_MS;
/** A stopped instance whose `running` nobody tells us of is looked for that long. */
const RETURN_WATCH_MS = 7 * 24 * 60 * MINUTE_MS;
/** EC2's answers lag behind its events. */
const EC2_LAG_MS = MINUTE_MS;

const rest = (...times: readonly (number | undefined)[]): Step => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? { kind: 'rest' } : { kind: 'rest', lookAt: Math.min(...known) };
};

/** Stopped: it may come back as the same node, with our cordon on it. */
const awaitReturn = (record: DrainRecord, departedAt: number, view: View): Step => {
  const { now, instanceState } = view;
  if (record.cordonedAt === undefined) return rest();
  if (now < departedAt + EC2_LAG_MS) return rest(departedAt + EC2_LAG_MS);
  if (instanceState === undefined) return { kind: 'look-at-instance' };
  if (instanceState === 'running') return { kind: 'note-state', state: 'running' };
  if (['terminated', 'shutting-down', 'unknown'].includes(instanceState)) {
    return { kind: 'note-state', state: 'terminated' };
  }
  return now < departedAt + RETURN_WATCH_MS ? rest(now + RETURN_LOOK_MS) : rest();
};

/** Whoever owns the node should have acted on it by then. */
const checkOwner = (record: DrainRecord, view: View): Step => {
  const dueAt = (record.noticedAt ?? view.now) + OWNER_MS;
  if (view.now < dueAt) return rest(dueAt);
  if (view.node === undefined || view.node === 'gone') return { kind: 'look-at-node' };
  return { kind: 'note-owner', acts: ownerActs(view.node) };
};

/** Soon at first, then ever more seldom: a node that was stopped for days takes its time, or never comes. */
const lookAgain = (record: DrainRecord, now: number): number => {
  const { since } = standingOfRecord(record);
  const waitedMs = now - Math.max(since, record.cordonedAt ?? 0);
  return now + Math.min(RETURN_LOOK_MS, Math.max(CARE_MS, waitedMs / 4));
};

const release = (record: DrainRecord, view: View): Step => {
  if (view.node === undefined || view.node === 'gone') return { kind: 'look-at-node' };
  if (!isCordonOurs(view.node, record.cordon?.taints ?? [])) {
    return { kind: 'forget-cordon', reason: 'changed-by-others' };
  }
  if (!view.node.isReady) return rest(lookAgain(record, view.now));
  return view.acts ? { kind: 'uncordon', reason: releaseReason(record) } : rest(view.now + RETURN_LOOK_MS);
};

type Opened = { readonly step: Step } | { readonly lookAt: number } | undefined;

const opening = (notice: RecordedNotice, by: Gate['kind'], view: View, settings: SpotDrainConfig): Step => {
  const { now } = view;
  const ours = now + settings.unhurriedDrainMinutes * MINUTE_MS;
  const end = notice.deadlineAt ?? notice.expiresAt;
  // At the time that AWS named there is hurry; before it, only as long as we think fit.
  const isHurried = by === 'time' && notice.deadlineAt !== undefined && now < notice.deadlineAt;
  const deadlineAt = isHurried
    ? notice.deadlineAt
    : end === undefined || end <= now
      ? ours
      : Math.min(ours, end);
  return {
    kind: 'open',
    opening: {
      noticeId: notice.id,
      by,
      at: now,
      deadlineAt,
      ...(isHurried ? {} : { unhurried: true }),
    },
  };
};

/** One gate of a waiting notice: open, to be looked at again at a time, or of no account any more. */
const tryGate = (
  gate: Gate,
  notice: RecordedNotice,
  context: { record: DrainRecord; view: View; settings: SpotDrainConfig },
): Opened => {
  const { record, view, settings } = context;
  const { now } = view;
  switch (gate.kind) {
    case 'time':
      if (now < gate.at) return { lookAt: gate.at };
      return notice.deadlineAt !== undefined && now >= notice.deadlineAt
        ? undefined
        : { step: opening(notice, 'time', view, settings) };
    case 'turn': {
      if (view.turn === undefined) return { step: { kind: 'take-turn' } };
      if (view.turn.isOurs) return { step: opening(notice, 'turn', view, settings) };
      const { holder } = view.turn;
      return record.waitsFor === holder ? { lookAt: now + TURN_MS } : { step: { kind: 'note-wait', holder } };
    }
    case 'replacement':
      if (now >= gate.until) return undefined;
      if (view.hasReplacement === undefined)
        return { step: { kind: 'look-for-replacement', since: notice.time } };
      return view.hasReplacement
        ? { step: opening(notice, 'replacement', view, settings) }
        : { lookAt: Math.min(now + CARE_MS, gate.until) };
  }
};

/**
 * A node is drained once, whoever of its notices let the drain begin. One without hurry begins again at the time that
 * AWS has named, and that again at an earlier end: each time nearer, so that two open notices do not take turns.
 */
const hurriesMore = (gate: Gate, notice: RecordedNotice, begun: Opening): boolean =>
  gate.kind === 'time' &&
  (begun.by !== 'time' || (notice.deadlineAt ?? Infinity) < (begun.deadlineAt ?? Infinity));

/** The drains that wait: the first gate that is open lets one begin. */
const tryGates = (record: DrainRecord, view: View, settings: SpotDrainConfig): readonly Opened[] => {
  const results: Opened[] = [];
  const { gated } = standingOfRecord(record);
  const begun = gated.some(({ id }) => id === record.opened?.noticeId) ? record.opened : undefined;
  for (const notice of gated) {
    for (const gate of notice.gates ?? []) {
      if (begun !== undefined && !hurriesMore(gate, notice, begun)) continue;
      const result = tryGate(gate, notice, { record, view, settings });
      if (result !== undefined && 'step' in result) return [result];
      results.push(result);
    }
  }
  return results;
};

const isBegun = ({ worker, drain, cordonedAt }: DrainRecord): boolean =>
  worker !== undefined || drain !== undefined || cordonedAt !== undefined;

/** Is there a drain to be seen to? One that comes too late is not begun, one that was begun is not left at once. */
const isDue = (record: DrainRecord, now: number): boolean => {
  const end = (record.deadlineAt ?? 0) + (isBegun(record) ? GIVE_UP_AFTER_DEADLINE_MS : 0);
  return isOpen(record) && now < end;
};

/** A lease that is not renewed is found out a second after it has ended. */
const lookAfterAt = ({ worker }: DrainRecord, now: number): number =>
  worker !== undefined && worker.until > now
    ? Math.min(worker.until + SECOND_MS, now + CARE_MS)
    : now + CARE_MS;

/** The instance goes and people were not told how its drain ended: whoever had to may have died. */
const careForTelling = (record: DrainRecord, { now, acts, hasStarted }: View): Step | undefined => {
  if (!acts || !isDue(record, now)) return undefined;
  if (isLeased(record, now) || hasStarted === true) return rest(lookAfterAt(record, now));
  return {
    kind: 'start-worker',
    ...(record.worker === undefined ? {} : { instead: record.worker.holder }),
  };
};

const stepOf = (results: readonly Opened[]): Step | undefined => {
  const open = results.find((result) => result !== undefined && 'step' in result);
  return open !== undefined && 'step' in open ? open.step : undefined;
};

/**
 * What is to be done next about a record. Pure, and level-triggered: asked again after every step and every look, it
 * comes to `rest`; asked twice, or late, it comes to the same end.
 */
export const nextStep = (record: DrainRecord, view: View, settings: SpotDrainConfig): Step => {
  const { now } = view;
  const { departed } = record;
  if (departed !== undefined) {
    const telling = careForTelling(record, view);
    if (telling !== undefined) return telling;
    const mayReturn = departed.state === 'stopping' || departed.state === 'stopped';
    if (mayReturn) return awaitReturn(record, departed.at, view);
    return outOfServiceStep(record, view, settings) ?? rest();
  }
  if (view.node === 'gone') {
    return record.cordonedAt === undefined ? rest() : { kind: 'forget-cordon', reason: 'node-gone' };
  }
  if (record.wanted === 'observe' && record.ownerSeen === undefined) return checkOwner(record, view);

  const gates = tryGates(record, view, settings);
  const opened = stepOf(gates);
  if (opened !== undefined) return opened;

  const holds = holdsOf(record, { now, node: view.node });
  if (holds.length === 0 && record.cordonedAt !== undefined) return release(record, view);
  const isUnderMaintenance = holds.some((hold) => hold.kind === 'maintenance' && now >= hold.startsAt);
  if (isUnderMaintenance && record.cordonedAt !== undefined && view.node === undefined) {
    return { kind: 'look-at-node' };
  }
  const isCaredFor = isDue(record, now) && (isLeased(record, now) || isResting(record, now));
  const lacksCordon = view.acts && record.cordonedAt === undefined && !isCaredFor;
  if (lacksCordon && view.cordonFailed !== true && holds.some((hold) => isWorthACordon(hold, now))) {
    return { kind: 'cordon' };
  }
  if (isDue(record, now) && !isCaredFor && view.hasStarted !== true) {
    return {
      kind: 'start-worker',
      ...(record.worker === undefined ? {} : { instead: record.worker.holder }),
    };
  }
  const mustCare = isDue(record, now) || (lacksCordon && view.cordonFailed === true);
  const careAt = isResting(record, now) ? record.rests?.until : lookAfterAt(record, now);
  return rest(
    ...gates.map((result) => (result !== undefined && 'lookAt' in result ? result.lookAt : undefined)),
    ...holds.map((hold) => lookAtHold(hold, now)),
    view.acts && mustCare ? careAt : undefined,
  );
};
