import type { Mode } from '../../../shared/core/mode.ts';
import type { Call } from '../../../shared/runtime/chain.ts';
import type { Member } from '../decide/membership.ts';
import { membershipOf, reconcile } from '../decide/membership.ts';
import type { DescribedGroup, GroupRecord } from '../decide/model.ts';
import { describeAll, hashOf } from '../gather.ts';
import type { ScheduleDeps } from '../ports.ts';
import type { ClusterRecords, SavedSizes, Tracked } from '../records.ts';
import { removeRecord, removeSaved, writeDiscovery, writeRecord } from '../records.ts';

export interface Reconciled {
  readonly tracked: readonly Tracked[];
  /** By ARN, as this tick saw them. */
  readonly described: ReadonlyMap<string, DescribedGroup>;
}

const newRecord = ({ group, schedule, source }: Member, now: number): GroupRecord => ({
  arn: group.arn,
  cluster: group.cluster,
  nodeGroup: group.name,
  schedule,
  source,
  autoScalingGroups: group.autoScalingGroups,
  knownSince: now,
  phase: 'awake',
  notices: {},
});

/** True at the first run, after a change of the configuration, and when the last look is old. Pure. */
export const isReconcileDue = (deps: ScheduleDeps, { discovery }: ClusterRecords): boolean =>
  discovery === undefined ||
  discovery.configHash !== hashOf(deps.section) ||
  deps.clock.now() - discovery.at >= deps.section.reconcileMinutes * 60_000;

/**
 * Looks at all node groups of a cluster and brings the table up to date with who opted in. Writes the table
 * alone, so it does the same in observe mode.
 */
export const reconcileCluster = async (
  deps: ScheduleDeps,
  cluster: string,
  { known, call, mode }: { known: ClusterRecords; call: Call; mode: Mode },
): Promise<Reconciled> => {
  const { store, clock, section } = deps;
  const groups = await describeAll(deps.nodeGroups, cluster);
  const { members, findings } = membershipOf(cluster, groups, section);
  for (const finding of findings) call.recorder.record(finding, mode);
  const records = known.groups.map(({ record }) => record);
  const { added, changed, gone } = reconcile(records, groups, members);
  const tracked = new Map(known.groups.map((one) => [one.record.arn, one]));
  for (const record of gone) {
    const old = tracked.get(record.arn);
    if (old === undefined) continue;
    await dropGone(deps, old, known.saved);
    tracked.delete(record.arn);
    call.recorder.record(goneVerdict(record, { groups, saved: known.saved }), mode);
  }
  for (const record of changed) {
    const old = tracked.get(record.arn);
    if (old !== undefined) tracked.set(record.arn, await writeRecord(store, old, record));
  }
  for (const member of added) {
    const record = newRecord(member, clock.now());
    tracked.set(record.arn, await writeRecord(store, { record, version: 0 }, record));
    call.recorder.record(
      {
        cluster,
        target: `node-group/${record.nodeGroup}`,
        action: 'none',
        reason: 'opted-in',
        detail: { schedule: record.schedule, source: record.source },
      },
      mode,
    );
  }
  await writeDiscovery(store, cluster, {
    at: clock.now(),
    configHash: hashOf(section),
    version: known.discovery?.version ?? 0,
  });
  return { tracked: [...tracked.values()], described: new Map(groups.map((group) => [group.arn, group])) };
};

const dropGone = async (
  deps: ScheduleDeps,
  tracked: Tracked,
  saved: readonly SavedSizes[],
): Promise<void> => {
  for (const one of saved.filter(({ arn }) => arn === tracked.record.arn)) await removeSaved(deps.store, one);
  await removeRecord(deps.store, tracked);
};

const goneVerdict = (
  record: GroupRecord,
  { groups, saved }: { groups: readonly DescribedGroup[]; saved: readonly SavedSizes[] },
) => {
  const successor = groups.find(({ name }) => name === record.nodeGroup);
  const sizes = saved.find(({ arn, cycleId }) => arn === record.arn && cycleId === record.cycle?.id)?.sizes;
  return {
    cluster: record.cluster,
    target: `node-group/${record.nodeGroup}`,
    action: 'none' as const,
    reason: successor === undefined ? 'node-group-deleted' : 'node-group-recreated',
    detail: {
      arn: record.arn,
      phase: record.phase,
      ...(sizes === undefined ? {} : { saved: sizes }),
      ...(successor === undefined ? {} : { now: successor.arn }),
    },
  };
};
