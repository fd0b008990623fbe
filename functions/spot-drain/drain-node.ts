import { isoTime } from '../../shared/core/clock.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Verdict } from '../../shared/core/verdict.ts';
import type { Pace } from '../../shared/drain/pace.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import type { DrainApi } from '../../shared/drain/types.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { SpotDrainDecision } from './decide/decide.ts';
import type { OptOuts } from './drain-options.ts';
import { optionsFor, stateFor } from './drain-options.ts';
import type { Hooks } from './drive.ts';
import { driveDrain } from './drive.ts';
import { ensureCordoned } from './ensure-cordoned.ts';
import { finishDrain } from './finish.ts';
import type { NodeLease } from './lease.ts';
import { claimNode } from './lease.ts';
import { completeActions, hookLimits } from './lifecycle.ts';
import { leaveLoadBalancers } from './load-balancers.ts';
import type { NodeRef } from './messages.ts';
import { observeNode } from './observe-node.ts';
import { WORTH_WAITING_MS } from './rest.ts';
import { sayAgain } from './say-again.ts';
import type { WorkerDeps } from './worker.ts';

/** What the drains of one batch share. */
export interface NodeWork {
  readonly api: KubernetesApi;
  readonly drainApi: DrainApi;
  readonly call: Call;
  /** Read at most once a round. */
  readonly mode: () => Promise<Mode>;
  readonly holder: string;
  readonly limiter: Pace;
  /** Namespaces that opted out. */
  readonly optOuts: OptOuts;
  /** Epoch ms by which the worker hands over. */
  readonly stopAt: number;
}

export type NodeEnd =
  /** The record says how it ended, the lease is still held, and people have to be told. */
  | {
      readonly kind: 'reported';
      readonly verdict: Verdict;
      readonly lease: NodeLease;
      /** For the events on its pods. */
      readonly state?: DrainState;
    }
  /** Another worker has to go on with it. */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'left' };

/** What a drain that stopped before its end leaves behind. */
const leaveOpen = async (
  work: NodeWork,
  lease: NodeLease,
  { state, until }: { state: DrainState; until?: number },
): Promise<NodeEnd> => {
  const { cluster, node, instanceId } = lease.record;
  const say = (reason: string, detail: object) =>
    work.call.recorder.record(
      {
        cluster,
        target: `node/${node.name}`,
        action: 'deferred',
        reason,
        detail: { instanceId, ...detail },
      },
      'act',
    );
  if (until === undefined) {
    await lease.release(state);
    say('handed-over', {});
    return { kind: 'unfinished' };
  }
  await lease.rest(state, until);
  say('rests', { until: isoTime(until), deadlineAt: isoTime(state.options.deadlineAt) });
  return { kind: 'left' };
};

/** What the hooks allow matters only where they may be held for longer than every hook can be. */
const limitsOf = async (deps: WorkerDeps, { record }: NodeLease): Promise<Hooks> =>
  (record.deadlineAt ?? 0) - deps.clock.now() > WORTH_WAITING_MS ? hookLimits(deps, record) : 'none';

/** A node that is ours now, in mode act, whose drain is not over. */
const drainHeld = async (deps: WorkerDeps, work: NodeWork, lease: NodeLease): Promise<NodeEnd> => {
  const hooks = await limitsOf(deps, lease);
  const stateNow = () => {
    const now = deps.clock.now();
    const options = optionsFor(lease.record, deps.section, { optOuts: work.optOuts, now, hooks });
    return stateFor(lease.record, options, now);
  };
  const cordoned = await ensureCordoned(deps, work, lease);
  if (cordoned === 'gone') return finishDrain(deps, work, { lease, state: stateNow(), why: 'node-gone' });
  if (typeof cordoned === 'object') {
    return finishDrain(deps, work, { lease, state: stateNow(), why: 'forbidden', ...cordoned });
  }
  await leaveLoadBalancers(deps, work, lease);
  const { state, why, until } = await driveDrain(deps, work, { lease, state: stateNow(), hooks });
  if (why === 'out-of-time' || why === 'rests') {
    return leaveOpen(work, lease, { state, ...(until === undefined ? {} : { until }) });
  }
  return finishDrain(deps, work, { lease, state, why });
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
  const { outcome } = lease.record;
  const target = `node/${lease.record.node.name}`;
  if (mode === 'off') {
    await lease.release(undefined);
    return say(target, { action: 'none', reason: 'mode-off' });
  }
  // The worker before this one died when all was done but the telling.
  if (outcome?.untold === true) return sayAgain(deps, work, lease);
  if (mode === 'observe') {
    if (outcome === undefined) return observeNode(deps, work, lease);
    await lease.release(undefined);
    return say(target, { action: 'none', reason: 'already-closed' });
  }
  if (outcome === undefined) return drainHeld(deps, work, lease);
  // Drained before; an Auto Scaling hook came later and waits to be told.
  const answers = await completeActions(deps, { lease, call });
  await lease.release(undefined);
  return say(target, { action: 'record', reason: 'lifecycle-completed', detail: { lifecycle: answers } });
};
