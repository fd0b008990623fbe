import pMap from 'p-map';
import { ClusterUnreachableError, describeError, MalformedEventError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import {
  isForbidden,
  KubernetesApiError,
  KubernetesConnectionError,
} from '../../shared/kubernetes/errors.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import type { Tick } from '../../shared/runtime/tick.ts';
import { deletePod, outcomeVerdict } from './apply.ts';
import type { PodCleanupConfig } from './config.ts';
import type { CleanupDecision } from './decide/decide.ts';
import { decideCleanup } from './decide/decide.ts';
import { failedPods } from './gather.ts';

export type PodCleanupDeps = Pick<
  AutomationContext<PodCleanupConfig>,
  'config' | 'section' | 'clock' | 'clusters' | 'readMode'
>;

const CLUSTERS_AT_ONCE = 4;
const DELETES_AT_ONCE = 20;
/** Kept for the journal at the end, and for a delete that waits for its time-out of 15 s. */
const RESERVE_MS = 25_000;

/** What one run has left, over all clusters. */
interface RunState {
  budgetLeft: number;
}

/** Cleans up every cluster, or the one that the tick names. Clusters that fail do not stop the others. */
export const runPodCleanup = async (deps: PodCleanupDeps, tick: Tick, call: Call): Promise<void> => {
  const names = deps.config.clusters.map(({ name }) => name);
  if (tick.cluster !== undefined && !names.includes(tick.cluster)) {
    throw new MalformedEventError(`cluster ${tick.cluster} is not configured; known are ${names.join(', ')}`);
  }
  const state: RunState = { budgetLeft: deps.section.maximumDeletesPerRun };
  await pMap(
    tick.cluster === undefined ? names : [tick.cluster],
    (cluster) => cleanCluster(deps, { cluster, call, state }),
    { concurrency: CLUSTERS_AT_ONCE },
  );
};

interface Work {
  readonly cluster: string;
  readonly call: Call;
  readonly state: RunState;
}

const cleanCluster = async (deps: PodCleanupDeps, work: Work): Promise<void> => {
  const { cluster, call } = work;
  const say = (mode: Mode, reason: string, detail?: Record<string, unknown>) =>
    call.recorder.record(
      {
        cluster,
        target: `cluster/${cluster}`,
        action: 'none',
        reason,
        ...(detail === undefined ? {} : { detail }),
      },
      mode,
    );
  let mode = await deps.readMode(cluster);
  if (mode === 'off') {
    say(mode, 'mode-off');
    return;
  }
  try {
    const api = await deps.clusters.connect(cluster);
    for await (const page of failedPods(api)) {
      mode = await deps.readMode(cluster);
      if (mode === 'off') {
        say(mode, 'mode-off');
        return;
      }
      if (outOfTime(call)) {
        say(mode, 'out-of-time');
        return;
      }
      const { decisions } = decideCleanup(page, {
        cluster,
        config: deps.section,
        now: deps.clock.now(),
        budgetLeft: work.state.budgetLeft,
      });
      work.state.budgetLeft -= decisions.filter(({ action }) => action === 'delete').length;
      await carryOut(api, decisions, { call, mode });
      await call.recorder.flushIfLarge();
    }
  } catch (error) {
    call.recorder.fail(error);
    const detail = { error: describeError(error) };
    if (isForbidden(error)) say(mode, 'missing-right', { verb: 'list', resource: 'pods', ...detail });
    else say(mode, isOfCluster(error) ? 'cluster-unreachable' : 'interrupted', detail);
  }
};

/** True where the cluster is at fault, as opposed to our own table. */
const isOfCluster = (error: unknown): boolean =>
  error instanceof ClusterUnreachableError ||
  error instanceof KubernetesApiError ||
  error instanceof KubernetesConnectionError;

const outOfTime = (call: Call): boolean => call.deadline.remainingMs() < RESERVE_MS;

/** Records what is kept (and, in observe, what would be deleted); deletes the rest and records each after it. */
const carryOut = async (
  api: KubernetesApi,
  decisions: readonly CleanupDecision[],
  { call, mode }: { call: Call; mode: Mode },
): Promise<void> => {
  const failures: unknown[] = [];
  await pMap(
    decisions,
    async (decision) => {
      if (decision.action === 'none' || mode !== 'act') {
        call.recorder.record(decision, mode);
        return;
      }
      if (outOfTime(call)) {
        call.recorder.record({ ...decision, action: 'none', reason: 'out-of-time' }, mode);
        return;
      }
      const outcome = await deletePod(api, decision.pod);
      if (outcome.kind === 'deleted') {
        call.recorder.record(decision, mode);
        return;
      }
      if (outcome.kind === 'forbidden' || outcome.kind === 'failed') failures.push(outcome.error);
      const { reason, detail } = outcomeVerdict(outcome);
      call.recorder.record(
        { ...decision, action: 'none', reason, detail: { ...decision.detail, ...detail } },
        mode,
      );
    },
    { concurrency: DELETES_AT_ONCE },
  );
  // One note a page, not one a pod: what failed is in the verdicts.
  const [first] = failures;
  if (first !== undefined) {
    call.recorder.fail(
      new Error(
        `${failures.length} pod(s) of cluster ${api.cluster} were not deleted: ${describeError(first)}`,
        {
          cause: first,
        },
      ),
    );
  }
};
