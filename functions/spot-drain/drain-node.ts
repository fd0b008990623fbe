import { isoTime } from '../../shared/core/clock.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Verdict } from '../../shared/core/verdict.ts';
import { previewDrain, UNSCHEDULABLE_TAINT } from '../../shared/drain/classify.ts';
import type { ConcurrencyLimit } from '../../shared/drain/concurrency.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import { startDrain } from '../../shared/drain/state.ts';
import type { DrainApi } from '../../shared/drain/types.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { SpotDrainDecision } from './decide/decide.ts';
import type { DrainRecord } from './decide/record.ts';
import { causeOf, taintOf } from './decide/record.ts';
import { driveDrain } from './drive.ts';
import { ensureCordoned } from './ensure-cordoned.ts';
import { finishDrain } from './finish.ts';
import type { NodeLease } from './lease.ts';
import { claimNode } from './lease.ts';
import { completeActions } from './lifecycle.ts';
import type { NodeRef } from './messages.ts';
import type { WorkerDeps } from './worker.ts';

/** What the drains of one batch share. */
export interface NodeWork {
  readonly api: KubernetesApi;
  readonly drainApi: DrainApi;
  readonly call: Call;
  /** Read at most once a round. */
  readonly mode: () => Promise<Mode>;
  readonly holder: string;
  readonly limiter: ConcurrencyLimit;
  /** Epoch ms by which the worker hands over. */
  readonly stopAt: number;
}

export type NodeEnd =
  | { readonly kind: 'reported'; readonly verdict: Verdict }
  /** Another worker has to go on with it. */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'left' };

/** Seconds before a pod's grace runs into the deadline at which evictions turn into deletes. */
const PLANNER_MARGIN_SECONDS = 5;

/** Every taint that keeps new pods off the node. */
const taintKeysOf = (record: DrainRecord): readonly string[] => [
  UNSCHEDULABLE_TAINT,
  taintOf(causeOf(record)),
];

const stateOf = (deps: WorkerDeps, record: DrainRecord): DrainState =>
  record.drain ??
  startDrain(
    {
      node: record.node,
      cluster: record.cluster,
      deadlineAt: record.deadlineAt ?? deps.clock.now(),
      marginSeconds: PLANNER_MARGIN_SECONDS,
      deleteAtDeadline: deps.section.deleteAtDeadline && record.unhurried !== true,
      taintKeys: taintKeysOf(record),
    },
    record.cordonedAt ?? deps.clock.now(),
  );

/** Observe: what the first step would be. The record is closed with it, so that it is said once. */
const observeNode = async (deps: WorkerDeps, work: NodeWork, lease: NodeLease): Promise<NodeEnd> => {
  const { record } = lease;
  const pods = await work.drainApi.listPods(record.node.name);
  const { evict, wait, skip } = previewDrain(pods, taintKeysOf(record));
  await lease.write(({ worker: _worker, ...current }) => ({
    ...current,
    outcome: {
      reason: 'observed',
      at: deps.clock.now(),
      evicted: 0,
      deleted: 0,
      remaining: evict.length + wait.length,
      blocked: [],
    },
  }));
  const verdict = work.call.recorder.record(
    {
      cluster: record.cluster,
      target: `node/${record.node.name}`,
      action: 'drain',
      reason: causeOf(record),
      detail: {
        instanceId: record.instanceId,
        owner: record.owner,
        deadlineAt: isoTime(record.deadlineAt ?? deps.clock.now()),
        step: 'first',
        wouldEvict: evict,
        wouldWaitFor: wait,
        skipped: skip,
      },
    },
    'observe',
  );
  return { kind: 'reported', verdict };
};

/** One node from the claim to the report. */
export const drainNode = async (deps: WorkerDeps, work: NodeWork, ref: NodeRef): Promise<NodeEnd> => {
  const { api, call } = work;
  const claim = await claimNode(
    { records: deps.records, clock: deps.clock, cluster: api.cluster, holder: work.holder },
    ref,
  );
  const mode = await work.mode();
  const say = (target: string, decision: Omit<SpotDrainDecision, 'cluster' | 'target'>): NodeEnd => {
    call.recorder.record({ cluster: api.cluster, target, ...decision }, mode);
    return { kind: 'left' };
  };
  if (claim.kind === 'unknown') {
    return say(`instance/${ref.instanceId}`, { action: 'none', reason: 'no-record' });
  }
  if (claim.kind === 'taken') {
    const detail = { holder: claim.record.worker?.holder ?? 'unknown' };
    return say(`node/${claim.record.node.name}`, { action: 'deferred', reason: 'drain-in-progress', detail });
  }
  if (claim.kind === 'over') {
    return say(`node/${claim.record.node.name}`, { action: 'none', reason: 'already-closed' });
  }
  const { lease } = claim;
  const target = `node/${lease.record.node.name}`;
  if (mode === 'off') {
    await lease.release(undefined);
    return say(target, { action: 'none', reason: 'mode-off' });
  }
  if (mode === 'observe') {
    if (lease.record.outcome === undefined) return observeNode(deps, work, lease);
    await lease.release(undefined);
    return say(target, { action: 'none', reason: 'already-closed' });
  }
  if (lease.record.outcome !== undefined) {
    // Drained before; an Auto Scaling hook came later and waits to be told.
    const answers = await completeActions(deps, { lease, call });
    await lease.release(undefined);
    return say(target, { action: 'record', reason: 'lifecycle-completed', detail: { lifecycle: answers } });
  }
  const cordoned = await ensureCordoned(deps, work, lease);
  if (cordoned === 'gone')
    return finishDrain(deps, work, { lease, state: stateOf(deps, lease.record), why: 'node-gone' });
  const { state, why } = await driveDrain(deps, work, { lease, state: stateOf(deps, lease.record) });
  if (why === 'out-of-time') {
    await lease.release(state);
    say(target, { action: 'deferred', reason: 'handed-over', detail: { instanceId: ref.instanceId } });
    return { kind: 'unfinished' };
  }
  return finishDrain(deps, work, { lease, state, why });
};
