import type { Decision } from '../../../shared/core/verdict.ts';
import type { GroupRecord, Phase, Sizes } from './model.ts';
import { isAtZero } from './sizes.ts';
import type { GroupSettings, Wish } from './wish.ts';

const MINUTE_MS = 60_000;
/** A sleep that takes longer than its drain and this is reported. */
const SLEEP_ALLOWANCE_MINUTES = 30;
const FIRST_BACKOFF_MINUTES = 5;
const LONGEST_BACKOFF_MINUTES = 60;

/** What a verdict of this automation may say was done. */
export type ScheduleAction = 'save' | 'drain' | 'sleep' | 'wake' | 'verify';

/**
 * The next step of a group:
 * - `save`: write down its sizes
 * - `drain`: cordon and drain its nodes
 * - `resize`: ask for zero
 * - `verify`: look whether the update is done and the instances are gone
 * - `begin-wake`: look whether it still sleeps as we left it, and begin to wake it
 * - `restore`: ask for the saved sizes
 * - `ready`: look whether the update is done and the nodes are Ready
 * - `turn-back`: it was on its way to sleep and is wanted awake again
 * - `forget`: it no longer opts in and is awake
 * - `drift`: it ought to sleep and was seen with nodes; look again, and leave it to whoever did that
 */
export type Step =
  | 'save'
  | 'drain'
  | 'resize'
  | 'verify'
  | 'begin-wake'
  | 'restore'
  | 'ready'
  | 'turn-back'
  | 'forget'
  | 'drift';

const TOWARDS_SLEEP: Readonly<Partial<Record<Phase, Step>>> = {
  awake: 'save',
  draining: 'drain',
  resizing: 'resize',
  verifying: 'verify',
};

const stepOf = (record: GroupRecord, wish: Wish): Step | undefined => {
  const { phase } = record;
  if (phase === 'waking') return 'restore';
  if (phase === 'readying') return 'ready';
  if (!wish.awake) {
    const skipped = phase === 'awake' && record.skippedCycle === wish.cycleId;
    return skipped ? undefined : TOWARDS_SLEEP[phase];
  }
  if (phase === 'asleep') return 'begin-wake';
  if (phase !== 'awake') return 'turn-back';
  return wish.reason === 'opted-out' ? 'forget' : undefined;
};

/** Found by a look at the whole cluster: a sleeping group to which somebody gave a size. */
export const hasDrifted = (record: GroupRecord, wish: Wish, sizes: Sizes | undefined): boolean =>
  record.phase === 'asleep' && !wish.awake && sizes !== undefined && !isAtZero(sizes);

/** What is due for a group, from its record, the schedule's wish and the time alone; undefined when nothing is. */
export const nextStep = (record: GroupRecord, wish: Wish, now: number): Step | undefined => {
  const step = stepOf(record, wish);
  // A wait was meant for the way to sleep; whoever is wanted awake does not wait for it.
  const waits = record.retryAt !== undefined && record.retryAt > now && step !== 'turn-back';
  return waits ? undefined : step;
};

const ACTIONS: Readonly<Record<Step, readonly ScheduleAction[]>> = {
  save: ['save', 'drain', 'sleep', 'verify'],
  drain: ['drain', 'sleep', 'verify'],
  resize: ['sleep', 'verify'],
  verify: ['verify'],
  'begin-wake': ['wake', 'verify'],
  'turn-back': ['wake', 'verify'],
  restore: ['wake', 'verify'],
  ready: ['verify'],
  forget: [],
  drift: [],
};

/** In observe mode: everything that act would do from here on, in its order. */
export const plannedDecisions = (
  record: GroupRecord,
  step: Step,
  detail: Readonly<Record<string, unknown>>,
): readonly Decision<ScheduleAction>[] =>
  ACTIONS[step].map((action) => ({
    cluster: record.cluster,
    target: `node-group/${record.nodeGroup}`,
    action,
    reason: ['save', 'drain', 'resize', 'verify'].includes(step) ? 'sleep-due' : 'wake-due',
    detail,
  }));

/** Names a plan, so that in observe mode it is reported once and not at every tick. */
export const planKey = (record: GroupRecord, step: Step, wish: Wish): string =>
  `${step}:${record.cycle?.id ?? (wish.awake ? wish.reason : wish.cycleId)}`;

/** How long to wait after the nth failure in a row: 5, 10, 20, 40 and then 60 minutes. */
export const backoffMs = (failures: number): number =>
  Math.min(FIRST_BACKOFF_MINUTES * 2 ** (failures - 1), LONGEST_BACKOFF_MINUTES) * MINUTE_MS;

export interface Lateness {
  readonly kind: 'sleep-late' | 'wake-late';
  readonly cycleId: string;
  readonly minutes: number;
}

/** A sleep that does not come to its end, or a wake past the opening of its window. */
export const latenessOf = (
  record: GroupRecord,
  { wish, settings, now }: { wish: Wish; settings: GroupSettings; now: number },
): Lateness | undefined => {
  if (wish.awake) {
    if (record.phase === 'awake' || record.cycle === undefined || wish.readyBy === undefined)
      return undefined;
    const minutes = lateMinutes(wish.readyBy, now);
    return minutes > 0 ? { kind: 'wake-late', cycleId: record.cycle.id, minutes } : undefined;
  }
  if (stepOf(record, wish) === undefined) return undefined;
  const due = Math.max(wish.since, record.knownSince);
  const allowed = due + (settings.drainMinutes + SLEEP_ALLOWANCE_MINUTES) * MINUTE_MS;
  return now > allowed
    ? { kind: 'sleep-late', cycleId: record.cycle?.id ?? wish.cycleId, minutes: lateMinutes(due, now) }
    : undefined;
};

/** Whole minutes past an instant, begun ones counted; 0 when it is not past. */
export const lateMinutes = (due: number, now: number): number =>
  Math.max(0, Math.ceil((now - due) / MINUTE_MS));
