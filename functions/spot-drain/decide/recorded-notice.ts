import type { LifecycleNotice, NoticeKind, ScheduledChange } from './notice.ts';

/** What a notice asks for, weakest first: only escalates. */
export const WANTS = ['record', 'observe', 'cordon', 'drain'] as const;
export type Want = (typeof WANTS)[number];

/** States of an instance that are recorded, in the order in which they come. */
export const STATES = ['running', 'stopping', 'stopped', 'shutting-down', 'terminated'] as const;
export type InstanceState = (typeof STATES)[number];

/** States in which an instance leaves. From the first two it may come back as the same node. */
export const DEPARTURES = ['stopping', 'stopped', 'shutting-down', 'terminated'] as const;
export type Departure = (typeof DEPARTURES)[number];

export const isDeparture = (state: string | undefined): state is Departure =>
  DEPARTURES.some((departure) => departure === state);

/** What has to happen before a drain that nothing hurries begins. */
export type Gate =
  /** A point in time, epoch ms. */
  | { readonly kind: 'time'; readonly at: number }
  /** One node of a group at a time. */
  | { readonly kind: 'turn' }
  /** Another node of the group is Ready; not waited for after `until`. */
  | { readonly kind: 'replacement'; readonly until: number };

/**
 * A notice as it is kept: what it said, and what the policy made of it. Nothing in it depends on when it was
 * delivered, so that the record is the same whatever the order.
 */
export interface RecordedNotice {
  readonly id: string;
  readonly kind: NoticeKind;
  /** Epoch ms, of the event. */
  readonly time: number;
  readonly want: Want;
  /** Of a change of state. */
  readonly state?: InstanceState;
  /** Epoch ms at which AWS takes the instance, less the margin. */
  readonly deadlineAt?: number;
  /** A drain waits for one of these; none: it begins at once. */
  readonly gates?: readonly Gate[];
  /** Epoch ms at which the cordon ends where nothing else holds it. */
  readonly expiresAt?: number;
  readonly instanceAction?: string;
  readonly lifecycle?: LifecycleNotice;
  readonly change?: ScheduledChange;
}

/** More than an instance that is stopped and started every day is told in a month. */
const KEPT_NOTICES = 200;

const stateRank = ({ state }: RecordedNotice): number => (state === undefined ? -1 : STATES.indexOf(state));

const inOrder = (a: RecordedNotice, b: RecordedNotice): number =>
  a.time - b.time || stateRank(a) - stateRank(b) || (a.id < b.id ? -1 : 1);

/** Both sets together, each notice once, by time; the same array where nothing is new. */
export const joinNotices = (
  known: readonly RecordedNotice[],
  arriving: readonly RecordedNotice[],
): readonly RecordedNotice[] => {
  const ids = new Set(known.map(({ id }) => id));
  const fresh = arriving.filter(({ id }, index) => {
    const isFirst = arriving.findIndex((other) => other.id === id) === index;
    return isFirst && !ids.has(id);
  });
  if (fresh.length === 0) return known;
  const joined = [...known, ...fresh].sort(inOrder).slice(-KEPT_NOTICES);
  return fresh.some((notice) => joined.includes(notice)) ? joined : known;
};
