import { createHash } from 'node:crypto';
import { isAwsError } from '../../../shared/aws/clients.ts';
import type { EksUpdate } from '../../../shared/aws/eks/updates.ts';
import type { GroupRecord, Phase, Sizes } from '../decide/model.ts';
import { backoffMs } from '../decide/step.ts';
import type { Tracked } from '../records.ts';
import { notifyOnce } from './notices.ts';
import type { StepResult, Work } from './work.ts';
import { advance, cycleOf, say } from './work.ts';

/** The same attempt always has the same token, so that a repeated request is carried out once. */
const requestToken = (record: GroupRecord): string => {
  const { id, attempt } = cycleOf(record);
  return createHash('sha256').update(`${record.arn}|${id}|${attempt}`).digest('hex');
};

/** Asks EKS for sizes; the record of this attempt must have been written before. */
export const requestSizes = async (work: Work, record: GroupRecord, sizes: Sizes): Promise<string> => {
  const { updateId } = await work.deps.nodeGroups.resize({
    cluster: record.cluster,
    nodeGroup: record.nodeGroup,
    sizes,
    token: requestToken(record),
  });
  return updateId;
};

/** How our update stands. Undefined: there is none (any more), the group itself has to tell. */
export const ownUpdate = async (work: Work, record: GroupRecord): Promise<EksUpdate | undefined> => {
  const { updateId } = cycleOf(record);
  if (updateId === undefined) return undefined;
  try {
    return await work.deps.describeUpdate({ cluster: record.cluster, nodeGroup: record.nodeGroup, updateId });
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
};

export const isOver = (update: EksUpdate): boolean => update.status !== 'InProgress';
export const hasFailed = (update: EksUpdate): boolean => isOver(update) && update.status !== 'Successful';

/** EKS gave up on our update: says why, and goes back to ask again after a while under a new token. */
export const afterFailedUpdate = async (
  work: Work,
  tracked: Tracked,
  { update, back }: { update: EksUpdate; back: Extract<Phase, 'resizing' | 'waking'> },
): Promise<StepResult> => {
  const { record } = tracked;
  const cycle = cycleOf(record);
  const failures = cycle.failures + 1;
  const retryAt = work.deps.clock.now() + backoffMs(failures);
  const failed = await advance(work, tracked, {
    phase: back,
    retryAt,
    cycle: { ...cycle, updateId: undefined, attempt: cycle.attempt + 1, failures },
  });
  const reason = back === 'resizing' ? 'sleep-failed' : 'wake-failed';
  const detail = {
    updateId: update.id,
    status: update.status,
    errors: update.errors,
    retryAt: new Date(retryAt).toISOString(),
  };
  say(work, record, { action: 'none', reason, detail });
  const told = await notifyOnce(work, failed, {
    kind: reason,
    cycleId: cycle.id,
    subject: `${back === 'resizing' ? 'Sleep' : 'Wake'} of ${record.cluster}/${record.nodeGroup} failed`,
    text: [
      `EKS update ${update.id} of node group ${record.nodeGroup} (cluster ${record.cluster}) ended ${update.status}.`,
      ...update.errors.map(({ code, message }) => `${code}: ${message}`),
      `It is tried again after ${detail.retryAt}.`,
    ].join('\n'),
  });
  return { tracked: told, again: false };
};
