import type { V1Node } from '@kubernetes/client-node';
import pMap from 'p-map';
import type { Mode } from '../../../shared/core/mode.ts';
import { instanceIdOf, isReady } from '../../../shared/kubernetes/nodes.ts';
import type { GroupRecord, Sizes } from '../decide/model.ts';
import { awakeSizes, isAtZero, sameSizes } from '../decide/sizes.ts';
import { lateMinutes } from '../decide/step.ts';
import type { Tracked } from '../records.ts';
import { readSaved, removeRecord, removeSaved } from '../records.ts';
import { afterFailedUpdate, hasFailed, isOver, ownUpdate, requestSizes } from './updates.ts';
import type { StepResult, Work } from './work.ts';
import { advance, cycleOf, describeSame, dropDeleted, say, wait } from './work.ts';

const NODES_AT_ONCE = 20;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Somebody gave the sleeping group a size: it is theirs now. Reported here, and nowhere again. */
export const keepTheirs = async (work: Work, tracked: Tracked, sizes: Sizes): Promise<StepResult> => {
  const { record } = tracked;
  const cycle = cycleOf(record);
  const saved = await savedOf(work, record);
  const kept = await advance(work, tracked, {
    phase: 'readying',
    retryAt: undefined,
    cycle: { ...cycle, updateId: undefined, kept: sizes },
  });
  say(work, record, {
    action: 'none',
    reason: 'size-changed-by-others',
    detail: { sizes, ...(saved === undefined ? {} : { saved: saved.sizes }), keeps: 'theirs' },
  });
  return { tracked: kept, again: true };
};

/** A sleeping group was seen with nodes: looked at again, for it may have been put to sleep by hand since. */
export const checkDrift = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const group = await describeSame(work, tracked.record);
  if (group === undefined) return dropDeleted(work, tracked);
  return isAtZero(group.sizes) ? { tracked, again: false } : keepTheirs(work, tracked, group.sizes);
};

const savedOf = (work: Work, { cluster, arn, cycle }: GroupRecord) =>
  cycle === undefined
    ? Promise.resolve(undefined)
    : readSaved(work.deps.store, { cluster, arn, cycleId: cycle.id });

/** The schedule wants it awake before it slept: its sizes come back, as far as they were taken. */
export const turnBack = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const cycle = cycleOf(tracked.record);
  const waking = await advance(work, tracked, {
    phase: 'waking',
    retryAt: undefined,
    planned: undefined,
    cycle: {
      ...cycle,
      updateId: undefined,
      attempt: cycle.attempt + 1,
      failures: 0,
      wakeStartedAt: work.deps.clock.now(),
    },
  });
  return { tracked: waking, again: true };
};

/** Begins to wake a group that sleeps as we left it; one that somebody else changed is left to them. */
export const beginWake = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const group = await describeSame(work, tracked.record);
  if (group === undefined) return dropDeleted(work, tracked);
  return isAtZero(group.sizes) ? turnBack(work, tracked) : keepTheirs(work, tracked, group.sizes);
};

/** Asks EKS for the saved sizes. */
export const restore = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const group = await describeSame(work, record);
  if (group === undefined) return dropDeleted(work, tracked);
  const cycle = cycleOf(record);
  const saved = await savedOf(work, record);
  if (saved === undefined) {
    throw new Error(
      `the sizes of node group ${record.nodeGroup} (cycle ${cycle.id}) are not in the table; set them by hand, they are in the journal's save verdict`,
    );
  }
  if (group.status !== 'ACTIVE')
    return wait(work, tracked, 'node-group-not-active', { status: group.status });
  const to = awakeSizes(saved.sizes, group.sizes);
  if (sameSizes(group.sizes, to)) {
    return { tracked: await advance(work, tracked, { phase: 'readying', retryAt: undefined }), again: true };
  }
  if (!isAtZero(group.sizes)) return keepTheirs(work, tracked, group.sizes);
  if (!work.wish.awake) {
    // Its window closed before EKS was asked: it simply sleeps on.
    const asleep = await advance(work, tracked, { phase: 'asleep', retryAt: undefined });
    return wait(work, asleep, 'wake-overtaken-by-sleep', { cycle: cycle.id });
  }
  const updateId = await requestSizes(work, record, to);
  const readying = await advance(work, tracked, {
    phase: 'readying',
    retryAt: undefined,
    cycle: { ...cycle, updateId },
  });
  say(work, record, {
    action: 'wake',
    reason: 'sizes-requested',
    detail: {
      from: group.sizes,
      to,
      updateId,
      ...(sameSizes(saved.sizes, to) ? {} : { saved: saved.sizes }),
    },
  });
  return { tracked: readying, again: false };
};

const zonesOf = (nodes: readonly V1Node[]): Readonly<Record<string, number>> => {
  const zones: Record<string, number> = {};
  for (const node of nodes) {
    const zone = node.metadata?.labels?.[ZONE_LABEL] ?? 'unknown';
    zones[zone] = (zones[zone] ?? 0) + 1;
  }
  return zones;
};

/** Lifts our cordon from every node of the group and answers those that can take pods. */
const readyNodes = async (work: Work, record: GroupRecord): Promise<readonly V1Node[]> => {
  const cluster = await work.deps.nodes(record.cluster);
  const nodes = await cluster.list(record.nodeGroup);
  const freed = await pMap(nodes, (node) => cluster.uncordon(node), { concurrency: NODES_AT_ONCE });
  const usable = freed.flatMap((result) =>
    result.kind !== 'gone' && result.node.metadata?.deletionTimestamp === undefined && isReady(result.node)
      ? [result.node]
      : [],
  );
  if (cycleOf(record).asleepAt !== undefined) return usable;
  // It turned back half asleep: nodes of instances that are on their way out still say Ready for a while.
  const instances = await work.deps.autoScaling.instances(record.autoScalingGroups);
  const inService = new Set(instances.filter((i) => i.lifecycleState === 'InService').map(({ id }) => id));
  return usable.filter((node) => inService.has(instanceIdOf(node) ?? ''));
};

/** Awake is who has Ready nodes, at least as many as it had when it went to sleep. */
export const ready = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const update = await ownUpdate(work, record);
  if (update !== undefined && !isOver(update))
    return wait(work, tracked, 'update-in-progress', { updateId: update.id });
  if (update !== undefined && hasFailed(update))
    return afterFailedUpdate(work, tracked, { update, back: 'waking' });
  const group = await describeSame(work, record);
  if (group === undefined) return dropDeleted(work, tracked);
  const { kept } = cycleOf(record);
  const saved = await savedOf(work, record);
  const nodes = await readyNodes(work, record);
  const wanted = kept !== undefined ? 0 : Math.min(saved?.sizes.desired ?? 0, group.sizes.desired);
  if (nodes.length < wanted && work.wish.awake) {
    return wait(work, tracked, 'waiting-for-nodes', {
      readyNodes: nodes.length,
      wanted,
      zones: zonesOf(nodes),
      ...latenessDetail(work),
    });
  }
  return close(work, tracked, { nodes, instances: saved?.sizes.desired ?? 0, sizes: group.sizes });
};

const latenessDetail = (work: Work): Readonly<Record<string, unknown>> => {
  if (!work.wish.awake || work.wish.readyBy === undefined) return {};
  return {
    readyBy: new Date(work.wish.readyBy).toISOString(),
    lateMinutes: lateMinutes(work.wish.readyBy, work.deps.clock.now()),
  };
};

/** Two digits are as exact as a bill by the second needs to be for a report. */
const hours = (ms: number): number => Math.round(ms / 36_000) / 100;

const close = async (
  work: Work,
  tracked: Tracked,
  found: { nodes: readonly V1Node[]; instances: number; sizes: Sizes },
): Promise<StepResult> => {
  const { record } = tracked;
  const { id, kept, asleepAt, wakeStartedAt } = cycleOf(record);
  const saved = await savedOf(work, record);
  const awake = await advance(work, tracked, {
    phase: 'awake',
    cycle: undefined,
    retryAt: undefined,
    planned: undefined,
    skippedCycle: kept !== undefined && !work.wish.awake ? work.wish.cycleId : undefined,
  });
  if (saved !== undefined) await removeSaved(work.deps.store, saved);
  const sleptMs = asleepAt === undefined ? 0 : (wakeStartedAt ?? work.deps.clock.now()) - asleepAt;
  say(work, record, {
    action: 'verify',
    reason: kept === undefined ? 'awake' : 'awake-by-others',
    detail: {
      cycle: id,
      sizes: found.sizes,
      readyNodes: found.nodes.length,
      zones: zonesOf(found.nodes),
      ...latenessDetail(work),
      sleptHours: hours(sleptMs),
      instanceHoursSaved: hours(sleptMs * found.instances),
    },
  });
  return { tracked: awake, again: false };
};

/** A group that no longer opts in and is awake is none of our business any more. */
export const forget = async (work: Work, tracked: Tracked, mode: Mode = 'act'): Promise<StepResult> => {
  await removeRecord(work.deps.store, tracked);
  say(work, tracked.record, { action: 'none', reason: 'opted-out', mode });
  return { tracked: undefined, again: false };
};
