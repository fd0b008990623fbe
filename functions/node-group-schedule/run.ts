import pMap from 'p-map';
import { isoTime } from '../../shared/core/clock.ts';
import { MalformedEventError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { Tick } from '../../shared/runtime/tick.ts';
import { runGroup } from './apply/group.ts';
import type { Reconciled } from './apply/reconcile.ts';
import { isReconcileDue, reconcileCluster } from './apply/reconcile.ts';
import type { Work } from './apply/work.ts';
import type { NodeGroupScheduleConfig } from './config.ts';
import type { GroupRecord } from './decide/model.ts';
import { hasDrifted, nextStep, planKey } from './decide/step.ts';
import { nextWish, settingsOf, wishOf } from './decide/wish.ts';
import type { ScheduleDeps } from './ports.ts';
import { problemOf } from './problems.ts';
import type { ClusterRecords, Tracked } from './records.ts';
import { loadCluster, removeSaved } from './records.ts';

const CLUSTERS_AT_ONCE = 4;
const GROUPS_AT_ONCE = 16;
/** A tick drains for a minute and leaves the rest to the next: others wait for their turn too. */
const DRAIN_MS_A_TICK = 60_000;

/** Brings every node group, or those of the cluster that the tick names, closer to what its schedule wants. */
export const runNodeGroupSchedule = async (deps: ScheduleDeps, tick: Tick, call: Call): Promise<void> => {
  const names = deps.config.clusters.map(({ name }) => name);
  if (tick.cluster !== undefined && !names.includes(tick.cluster)) {
    throw new MalformedEventError(`cluster ${tick.cluster} is not configured; known are ${names.join(', ')}`);
  }
  const drainUntil = deps.clock.now() + DRAIN_MS_A_TICK;
  await pMap(
    tick.cluster === undefined ? names : [tick.cluster],
    (cluster) => runCluster({ deps, call, cluster, drainUntil }),
    { concurrency: CLUSTERS_AT_ONCE },
  );
};

interface ClusterRun {
  readonly deps: ScheduleDeps;
  readonly call: Call;
  readonly cluster: string;
  readonly drainUntil: number;
}

const runCluster = async (run: ClusterRun): Promise<void> => {
  const { deps, call, cluster } = run;
  const target = `cluster/${cluster}`;
  let mode: Mode = 'observe';
  try {
    mode = await deps.readMode(cluster);
    if (mode === 'off') {
      call.recorder.record({ cluster, target, action: 'none', reason: 'mode-off' }, mode);
      return;
    }
    const known = await loadCluster(deps.store, cluster);
    const { tracked, described } = await lookAround(run, known, mode);
    const worked = await pMap(tracked, (one) => workOn(run, { tracked: one, described, mode }), {
      concurrency: GROUPS_AT_ONCE,
    });
    await removeOrphans(run, known);
    if (!worked.includes(true))
      sayIdle(
        run,
        tracked.map(({ record }) => record),
        mode,
      );
    await call.recorder.flushIfLarge();
  } catch (error) {
    const { action, reason, detail } = problemOf(error);
    call.recorder.record({ cluster, target, action, reason, detail }, mode);
    call.recorder.fail(error);
  }
};

/** The slow look at the whole cluster, when it is due. When it fails, the groups that are known go on. */
const lookAround = async (run: ClusterRun, known: ClusterRecords, mode: Mode): Promise<Reconciled> => {
  const { deps, call, cluster } = run;
  const asKnown: Reconciled = { tracked: known.groups, described: new Map() };
  if (!isReconcileDue(deps, known)) return asKnown;
  try {
    return await reconcileCluster(deps, cluster, { known, call, mode });
  } catch (error) {
    const { reason, detail, fails } = problemOf(error);
    call.recorder.record(
      {
        cluster,
        target: `cluster/${cluster}`,
        action: 'none',
        reason: reason === 'step-failed' ? 'reconcile-failed' : reason,
        detail,
      },
      mode,
    );
    if (fails) call.recorder.fail(error);
    // Part of it may have been written.
    return { tracked: (await loadCluster(deps.store, cluster)).groups, described: new Map() };
  }
};

/** True when the group had something due. An idle group costs no call at all. */
const workOn = async (
  run: ClusterRun,
  { tracked, described, mode }: { tracked: Tracked; described: Reconciled['described']; mode: Mode },
): Promise<boolean> => {
  const { deps, call, drainUntil } = run;
  const { record } = tracked;
  const now = deps.clock.now();
  const wish = wishOf(record, deps.section, now);
  const work: Work = { deps, call, wish, settings: settingsOf(record, deps.section), drainUntil };
  const drifted = hasDrifted(record, wish, described.get(record.arn)?.sizes);
  const step = drifted ? 'drift' : nextStep(record, wish, now);
  if (step === undefined) return false;
  if (mode === 'observe' && record.planned === planKey(record, step, wish)) return false;
  await runGroup(work, tracked, step);
  return true;
};

/** Sizes that a crash left behind after their cycle was over. */
const removeOrphans = async ({ deps }: ClusterRun, known: ClusterRecords): Promise<void> => {
  const records = new Map(known.groups.map(({ record }) => [record.arn, record]));
  for (const saved of known.saved) {
    const record = records.get(saved.arn);
    if (record === undefined || record.phase !== 'awake') continue;
    const wish = wishOf(record, deps.section, deps.clock.now());
    if (wish.awake || wish.cycleId !== saved.cycleId) await removeSaved(deps.store, saved);
  }
};

const sayIdle = ({ deps, call, cluster }: ClusterRun, records: readonly GroupRecord[], mode: Mode): void => {
  call.recorder.record(
    {
      cluster,
      target: `cluster/${cluster}`,
      action: 'none',
      reason: 'idle',
      detail: {
        groups: records.length,
        asleep: records.filter(({ phase }) => phase === 'asleep').length,
        ...nextDue(records, deps.section, deps.clock.now()),
      },
    },
    mode,
  );
};

const nextDue = (records: readonly GroupRecord[], config: NodeGroupScheduleConfig, now: number) => {
  const upcoming = records
    .flatMap((record) => {
      const transition = nextWish(record, config, now);
      return transition === undefined ? [] : [{ record, transition }];
    })
    .sort((a, b) => a.transition.at - b.transition.at);
  const [first] = upcoming;
  if (first === undefined) return {};
  return {
    next: {
      at: isoTime(first.transition.at),
      nodeGroup: first.record.nodeGroup,
      to: first.transition.awake ? 'awake' : 'asleep',
    },
  };
};
