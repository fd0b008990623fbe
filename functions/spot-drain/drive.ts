import { describeError } from '../../shared/core/errors.ts';
import { runDrain } from '../../shared/drain/loop.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import type { NodeWork } from './drain-node.ts';
import type { NodeLease } from './lease.ts';
import { heartbeatActions } from './lifecycle.ts';
import type { WorkerDeps } from './worker.ts';

/** Why a drain came back: finished, or what ended it. */
export type DrainEnd =
  | 'finished'
  | 'out-of-time'
  | 'lost'
  | 'departed'
  | 'withdrawn'
  | 'mode-changed'
  | 'node-gone';

/** An instance's heartbeat time-out is 30 s at the least (Auto Scaling API reference, PutLifecycleHook). */
const HEARTBEAT_EVERY_MS = 20_000;

/**
 * Runs the drain under the lease. Before each round: the mode, the lease (which also keeps the state), the
 * heartbeat of waiting lifecycle actions, and whether a later notice has brought the deadline forward.
 */
export const driveDrain = async (
  deps: WorkerDeps,
  work: NodeWork,
  start: { lease: NodeLease; state: DrainState },
): Promise<{ state: DrainState; why: DrainEnd }> => {
  const { lease } = start;
  const { clock, logger } = deps;
  const stops: (DrainEnd | 'deadline-moved')[] = [];
  let heartbeatAt = clock.now();

  const mayGoOn = async (state: DrainState): Promise<'go' | 'stop'> => {
    if ((await work.mode()) !== 'act') stops.push('mode-changed');
    else {
      const kept = await lease.keep(state);
      const deadlineAt = lease.record.deadlineAt ?? state.options.deadlineAt;
      if (kept !== 'held') stops.push(kept);
      else if (deadlineAt !== state.options.deadlineAt) stops.push('deadline-moved');
    }
    if (stops.length > 0) return 'stop';
    if (clock.now() >= heartbeatAt) {
      heartbeatAt = clock.now() + HEARTBEAT_EVERY_MS;
      await heartbeatActions(deps, lease.record);
    }
    return 'go';
  };

  /** A table that does not answer for a moment stops nothing as long as the lease holds. */
  const beforeRound = async (state: DrainState): Promise<'go' | 'stop'> => {
    try {
      return await mayGoOn(state);
    } catch (error) {
      if (clock.now() >= lease.until) throw error;
      logger.warn('the table did not answer before a round', { error: describeError(error) });
      return 'go';
    }
  };

  let { state } = start;
  for (;;) {
    state = await runDrain({
      api: work.drainApi,
      clock,
      state,
      stopAt: work.stopAt,
      beforeRound,
      limiter: work.limiter,
    });
    if (state.finished !== undefined) return { state, why: 'finished' };
    const stop = stops.pop() ?? 'out-of-time';
    if (stop !== 'deadline-moved') return { state, why: stop };
    const deadlineAt = lease.record.deadlineAt ?? state.options.deadlineAt;
    const deleteAtDeadline = deps.section.deleteAtDeadline && lease.record.unhurried !== true;
    state = { ...state, options: { ...state.options, deadlineAt, deleteAtDeadline } };
  }
};
