import type { Decision } from '../../../shared/core/verdict.ts';
import type { NodeGroupScheduleConfig } from '../config.ts';
import type { DescribedGroup, GroupRecord } from './model.ts';

/** The tag by which a node group opts in; its value is the name of a schedule. */
export const SCHEDULE_TAG = 'eks-caretaker/schedule';

export interface Member {
  readonly group: DescribedGroup;
  readonly schedule: string;
  readonly source: 'configuration' | 'tag';
}

export interface Membership {
  readonly members: readonly Member[];
  /** What people should know: tags without a schedule, configured groups that are not there. */
  readonly findings: readonly Decision[];
}

/** Who opted in, of the node groups that a cluster has. A group in the configuration wins over its tag. */
export const membershipOf = (
  cluster: string,
  groups: readonly DescribedGroup[],
  config: NodeGroupScheduleConfig,
): Membership => {
  const configured = config.groups.filter((entry) => entry.cluster === cluster);
  const members = groups.flatMap((group): Member[] => {
    const entry = configured.find(({ nodeGroup }) => nodeGroup === group.name);
    if (entry !== undefined) return [{ group, schedule: entry.schedule, source: 'configuration' }];
    const tag = group.tags[SCHEDULE_TAG];
    return tag === undefined ? [] : [{ group, schedule: tag, source: 'tag' }];
  });
  const unknown = members
    .filter(({ schedule }) => !Object.hasOwn(config.schedules, schedule))
    .map(
      ({ group, schedule }): Decision => ({
        cluster,
        target: `node-group/${group.name}`,
        action: 'none',
        reason: 'unknown-schedule',
        detail: { schedule, known: Object.keys(config.schedules), stays: 'awake' },
      }),
    );
  const missing = configured
    .filter(({ nodeGroup }) => !groups.some(({ name }) => name === nodeGroup))
    .map(
      ({ nodeGroup, schedule }): Decision => ({
        cluster,
        target: `node-group/${nodeGroup}`,
        action: 'none',
        reason: 'node-group-not-found',
        detail: { schedule },
      }),
    );
  return { members, findings: [...unknown, ...missing] };
};

/** What a fresh look at a cluster changes in its records. */
export interface Reconciliation {
  /** Members that are not known yet. */
  readonly added: readonly Member[];
  /** Records with another schedule, source or Auto Scaling group than before, as they should be now. */
  readonly changed: readonly GroupRecord[];
  /** Records whose ARN is no longer there: deleted, or deleted and made again. */
  readonly gone: readonly GroupRecord[];
}

const withMember = (record: GroupRecord, member: Member | undefined): GroupRecord =>
  member === undefined
    ? { ...record, schedule: undefined }
    : {
        ...record,
        schedule: member.schedule,
        source: member.source,
        autoScalingGroups: member.group.autoScalingGroups,
      };

const differs = (a: GroupRecord, b: GroupRecord): boolean =>
  a.schedule !== b.schedule ||
  a.source !== b.source ||
  a.autoScalingGroups.join() !== b.autoScalingGroups.join();

export const reconcile = (
  records: readonly GroupRecord[],
  groups: readonly DescribedGroup[],
  members: readonly Member[],
): Reconciliation => {
  const here = new Set(groups.map(({ arn }) => arn));
  const known = new Set(records.map(({ arn }) => arn));
  const memberOf = new Map(members.map((member) => [member.group.arn, member]));
  return {
    added: members.filter(({ group }) => !known.has(group.arn)),
    changed: records
      .filter(({ arn }) => here.has(arn))
      .map((record) => ({ record, next: withMember(record, memberOf.get(record.arn)) }))
      .filter(({ record, next }) => differs(record, next))
      .map(({ next }) => next),
    gone: records.filter(({ arn }) => !here.has(arn)),
  };
};
