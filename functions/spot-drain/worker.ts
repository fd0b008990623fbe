import type { Logger } from '@aws-lambda-powertools/logger';
import type { LifecycleActions } from '../../shared/aws/auto-scaling-lifecycle.ts';
import type { AsyncInvoker } from '../../shared/aws/lambda-invoke.ts';
import { describeError, MalformedEventError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Verdict } from '../../shared/core/verdict.ts';
import { createConcurrencyLimit } from '../../shared/drain/concurrency.ts';
import { createDrainApi } from '../../shared/kubernetes/drain-api.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import { notifyNode, notifyStorm, STORM_NODES } from './announce.ts';
import type { SpotDrainConfig } from './config.ts';
import type { NodeWork } from './drain-node.ts';
import { drainNode } from './drain-node.ts';
import type { DrainOrder, NodeRef } from './messages.ts';
import type { MetricSink } from './metrics.ts';
import type { DrainRecords } from './records.ts';

export interface WorkerDeps
  extends Pick<
    AutomationContext<SpotDrainConfig>,
    'config' | 'section' | 'clock' | 'clusters' | 'notifier' | 'readMode'
  > {
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: MetricSink;
  readonly records: DrainRecords;
  readonly lifecycle: LifecycleActions;
  /** This very function: a worker near its end starts the next one. */
  readonly worker: AsyncInvoker;
}

/** Kept for an eviction that the server answers late, for the last writes and for the next worker's start. */
const RESERVE_MS = 20_000;
/** A round is no shorter than this: the drains of a batch read the mode together. */
const MODE_VALID_MS = 1_000;

/** The mode of the cluster, read once a round for all nodes of the batch. */
const modeOnceARound = (deps: WorkerDeps, cluster: string): (() => Promise<Mode>) => {
  let last: { readonly at: number; readonly mode: Promise<Mode> } | undefined;
  return () => {
    const now = deps.clock.now();
    if (last === undefined || now - last.at >= MODE_VALID_MS) {
      last = { at: now, mode: deps.readMode(cluster) };
    }
    return last.mode;
  };
};

/** Drains the nodes of an order at the same time; the nodes it has no time left for go to the next worker. */
export const runWorker = async (deps: WorkerDeps, order: DrainOrder, call: Call): Promise<void> => {
  const { cluster, nodes } = order;
  if (!deps.config.clusters.some(({ name }) => name === cluster)) {
    throw new MalformedEventError(
      `cluster ${cluster} is not configured; deploy again, then the event comes again`,
    );
  }
  const mode = modeOnceARound(deps, cluster);
  const atFirst = await mode();
  if (atFirst === 'off') {
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'mode-off' }, atFirst);
    return;
  }
  const api = await deps.clusters.connect(cluster).catch((error: unknown) => {
    const detail = { instances: nodes.map(({ instanceId }) => instanceId), error: describeError(error) };
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'cluster-unreachable', detail }, atFirst);
    throw error;
  });
  const work: NodeWork = {
    api,
    drainApi: createDrainApi(api),
    call,
    mode,
    holder: `spot-drain-worker/${call.requestId}`,
    limiter: createConcurrencyLimit(deps.section.evictionConcurrency),
    stopAt: call.deadline.at - RESERVE_MS,
  };
  const isStorm = nodes.length > STORM_NODES;
  const reports: Verdict[] = [];
  const unfinished: NodeRef[] = [];
  await Promise.all(
    nodes.map(async (ref) => {
      try {
        const end = await drainNode(deps, work, ref);
        if (end.kind === 'unfinished') unfinished.push(ref);
        if (end.kind !== 'reported') return;
        reports.push(end.verdict);
        if (!isStorm) await notifyNode(deps, cluster, end.verdict);
      } catch (error) {
        const target = `instance/${ref.instanceId}`;
        const detail = { error: describeError(error) };
        call.recorder.record({ cluster, target, action: 'none', reason: 'interrupted', detail }, atFirst);
        call.recorder.fail(error);
      }
    }),
  );
  if (isStorm && reports.length > 0) await notifyStorm(deps, cluster, reports);
  if (unfinished.length > 0) await deps.worker.invoke({ kind: 'drain', cluster, nodes: unfinished });
};
