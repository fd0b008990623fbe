import { nodeGroupLease, releaseLease } from '../../../shared/core/lease.ts';
import type { Mode } from '../../../shared/core/mode.ts';
import type { CommonAction, Verdict } from '../../../shared/core/verdict.ts';
import type { Call } from '../../../shared/runtime/chain.ts';
import type { Cycle, DescribedGroup, GroupRecord } from '../decide/model.ts';
import type { ScheduleAction } from '../decide/step.ts';
import type { GroupSettings, Wish } from '../decide/wish.ts';
import type { ScheduleDeps } from '../ports.ts';
import type { Tracked } from '../records.ts';
import { forgetDiscovery, readSaved, removeRecord, removeSaved, writeRecord } from '../records.ts';

/** The lease's holder: one name for all runs, so that a later tick goes on with the lease of an earlier one. */
export const LEASE_HOLDER = 'node-group-schedule';

/** One node group in one tick. */
export interface Work {
  readonly deps: ScheduleDeps;
  readonly call: Call;
  readonly settings: GroupSettings;
  readonly wish: Wish;
  /** Epoch ms until which this tick drains. */
  readonly drainUntil: number;
}

/** Where a step left the group, and whether the next step may follow in this tick. */
export interface StepResult {
  /** Undefined once the group's record is removed. */
  readonly tracked: Tracked | undefined;
  readonly again: boolean;
}

export const targetOf = ({ nodeGroup }: Pick<GroupRecord, 'nodeGroup'>): string => `node-group/${nodeGroup}`;

/** Records a verdict of act mode on the group. */
export const say = (
  work: Work,
  record: GroupRecord,
  verdict: {
    readonly action: ScheduleAction | CommonAction;
    readonly reason: string;
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly mode?: Mode;
  },
): Verdict => {
  const { mode = 'act', ...decision } = verdict;
  return work.call.recorder.record({ cluster: record.cluster, target: targetOf(record), ...decision }, mode);
};

/** Records why nothing more can be done in this tick. */
export const wait = (
  work: Work,
  tracked: Tracked,
  reason: string,
  detail: Readonly<Record<string, unknown>> = {},
): StepResult => {
  say(work, tracked.record, { action: 'none', reason, detail });
  return { tracked, again: false };
};

/** Writes the record before whatever it announces is done. */
export const advance = (work: Work, tracked: Tracked, change: Partial<GroupRecord>): Promise<Tracked> =>
  writeRecord(work.deps.store, tracked, { ...tracked.record, ...change });

/** The open cycle of a group that is on its way. */
export const cycleOf = ({ nodeGroup, phase, cycle }: GroupRecord): Cycle => {
  if (cycle !== undefined) return cycle;
  throw new Error(
    `the record of node group ${nodeGroup} is ${phase} without a cycle; remove the record to start afresh`,
  );
};

/** The group that the record is about; undefined when it was deleted, or deleted and made again. */
export const describeSame = async (work: Work, record: GroupRecord): Promise<DescribedGroup | undefined> => {
  const group = await work.deps.nodeGroups.describe(record.cluster, record.nodeGroup);
  return group?.arn === record.arn ? group : undefined;
};

export const release = (work: Work, record: GroupRecord): Promise<void> =>
  releaseLease(work.deps.store, {
    resource: nodeGroupLease(record.cluster, record.nodeGroup),
    holder: LEASE_HOLDER,
  });

/** Drops what is known of a group whose ARN is no longer there; the sizes that were saved go to the verdict. */
export const dropDeleted = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const { store } = work.deps;
  const saved =
    record.cycle === undefined
      ? undefined
      : await readSaved(store, { cluster: record.cluster, arn: record.arn, cycleId: record.cycle.id });
  // A group of the same name under a new ARN is found by the look at the cluster that this brings about.
  await forgetDiscovery(store, record.cluster);
  if (saved !== undefined) await removeSaved(store, saved);
  await removeRecord(store, tracked);
  await release(work, record);
  say(work, record, {
    action: 'none',
    reason: 'node-group-deleted',
    detail: { arn: record.arn, phase: record.phase, ...(saved === undefined ? {} : { saved: saved.sizes }) },
  });
  return { tracked: undefined, again: false };
};
