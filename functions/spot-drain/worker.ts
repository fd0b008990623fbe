import type { Logger } from '@aws-lambda-powertools/logger';
import type { LifecycleActions } from '../../shared/aws/auto-scaling-lifecycle.ts';
import type { AsyncInvoker } from '../../shared/aws/lambda-invoke.ts';
import { describeError, MalformedEventError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import { createPace } from '../../shared/drain/pace.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { createDrainApi } from '../../shared/kubernetes/drain-api.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import { modeOnceASecond } from '../../shared/runtime/mode-once.ts';
import type { SpotDrainConfig } from './config.ts';
import { LONGEST_LULL_MS } from './decide/lull.ts';
import { drainAndTell } from './drain-and-tell.ts';
import type { NodeWork } from './drain-node.ts';
import { letGo } from './let-go.ts';
import type { DrainOrder } from './messages.ts';
import type { MetricSink } from './metrics.ts';
import { readOptOuts } from './opt-outs.ts';
import type { DrainRecords } from './records.ts';
import { createBookKeeper } from './storm-book.ts';
import { createTeller } from './tell.ts';

export interface WorkerDeps
  extends Pick<
    AutomationContext<SpotDrainConfig>,
    'config' | 'section' | 'clock' | 'clusters' | 'notifier' | 'readMode' | 'store'
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

/** Looks up what the storm's book needs; a record that is not there has no deadline. */
const deadlinesOf = (deps: WorkerDeps, { cluster, nodes }: DrainOrder): Promise<readonly number[]> =>
  Promise.all(
    nodes.map(async (ref) => (await deps.records.get({ cluster, ...ref }))?.deadlineAt ?? deps.clock.now()),
  );

/** The cluster of the order; a verdict says so where it cannot be reached. */
const connect = async (
  deps: WorkerDeps,
  order: DrainOrder,
  call: Call,
  mode: Mode,
): Promise<KubernetesApi> => {
  const { cluster, nodes } = order;
  try {
    return await deps.clusters.connect(cluster);
  } catch (error) {
    const detail = { instances: nodes.map(({ instanceId }) => instanceId), error: describeError(error) };
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'cluster-unreachable', detail }, mode);
    throw error;
  }
};

/** While the other nodes of a storm are being cordoned. */
const holdStill = async ({ clock }: WorkerDeps, { notBefore = 0 }: DrainOrder): Promise<void> => {
  const waitMs = notBefore - clock.now();
  // Clocks of two machines may differ.
  if (waitMs > 0) await clock.sleep(Math.min(waitMs, LONGEST_LULL_MS));
};

/** Drains the nodes of an order at the same time; the nodes it has no time left for go to the next worker. */
export const runWorker = async (deps: WorkerDeps, order: DrainOrder, call: Call): Promise<void> => {
  const { cluster } = order;
  const { clock, section } = deps;
  if (!deps.config.clusters.some(({ name }) => name === cluster)) {
    throw new MalformedEventError(
      `cluster ${cluster} is not configured; deploy again, then the event comes again`,
    );
  }
  // A round is no shorter than a second: the drains of a batch read the mode together.
  const mode = modeOnceASecond(clock, () => deps.readMode(cluster));
  const atFirst = await mode();
  if (atFirst === 'off') {
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'mode-off' }, atFirst);
    return;
  }
  if (atFirst === 'act') await letGo(deps, order, call);
  if (order.nodes.length === 0) return;
  if (atFirst === 'act') await holdStill(deps, order);
  const api = await connect(deps, order, call, atFirst);
  // Two deliveries of one event have the same request id, and are two workers all the same.
  const holder = `spot-drain-worker/${call.requestId}/${clock.now().toString(36)}`;
  const drainApi = createDrainApi(api, clock);
  if (atFirst === 'act') drainApi.prepare?.();
  const work: NodeWork = {
    api,
    drainApi,
    call,
    mode,
    holder,
    limiter: createPace({
      clock,
      concurrency: section.evictionConcurrency,
      perSecond: section.evictionsPerSecond,
    }),
    optOuts: await readOptOuts(deps, api),
    stopAt: call.deadline.at - RESERVE_MS,
  };
  const book = createBookKeeper(deps.store, clock, cluster);
  const teller = createTeller(deps, book, { order, holder, deadlines: deadlinesOf(deps, order) });
  const unfinished = await drainAndTell(deps, work, { order, teller, mode: atFirst });
  if (unfinished.length > 0) await deps.worker.invoke({ kind: 'drain', cluster, nodes: unfinished });
};
