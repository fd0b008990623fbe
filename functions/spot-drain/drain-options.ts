import { checkpointOf } from '../../shared/drain/checkpoint.ts';
import { UNSCHEDULABLE_TAINT } from '../../shared/drain/classify.ts';
import type { DrainOptions, DrainState } from '../../shared/drain/state.ts';
import { startDrain } from '../../shared/drain/state.ts';
import type { SpotDrainConfig } from './config.ts';
import type { DrainRecord } from './decide/record.ts';
import { causeOf, taintOf } from './decide/record.ts';
import type { HookLimits } from './lifecycle.ts';

/** Seconds before a pod's grace runs into the deadline at which evictions turn into deletes. */
const PLANNER_MARGIN_SECONDS = 5;

export type OptOuts = NonNullable<DrainOptions['optOuts']>;

/** When the drain is over: as the notices say, and not after Auto Scaling has lost its patience with a hook. */
export const deadlineFor = (
  record: DrainRecord,
  { deadlineMarginSeconds }: SpotDrainConfig,
  { now, hooks }: { readonly now: number; readonly hooks?: HookLimits | 'none' | 'unknown' },
): number => {
  const deadlineAt = record.deadlineAt ?? now;
  if (hooks === undefined || hooks === 'none' || hooks === 'unknown') return deadlineAt;
  return Math.min(deadlineAt, hooks.endsAt - deadlineMarginSeconds * 1000);
};

/** What a drain of a node goes by: the record, the configuration of its cluster, and namespaces that opted out. */
export const optionsFor = (
  record: DrainRecord,
  settings: SpotDrainConfig,
  context: {
    readonly optOuts: OptOuts;
    readonly now: number;
    readonly hooks?: HookLimits | 'none' | 'unknown';
  },
): DrainOptions => ({
  node: record.node,
  cluster: record.cluster,
  deadlineAt: deadlineFor(record, settings, context),
  marginSeconds: PLANNER_MARGIN_SECONDS,
  deleteAtDeadline: settings.deleteAtDeadline && record.unhurried !== true,
  outlivesDeadline: record.unhurried === true,
  // Every taint that keeps new pods off the node.
  taintKeys: [UNSCHEDULABLE_TAINT, taintOf(causeOf(record))],
  includeDaemonSets: settings.includeDaemonSets,
  order: settings.evictionOrder,
  evictAfterSeconds: settings.evictionDelaySeconds,
  optOuts: context.optOuts,
});

/** Where the last worker was, by the options that hold now; or a drain that begins with the cordon. */
export const stateFor = (record: DrainRecord, options: DrainOptions, now: number): DrainState =>
  record.drain === undefined ? startDrain(options, record.cordonedAt ?? now) : { ...record.drain, options };

/** The record with where the drain is. */
export const withDrain = (record: DrainRecord, drain: DrainState | undefined): DrainRecord =>
  drain === undefined ? record : { ...record, drain: checkpointOf(drain) };
