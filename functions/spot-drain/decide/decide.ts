import type { Decision } from '../../../shared/core/verdict.ts';
import type { SpotDrainConfig } from '../config.ts';
import type { Dismissal } from './judge.ts';
import { dismiss } from './judge.ts';
import type { Notice } from './notice.ts';
import type { Owner } from './owner.ts';
import { clusterOf, groupOf, ownerOf } from './owner.ts';
import { askingFor } from './policy.ts';
import type { InstanceState, RecordedNotice } from './recorded-notice.ts';
import { STATES } from './recorded-notice.ts';
import { settingsFor } from './settings.ts';

export type SpotDrainAction = 'cordon' | 'drain' | 'record' | 'uncordon';
export type SpotDrainDecision = Decision<SpotDrainAction>;

/** A notice about an instance of ours, as it goes into the record. */
export type Intent =
  | {
      readonly kind: 'notice';
      readonly cluster: string;
      readonly owner: Owner;
      readonly group?: string;
      readonly recorded: RecordedNotice;
      /** Of the verdict, where there is nothing to be done. */
      readonly reason: string;
      /** Too late to act: it is recorded. */
      readonly isLate: boolean;
    }
  /** The instance comes or goes, whatever we do. */
  | {
      readonly kind: 'state';
      readonly cluster: string;
      readonly recorded: RecordedNotice;
      readonly reason: string;
    };

export interface InstanceSnapshot {
  readonly state: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** An instance without a node: it is over where EC2 is taking it away, otherwise the node may still register. */
export const judgeMissingNode = (state: string): 'gone' | 'wait' =>
  state === 'shutting-down' || state === 'terminated' ? 'gone' : 'wait';

const isInstanceState = (state: string | undefined): state is InstanceState =>
  STATES.some((known) => known === state);

/** What waits its turn has no time at which it would be too late: as long as the instance runs it can be drained. */
const isTooLate = ({ gates, deadlineAt, expiresAt }: RecordedNotice, now: number): boolean => {
  if (gates?.some(({ kind }) => kind === 'turn')) return false;
  const end = deadlineAt ?? expiresAt;
  return end !== undefined && now >= end;
};

/** What a notice of ours means, given what EC2 says about its instance (undefined: EC2 does not know it). */
export const judgeNotice = (
  notice: Notice,
  instance: InstanceSnapshot | undefined,
  context: { clusters: readonly string[]; config: SpotDrainConfig; now: number },
): Dismissal | Intent => {
  if (instance === undefined) return dismiss(notice, 'instance-not-confirmed', {});
  const cluster = clusterOf(instance.tags);
  if (cluster === undefined || !context.clusters.includes(cluster)) {
    return dismiss(notice, 'foreign-instance', cluster === undefined ? {} : { namedCluster: cluster });
  }
  const { id, kind, state } = notice;
  // A time in the future must not stretch the time that is left.
  const time = Math.min(notice.time, context.now);
  if (isInstanceState(state)) {
    const recorded: RecordedNotice = { id, kind, time, want: 'record', state };
    return { kind: 'state', cluster, recorded, reason: `instance-${state}` };
  }
  if (judgeMissingNode(instance.state) === 'gone') {
    return dismiss(notice, `instance-${instance.state}`, {}, cluster);
  }
  const owner = ownerOf(instance.tags);
  const group = groupOf(instance.tags);
  const { recorded, reason } = askingFor({ ...notice, time }, owner, settingsFor(context.config, cluster));
  return {
    kind: 'notice',
    cluster,
    owner,
    ...(group === undefined ? {} : { group }),
    recorded,
    reason,
    isLate: isTooLate(recorded, context.now),
  };
};
