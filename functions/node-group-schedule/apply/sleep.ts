import { ClusterUnreachableError } from '../../../shared/core/errors.ts';
import { asleepSizes, isAtZero, saveRefusal } from '../decide/sizes.ts';
import { lateMinutes } from '../decide/step.ts';
import type { Tracked } from '../records.ts';
import { saveSizes } from '../records.ts';
import type { DrainRounds } from './drain.ts';
import { drainRounds } from './drain.ts';
import { notifyOnce } from './notices.ts';
import { afterFailedUpdate, hasFailed, isOver, ownUpdate, requestSizes } from './updates.ts';
import { keepTheirs } from './wake.ts';
import type { StepResult, Work } from './work.ts';
import { advance, cycleOf, describeSame, dropDeleted, say, wait } from './work.ts';

const MINUTE_MS = 60_000;
/** Rounds that a drain gets in any case, however late in the tick its turn comes. */
const SHORTEST_DRAIN_MS = 10_000;

/** Writes the awake sizes down, once a cycle, before anything is done to the group. */
export const save = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const { store, clock, section } = work.deps;
  if (work.wish.awake) return { tracked, again: false };
  const group = await describeSame(work, record);
  if (group === undefined) return dropDeleted(work, tracked);
  const refusal = saveRefusal(group);
  if (refusal === 'already-at-zero') {
    // Looked at again at the pace of a reconcile: an autoscaler may have brought nodes back by then.
    const retryAt = clock.now() + section.reconcileMinutes * MINUTE_MS;
    return wait(work, await advance(work, tracked, { retryAt }), refusal, { sizes: group.sizes });
  }
  if (refusal !== undefined) return wait(work, tracked, refusal, { status: group.status });
  const { cycleId } = work.wish;
  const sizes = await saveSizes(store, { cluster: record.cluster, arn: record.arn, cycleId }, group.sizes);
  const draining = await advance(work, tracked, {
    phase: 'draining',
    retryAt: undefined,
    skippedCycle: undefined,
    planned: undefined,
    autoScalingGroups: group.autoScalingGroups,
    cycle: { id: cycleId, evicted: 0, attempt: 1, failures: 0 },
  });
  say(work, record, {
    action: 'save',
    reason: 'sizes-saved',
    detail: { sizes, cycle: cycleId, schedule: record.schedule },
  });
  return { tracked: draining, again: true };
};

const drainDetail = (rounds: DrainRounds, evicted: number): Readonly<Record<string, unknown>> => ({
  nodes: rounds.nodes,
  evicted,
  ...(rounds.remaining.length === 0 ? {} : { remaining: rounds.remaining }),
  ...(rounds.blocked.length === 0 ? {} : { blocked: rounds.blocked }),
  ...(rounds.error === undefined ? {} : { error: rounds.error }),
});

/** Cordons and drains the group's nodes for this tick's share of time; goes on when they are empty or out of time. */
export const drain = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const { clock } = work.deps;
  const cluster = await work.deps.nodes(record.cluster);
  const nodes = await cluster.list(record.nodeGroup);
  const drainStartedAt = cycleOf(record).drainStartedAt ?? clock.now();
  const started = await advance(work, tracked, { cycle: { ...cycleOf(record), drainStartedAt } });
  const deadline = drainStartedAt + work.settings.drainMinutes * MINUTE_MS;
  const stopAt = Math.max(clock.now() + SHORTEST_DRAIN_MS, Math.min(work.drainUntil, deadline));
  const rounds = await drainRounds(work, cluster, { name: record.cluster, nodes, stopAt });
  const cycle = cycleOf(started.record);
  const evicted = cycle.evicted + rounds.evicted;
  if ((await work.deps.readMode(record.cluster)) !== 'act') {
    return { tracked: await advance(work, started, { cycle: { ...cycle, evicted } }), again: true };
  }
  if (rounds.forbidden !== undefined) {
    work.call.recorder.fail(new Error(rounds.forbidden));
    return wait(work, started, 'missing-right', {
      verb: 'create',
      resource: 'pods/eviction',
      error: rounds.forbidden,
    });
  }
  if (!rounds.observed) {
    throw new ClusterUnreachableError(
      record.cluster,
      `the pods of node group ${record.nodeGroup} cannot be listed (${rounds.error ?? 'no answer'}); it is not resized before they can be`,
    );
  }
  if (!rounds.empty && clock.now() < deadline) {
    const counted = await advance(work, started, { cycle: { ...cycle, evicted } });
    say(work, record, {
      action: 'drain',
      reason: 'drain-in-progress',
      detail: { ...drainDetail(rounds, evicted), until: new Date(deadline).toISOString() },
    });
    return { tracked: counted, again: false };
  }
  const drained = await advance(work, started, { phase: 'resizing', cycle: { ...cycle, evicted } });
  const reason = rounds.empty ? 'drained' : 'drain-deadline-passed';
  say(work, record, { action: 'drain', reason, detail: drainDetail(rounds, evicted) });
  return { tracked: await notifyBlocked(work, drained, rounds), again: true };
};

const notifyBlocked = async (work: Work, tracked: Tracked, rounds: DrainRounds): Promise<Tracked> => {
  if (rounds.blocked.length === 0) return tracked;
  const { record } = tracked;
  return notifyOnce(work, tracked, {
    kind: 'budgets-blocked',
    cycleId: cycleOf(record).id,
    subject: `Budgets blocked the drain of ${record.cluster}/${record.nodeGroup}`,
    text: [
      `Node group ${record.nodeGroup} (cluster ${record.cluster}) goes to sleep although disruption budgets held these pods for ${work.settings.drainMinutes} minutes:`,
      ...rounds.blocked.map(({ pod, budgets }) => `- ${pod}: ${budgets.join(', ') || 'budget unknown'}`),
    ].join('\n'),
  });
};

/** Asks EKS for min 0, desired 0 and the maximum as it is. */
export const resize = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const group = await describeSame(work, record);
  if (group === undefined) return dropDeleted(work, tracked);
  if (group.status !== 'ACTIVE')
    return wait(work, tracked, 'node-group-not-active', { status: group.status });
  const cycle = cycleOf(record);
  if (isAtZero(group.sizes)) {
    // Asked for before a crash, and done by now.
    return { tracked: await advance(work, tracked, { phase: 'verifying', retryAt: undefined }), again: true };
  }
  const to = asleepSizes(group.sizes);
  const updateId = await requestSizes(work, record, to);
  const verifying = await advance(work, tracked, {
    phase: 'verifying',
    retryAt: undefined,
    cycle: { ...cycle, updateId },
  });
  say(work, record, {
    action: 'sleep',
    reason: 'resize-requested',
    detail: { from: group.sizes, to, updateId },
  });
  return { tracked: verifying, again: false };
};

/** Asleep is who has no instances left; `ACTIVE` alone says nothing about them. */
export const verify = async (work: Work, tracked: Tracked): Promise<StepResult> => {
  const { record } = tracked;
  const update = await ownUpdate(work, record);
  if (update !== undefined && !isOver(update))
    return wait(work, tracked, 'update-in-progress', { updateId: update.id });
  if (update !== undefined && hasFailed(update))
    return afterFailedUpdate(work, tracked, { update, back: 'resizing' });
  const group = await describeSame(work, record);
  if (group === undefined) return dropDeleted(work, tracked);
  if (update === undefined && group.status !== 'ACTIVE') {
    return wait(work, tracked, 'node-group-not-active', { status: group.status });
  }
  if (!isAtZero(group.sizes)) return keepTheirs(work, tracked, group.sizes);
  const instances = await work.deps.autoScaling.instances(group.autoScalingGroups);
  if (instances.length > 0) {
    const stuck = instances.filter((instance) => instance.protectedFromScaleIn).map(({ id }) => id);
    return wait(work, tracked, 'instances-terminating', {
      instances: instances.map(({ id, lifecycleState }) => ({ id, lifecycleState })),
      ...(stuck.length === 0 ? {} : { protectedFromScaleIn: stuck }),
    });
  }
  const now = work.deps.clock.now();
  const cycle = cycleOf(record);
  const asleep = await advance(work, tracked, {
    phase: 'asleep',
    retryAt: undefined,
    cycle: { ...cycle, updateId: undefined, asleepAt: now },
  });
  say(work, record, {
    action: 'verify',
    reason: 'asleep',
    detail: { cycle: cycle.id, minutesAfterDue: lateMinutes(Date.parse(cycle.id), now) },
  });
  return { tracked: asleep, again: false };
};
