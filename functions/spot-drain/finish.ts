import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { isoTime } from '../../shared/core/clock.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { DrainReport } from '../../shared/drain/report.ts';
import { reportOf } from '../../shared/drain/report.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import { missingRightIn } from '../../shared/kubernetes/errors.ts';
import { announceDrain } from './announce.ts';
import type { DrainOutcome } from './decide/record.ts';
import type { NodeEnd, NodeWork } from './drain-node.ts';
import type { DrainEnd } from './drive.ts';
import type { NodeLease } from './lease.ts';
import { completeActions } from './lifecycle.ts';
import type { WorkerDeps } from './worker.ts';

/** The API server's words where a right is missing without which pods cannot be seen or moved. */
const refusalIn = ({ missingRight, unseen, error }: DrainReport): string | undefined =>
  missingRight ?? (unseen && error !== undefined && missingRightIn(error) !== undefined ? error : undefined);

/** The one word for how a drain went. A pod that a budget held to the end counts, even if it was deleted then. */
const reasonOf = (report: DrainReport, why: DrainEnd): string => {
  if (why === 'node-gone' || report.outcome === 'node-gone') return 'node-gone';
  if (why === 'mode-changed') return why;
  if (why === 'departed') return 'instance-gone';
  if (why === 'withdrawn') return 'event-withdrawn';
  if (why === 'forbidden' || refusalIn(report) !== undefined) return 'missing-right';
  if (report.blocked.length > 0) return 'budget-blocked';
  return report.remaining.length > 0 || report.unseen ? 'deadline-reached' : 'drained';
};

const secondsBetween = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, (to - from) / 1000);

const rightDetail = (refusal: string | undefined) => {
  if (refusal === undefined) return {};
  return { ...(missingRightIn(refusal) ?? { verb: 'create', resource: 'pods/eviction' }), error: refusal };
};

/** EMF: one value a node; the sum of a storm is the sum of its values. */
const measure = (deps: WorkerDeps, report: DrainReport, secondsToEmpty: number | undefined): void => {
  const { metrics } = deps;
  if (secondsToEmpty !== undefined) metrics.addMetric('secondsToEmpty', MetricUnit.Seconds, secondsToEmpty);
  metrics.addMetric('podsEvicted', MetricUnit.Count, report.evicted);
  metrics.addMetric('podsDeleted', MetricUnit.Count, report.deleted);
  metrics.addMetric('podsBlocked', MetricUnit.Count, report.blocked.length);
  metrics.addMetric('podsRemaining', MetricUnit.Count, report.remaining.length);
};

interface End {
  readonly lease: NodeLease;
  readonly state: DrainState;
  readonly why: DrainEnd;
  /** What the API server said where the right to cordon is missing. */
  readonly refusal?: string;
}

/** What is said of the drain, and with it what is written down about it. */
const conclude = (
  { lease: { record }, state, why, refusal }: End,
  { report, mode }: { report: DrainReport; mode: Mode },
) => {
  const reason = reasonOf(report, why);
  const secondsToCordon = secondsBetween(record.noticedAt, record.cordonedAt);
  const secondsToEmpty =
    reason === 'node-gone' ? undefined : secondsBetween(record.noticedAt, state.emptySince);
  const didSomething = report.evicted + report.deleted > 0;
  const said = {
    action: reason === 'drained' || didSomething ? 'drain' : 'none',
    reason,
    mode,
    detail: {
      instanceId: record.instanceId,
      owner: record.owner,
      evicted: report.evicted,
      deleted: report.deleted,
      blocked: report.blocked,
      remaining: report.remaining,
      skipped: report.skipped,
      ...(record.deadlineAt === undefined ? {} : { deadlineAt: isoTime(record.deadlineAt) }),
      ...(secondsToCordon === undefined ? {} : { secondsToCordon }),
      ...(secondsToEmpty === undefined ? {} : { secondsToEmpty }),
      ...(report.error === undefined ? {} : { error: report.error }),
      ...rightDetail(refusal ?? refusalIn(report)),
    },
  };
  return { reason, said, secondsToEmpty };
};

/**
 * The end of a drain: record closed, lifecycle actions let go, one verdict with the figures, an event on the node.
 * People are told after it, and the record says so: until then whoever takes the node over tells them. A drain that
 * another worker has taken over is left to it.
 */
export const finishDrain = async (deps: WorkerDeps, work: NodeWork, end: End): Promise<NodeEnd> => {
  const { lease, state, why } = end;
  const { cluster, node } = lease.record;
  const target = `node/${node.name}`;
  const now = deps.clock.now();
  const report = reportOf(state, now);
  const mode = why === 'mode-changed' ? await work.mode() : 'act';
  const { reason, said, secondsToEmpty } = conclude(end, { report, mode });
  const outcome: DrainOutcome = {
    reason,
    at: now,
    evicted: report.evicted,
    deleted: report.deleted,
    remaining: report.remaining.length,
    blocked: report.blocked,
    said,
    untold: true,
  };
  const closed =
    why !== 'lost' && (await lease.write(({ drain: _done, ...record }) => ({ ...record, outcome })));
  if (!closed) {
    const detail = { holder: lease.record.worker?.holder ?? 'unknown' };
    work.call.recorder.record({ cluster, target, action: 'deferred', reason: 'lease-lost', detail }, 'act');
    return { kind: 'left' };
  }
  const lifecycle = why === 'mode-changed' ? [] : await completeActions(deps, { lease, call: work.call });
  measure(deps, report, secondsToEmpty);
  const verdict = work.call.recorder.record(
    {
      cluster,
      target,
      action: said.action,
      reason,
      detail: { ...said.detail, ...(lifecycle.length === 0 ? {} : { lifecycle }) },
    },
    mode,
  );
  await announceDrain(deps, work.api, { node, verdict });
  return { kind: 'reported', verdict, lease, state };
};
