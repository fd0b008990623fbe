import { standingOfRecord } from './merge.ts';
import type { NodeView } from './node-view.ts';
import type { DrainRecord } from './record.ts';
import type { RecordedNotice } from './recorded-notice.ts';

const DAY_MS = 86_400_000;

/** A cordon of ours and why it is there still; none holds: it is to be undone. */
export type Hold =
  /** Until the instance goes; nobody has to begin with it after `lateAt`. */
  | { readonly kind: 'departure'; readonly lateAt?: number }
  | { readonly kind: 'expiry'; readonly until: number }
  /** Until the instance was rebooted, or what was planned is over. */
  | { readonly kind: 'maintenance'; readonly startsAt: number; readonly endsAt: number };

/** AWS leaves the end out where it does not know it. */
const endOf = ({ startsAt, endsAt }: NonNullable<RecordedNotice['change']>): number =>
  Math.max(endsAt ?? 0, startsAt) + (endsAt === undefined || endsAt <= startsAt ? DAY_MS : 0);

const holdOf = ({ kind, change, expiresAt, deadlineAt, gates }: RecordedNotice): Hold => {
  if (expiresAt !== undefined) return { kind: 'expiry', until: expiresAt };
  if (kind === 'maintenance' && change !== undefined) {
    return { kind: 'maintenance', startsAt: change.startsAt, endsAt: endOf(change) };
  }
  return {
    kind: 'departure',
    ...(gates === undefined && deadlineAt !== undefined ? { lateAt: deadlineAt } : {}),
  };
};

const wasRebooted = (record: DrainRecord, node: NodeView): boolean =>
  record.cordon?.bootId !== undefined && node.bootId !== undefined && node.bootId !== record.cordon.bootId;

const isOver = (
  hold: Hold,
  context: { record: DrainRecord; now: number; node: NodeView | undefined },
): boolean => {
  const { record, now, node } = context;
  switch (hold.kind) {
    case 'departure':
      return false;
    case 'expiry':
      return now >= hold.until;
    case 'maintenance':
      if (now >= hold.endsAt) return true;
      return now >= hold.startsAt && node !== undefined && wasRebooted(record, node);
  }
};

/** What holds the node's cordon now, as far as is known without its Node or with it. */
export const holdsOf = (
  record: DrainRecord,
  context: { now: number; node?: NodeView | undefined },
): readonly Hold[] => {
  const standing = standingOfRecord(record);
  const opened = standing.gated.filter(({ id }) => id === record.opened?.noticeId);
  return [...new Set([...standing.holding, ...opened])]
    .filter(({ id }) => record.released?.includes(id) !== true)
    .map(holdOf)
    .filter((hold) => !isOver(hold, { record, now: context.now, node: context.node }));
};

/** Is it worth a cordon, where there is none yet? */
export const isWorthACordon = (hold: Hold, now: number): boolean =>
  hold.kind !== 'departure' || hold.lateAt === undefined || now < hold.lateAt;

/** When a hold may end by itself: worth another look. Epoch ms. */
export const lookAtHold = (hold: Hold, now: number): number | undefined => {
  switch (hold.kind) {
    case 'departure':
      return undefined;
    case 'expiry':
      return hold.until;
    case 'maintenance':
      return now < hold.startsAt ? hold.startsAt : now + 60_000;
  }
};

/** Why our cordon is undone, as the verdict says it. */
export const releaseReason = (record: DrainRecord): string => {
  const { since } = standingOfRecord(record);
  const last = record.notices.findLast(({ want }) => want !== 'record');
  if (since > 0 && (last === undefined || last.time < since)) return 'instance-back';
  if (last?.expiresAt !== undefined) return 'cordon-expired';
  const newest = record.notices.findLast(({ change }) => change !== undefined);
  if (newest?.change?.closed) return 'event-closed';
  return last?.kind === 'maintenance' && record.opened !== undefined ? 'maintenance-over' : 'event-moved';
};
