import type { NodeGroupScheduleConfig, ScheduleConfig } from '../config.ts';
import { GROUP_DEFAULTS } from '../config.ts';
import type { Transition } from './evaluate.ts';
import { evaluate, nextTransition } from './evaluate.ts';
import type { GroupRecord } from './model.ts';

const MINUTE_MS = 60_000;

export interface GroupSettings {
  readonly leadMinutes: number;
  readonly drainMinutes: number;
}

/** What the schedule wants of a group now. */
export type Wish =
  | {
      readonly awake: true;
      readonly reason: 'inside-window' | 'opted-out' | 'unknown-schedule';
      /** Epoch ms by which it has to be Ready: the opening of the window, lead time not counted. */
      readonly readyBy?: number | undefined;
    }
  | {
      readonly awake: false;
      readonly reason: 'outside-windows';
      /** Epoch ms. */
      readonly since: number;
      readonly cycleId: string;
    };

export const settingsOf = (
  record: Pick<GroupRecord, 'cluster' | 'nodeGroup'>,
  config: NodeGroupScheduleConfig,
): GroupSettings =>
  config.groups.find(
    ({ cluster, nodeGroup }) => cluster === record.cluster && nodeGroup === record.nodeGroup,
  ) ?? GROUP_DEFAULTS;

const scheduleOf = (record: GroupRecord, config: NodeGroupScheduleConfig): ScheduleConfig | undefined =>
  record.schedule !== undefined && Object.hasOwn(config.schedules, record.schedule)
    ? config.schedules[record.schedule]
    : undefined;

/** In doubt a group is awake: nothing sleeps that does not opt in to a schedule that is configured. */
export const wishOf = (record: GroupRecord, config: NodeGroupScheduleConfig, now: number): Wish => {
  if (record.schedule === undefined) return { awake: true, reason: 'opted-out' };
  const schedule = scheduleOf(record, config);
  if (schedule === undefined) return { awake: true, reason: 'unknown-schedule' };
  const { leadMinutes } = settingsOf(record, config);
  const { awake, since } = evaluate(schedule, now, leadMinutes);
  if (!awake) {
    const from = since ?? 0;
    return { awake: false, reason: 'outside-windows', since: from, cycleId: new Date(from).toISOString() };
  }
  return {
    awake: true,
    reason: 'inside-window',
    readyBy: since === undefined ? undefined : since + leadMinutes * MINUTE_MS,
  };
};

/** When the wish for a group changes next by its schedule alone. */
export const nextWish = (
  record: GroupRecord,
  config: NodeGroupScheduleConfig,
  now: number,
): Transition | undefined => {
  const schedule = scheduleOf(record, config);
  if (schedule === undefined) return undefined;
  return nextTransition(schedule, now, settingsOf(record, config).leadMinutes);
};
