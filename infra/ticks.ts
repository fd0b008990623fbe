import type { Trigger } from '../shared/core/automation.ts';

export type TickTrigger = Extract<Trigger, { kind: 'tick' }>;

/** One schedule of an entry. */
export interface TickPlan {
  /** Where there is one for every cluster. */
  readonly cluster?: string;
  /** After the whole multiples of the period. */
  readonly offsetMinutes: number;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The schedules of a tick: clusters do not all have their turn in the same minute. */
export const ticksOf = ({ everyMinutes, input, clusters }: TickTrigger): readonly TickPlan[] =>
  clusters === undefined
    ? [{ offsetMinutes: 0, input }]
    : clusters.map((cluster, index) => ({
        cluster,
        offsetMinutes: Math.floor((index * everyMinutes) / clusters.length),
        input: { ...input, cluster },
      }));

/** The minutes of the hour at which a tick comes, for a cron expression. */
export const minutesOf = (everyMinutes: number, offsetMinutes: number): readonly number[] =>
  Array.from({ length: 60 / everyMinutes }, (_, index) => offsetMinutes + index * everyMinutes);
