import type { LifecycleNotice, NoticeKind } from './notice.ts';
import type { Departure, RecordedNotice, Want } from './recorded-notice.ts';
import { DEPARTURES, isDeparture, WANTS } from './recorded-notice.ts';

/** A stop leaves the Node where it is; the instance may come back as the same one. */
const isStop = (state: Departure): boolean => state === 'stopping' || state === 'stopped';

/**
 * The time between two absences of an instance. A stop and a start bring the same Node back (resume from
 * hibernation, a spot request that stops, a repair), and what was said before is over then.
 */
export interface Life {
  /** Epoch ms; 0: since it was first heard of. */
  readonly since: number;
  /** Notices that hold, by time; changes of state are not among them. */
  readonly notices: readonly RecordedNotice[];
  readonly departed?: { readonly state: Departure; readonly at: number };
}

/** Of several notices about one Health event the newest holds; one that says the event is closed asks for nothing. */
const inForce = (notices: readonly RecordedNotice[]): readonly RecordedNotice[] => {
  const newest = new Map<string, RecordedNotice>();
  for (const notice of notices) {
    if (notice.change === undefined) continue;
    const other = newest.get(notice.change.arn);
    if (other?.change === undefined || notice.change.updatedAt >= other.change.updatedAt) {
      newest.set(notice.change.arn, notice);
    }
  }
  return notices.filter(
    (notice) =>
      notice.change === undefined || (newest.get(notice.change.arn) === notice && !notice.change.closed),
  );
};

const earliest = (times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** Nothing but AWS's own hurry: what waits for a gate sets no deadline before it opens. */
const isHurried = ({ gates, want }: RecordedNotice): boolean =>
  gates === undefined && (want === 'drain' || want === 'cordon' || want === 'observe');

const deadlineOf = (notices: readonly RecordedNotice[]): number | undefined =>
  earliest(notices.filter(isHurried).map(({ deadlineAt }) => deadlineAt));

/** The events of a `running` may be lost: a notice that comes after the end of a life begins another one. */
const beginsAnother = (life: Life, { want, time }: RecordedNotice): boolean => {
  if (want === 'record') return false;
  const deadlineAt = deadlineOf(life.notices);
  return life.departed !== undefined || (deadlineAt !== undefined && time > deadlineAt);
};

type Departed = NonNullable<Life['departed']>;

/** States come in their order or not at all; an earlier one that is told late changes nothing. */
const further = (departed: Departed | undefined, { state, time }: RecordedNotice): Departed | undefined => {
  if (!isDeparture(state)) return departed;
  const rank = departed === undefined ? -1 : DEPARTURES.indexOf(departed.state);
  return DEPARTURES.indexOf(state) > rank ? { state, at: time } : departed;
};

/** The life that an instance is in, given all that was said about it, by time. Terminated is for ever. */
export const lifeOf = (notices: readonly RecordedNotice[]): Life => {
  let since = 0;
  let current: RecordedNotice[] = [];
  let departed: Departed | undefined;
  for (const notice of inForce(notices)) {
    const mayReturn = departed === undefined || isStop(departed.state);
    const life: Life = { since, notices: current, ...(departed === undefined ? {} : { departed }) };
    const isBack = notice.state === 'running' && departed !== undefined;
    if (mayReturn && (isBack || (notice.state === undefined && beginsAnother(life, notice)))) {
      since = notice.time;
      current = [];
      departed = undefined;
    }
    if (notice.state === undefined) current.push(notice);
    else departed = further(departed, notice);
  }
  return { since, notices: current, ...(departed === undefined ? {} : { departed }) };
};

/** What all notices of a life ask for together. */
export interface Standing {
  readonly since: number;
  readonly wanted: Want;
  /** The weightiest notice that asks for more than a record: names the taint and the verdicts. */
  readonly cause?: NoticeKind;
  /** The earliest of those that ask for the most, and at once if any does. */
  readonly noticedAt?: number;
  /** Of the notices that AWS itself hurries: the earliest. */
  readonly deadlineAt?: number;
  /** Drains and cordons that wait for something, in the order of their notices. */
  readonly gated: readonly RecordedNotice[];
  /** Notices that want the node cordoned now; one with `expiresAt` until then. */
  readonly holding: readonly RecordedNotice[];
  /** By token, each once. */
  readonly lifecycle: readonly LifecycleNotice[];
  readonly departed?: Life['departed'];
}

const WEIGHT: readonly NoticeKind[] = [
  'state-change',
  'rebalance',
  'maintenance',
  'retirement',
  'terminate-lifecycle',
  'spot-interruption',
];

/** A retirement that waits its turn leaves the node as it is; after a rebalance recommendation it is cordoned first. */
const cordonsAtOnce = ({ gates, expiresAt }: RecordedNotice): boolean =>
  gates === undefined || expiresAt !== undefined;

/**
 * `isUnattended`: whoever should have acted on the node did not, so what was left to them is ours.
 */
export const standingOf = (notices: readonly RecordedNotice[], isUnattended: boolean): Standing => {
  const life = lifeOf(notices);
  const asking = life.notices.flatMap((notice) => {
    const want: Want = notice.want === 'observe' && isUnattended ? 'drain' : notice.want;
    return want === 'record' ? [] : [{ notice, want }];
  });
  const of = (...wants: readonly Want[]) =>
    asking.filter(({ want }) => wants.includes(want)).map(({ notice }) => notice);
  const wanted = WANTS.findLast((want) => of(want).length > 0) ?? 'record';
  const leading = of(wanted).some(isHurried) ? of(wanted).filter(isHurried) : of(wanted);
  const noticedAt = earliest(leading.map(({ time }) => time));
  const drains = of('drain');
  const deadlineAt = deadlineOf(drains);
  const cause = WEIGHT.findLast((kind) => asking.some(({ notice }) => notice.kind === kind));
  const tokens = new Map(
    drains.flatMap(({ lifecycle }) =>
      lifecycle === undefined ? [] : [[lifecycle.token, lifecycle] as const],
    ),
  );
  return {
    since: life.since,
    wanted,
    ...(cause === undefined ? {} : { cause }),
    ...(noticedAt === undefined ? {} : { noticedAt }),
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    gated: of('cordon', 'drain').filter(({ gates }) => gates !== undefined),
    holding: of('cordon', 'drain').filter(cordonsAtOnce),
    lifecycle: [...tokens.values()].sort((a, b) => (a.token < b.token ? -1 : 1)),
    ...(life.departed === undefined ? {} : { departed: life.departed }),
  };
};
