import type { DrainRecord, Opening, RecordedAction } from './record.ts';
import type { RecordedNotice } from './recorded-notice.ts';
import { joinNotices } from './recorded-notice.ts';
import type { Standing } from './standing.ts';
import { standingOf } from './standing.ts';

/** What a record is about. */
export type RecordSeed = Pick<DrainRecord, 'cluster' | 'instanceId' | 'node' | 'owner' | 'group'>;

const emptyRecord = (seed: RecordSeed): DrainRecord => ({
  ...seed,
  notices: [],
  wanted: 'record',
  lifecycle: [],
});

export const standingOfRecord = ({ notices, ownerSeen }: DrainRecord): Standing =>
  standingOf(notices, ownerSeen?.acts === false);

/** What was done in an earlier life of the instance is over. Only the cordon is on the node until it is undone. */
const inThisLife = (record: DrainRecord): DrainRecord => {
  const { since } = standingOfRecord(record);
  const {
    opened,
    ownerSeen,
    waitsFor,
    podsAtDeparture,
    released,
    worker,
    rests,
    drain,
    outcome,
    ...lasting
  } = record;
  const { cordonedAt } = lasting;
  const times = [
    opened?.at,
    ownerSeen?.at,
    worker?.until,
    rests?.until,
    drain?.startedAt,
    outcome?.at,
    cordonedAt,
  ];
  const last = Math.max(...times.map((time) => time ?? 0));
  return since > last ? lasting : record;
};

/** An answer that Auto Scaling gave stays with its action, whatever is told about it again. */
const withAnswers = (standing: Standing, known: readonly RecordedAction[]): readonly RecordedAction[] =>
  standing.lifecycle.map((action) => known.find(({ token }) => token === action.token) ?? action);

const openingIn = (standing: Standing, opened: Opening | undefined): Opening | undefined =>
  standing.gated.some(({ id }) => id === opened?.noticeId) ? opened : undefined;

/**
 * Brings everything that follows from the notices up to date: to be called after every change of them, and of what
 * was found out about the node's owner or its turn.
 */
export const settle = (changed: DrainRecord): DrainRecord => {
  const record = inThisLife(changed);
  const standing = standingOfRecord(record);
  const opened = openingIn(standing, record.opened);
  const deadlines = [standing.deadlineAt, opened?.deadlineAt].filter((at) => at !== undefined);
  const isUnhurried = standing.deadlineAt === undefined && opened?.unhurried === true;
  const {
    cause: _cause,
    noticedAt: _noticedAt,
    deadlineAt: _deadlineAt,
    unhurried: wasUnhurried,
    departed: _departed,
    opened: _opened,
    outcome,
    ...rest
  } = record;
  const isOurs = standing.deadlineAt === undefined && opened !== undefined;
  // What a drain has left that was for something else, or had no hurry, is looked at again.
  const isOutdated =
    (wasUnhurried === true && !isUnhurried && deadlines.length > 0) ||
    (isOurs && outcome !== undefined && outcome.at < opened.at);
  // One that waited is measured from when it might begin.
  const noticedAt = isOurs ? opened.at : standing.noticedAt;
  return {
    ...rest,
    wanted: standing.wanted,
    lifecycle: withAnswers(standing, record.lifecycle),
    ...(standing.cause === undefined ? {} : { cause: standing.cause }),
    ...(noticedAt === undefined ? {} : { noticedAt }),
    ...(deadlines.length === 0 ? {} : { deadlineAt: Math.min(...deadlines) }),
    ...(isUnhurried ? { unhurried: true } : {}),
    ...(standing.departed === undefined ? {} : { departed: standing.departed }),
    ...(opened === undefined ? {} : { opened }),
    ...(outcome === undefined || isOutdated ? {} : { outcome }),
  };
};

/**
 * Notices go into the record: it only escalates (record -> observe -> cordon -> drain) and brings the deadline
 * forward. The same notices again give the very same object; every order of several gives the same record.
 */
export const mergeNotices = (
  current: DrainRecord | undefined,
  seed: RecordSeed,
  arriving: readonly RecordedNotice[],
): DrainRecord => {
  const record = current ?? emptyRecord(seed);
  const notices = joinNotices(record.notices, arriving);
  return current !== undefined && notices === record.notices ? current : settle({ ...record, notices });
};

/** Our cordon is not on the node any more, and what it was there for does not bring it back. */
export const withoutCordon = ({ cordonedAt: _at, cordon: _cordon, ...record }: DrainRecord): DrainRecord => {
  const { holding, gated } = standingOfRecord(record);
  const ended = [...holding, ...gated.filter(({ id }) => id === record.opened?.noticeId)].map(({ id }) => id);
  return { ...record, released: [...new Set([...(record.released ?? []), ...ended])] };
};
