import type { Clock } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { RoundAnswer } from '../../shared/drain/loop.ts';
import { runDrain } from '../../shared/drain/loop.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import { pendingActions } from './decide/record.ts';
import type { NodeWork } from './drain-node.ts';
import { deadlineFor, optionsFor } from './drain-options.ts';
import type { NodeLease } from './lease.ts';
import type { HookLimits } from './lifecycle.ts';
import { heartbeatActions } from './lifecycle.ts';
import type { Progress } from './rest.ts';
import { progressOf, restUntil } from './rest.ts';
import type { WorkerDeps } from './worker.ts';

/** Why a drain came back: finished, or what ended it. */
export type DrainEnd =
  | 'finished'
  | 'out-of-time'
  | 'rests'
  | 'lost'
  | 'departed'
  | 'withdrawn'
  | 'mode-changed'
  /** It could not even be cordoned. */
  | 'forbidden'
  | 'node-gone';

export type Hooks = HookLimits | 'none' | 'unknown';

export interface Driven {
  readonly state: DrainState;
  readonly why: DrainEnd;
  /** Of a drain that rests: until then. Epoch ms. */
  readonly until?: number;
}

/** An instance's heartbeat time-out is 30 s at the least (Auto Scaling API reference, PutLifecycleHook). */
const HEARTBEAT_EVERY_MS = 20_000;

/** One heartbeat at a time, beside the drain: an answer of Auto Scaling that takes long holds up no eviction. */
const createHeart = (deps: WorkerDeps, lease: NodeLease) => {
  let beating: Promise<void> | undefined;
  let nextAt = deps.clock.now();
  const beat = async (): Promise<void> => {
    try {
      await heartbeatActions(deps, lease);
    } catch (error) {
      deps.logger.warn('a lifecycle heartbeat failed', { error: describeError(error) });
    } finally {
      beating = undefined;
    }
  };
  return {
    beatIfDue: () => {
      if (beating !== undefined || deps.clock.now() < nextAt) return;
      nextAt = deps.clock.now() + HEARTBEAT_EVERY_MS;
      beating = beat();
    },
    beatNow: async () => {
      await beating;
      await beat();
    },
    stop: () => beating ?? Promise.resolve(),
  };
};

/** A lease that runs low is renewed between two rounds too: a list may take longer than the lease lasts. */
const BEAT_EVERY_MS = 5_000;

/** Calls again and again until it is told to stop, and waits for the last call then. */
const every = (clock: Clock, ms: number, call: () => Promise<void>): (() => Promise<void>) => {
  const over = new AbortController();
  const calling = (async () => {
    for (;;) {
      await clock.sleep(ms, over.signal);
      await call();
    }
  })().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  return () => {
    over.abort();
    return calling;
  };
};

/**
 * Until when the drain may rest, where nothing is to be done for so long. Hooks of which nothing is known are held here,
 * those that came during the drain as well.
 */
const restOf = (
  state: DrainState,
  progress: Progress,
  { now, hooks, isHeld }: { now: number; hooks: Hooks; isHeld: boolean },
): number | undefined => {
  if (hooks === 'unknown' || (hooks === 'none' && isHeld)) return undefined;
  return restUntil(state, progress, {
    now,
    ...(hooks === 'none' ? {} : { heartbeatSeconds: hooks.heartbeatSeconds }),
  });
};

/**
 * Runs the drain under the lease. Before each round: the mode, the lease (which also keeps the state), the
 * heartbeat of waiting lifecycle actions, and whether a later notice has moved the deadline: the drain goes on by it.
 */
export const driveDrain = async (
  deps: WorkerDeps,
  work: NodeWork,
  start: { lease: NodeLease; state: DrainState; hooks: Hooks },
): Promise<Driven> => {
  const { lease, hooks } = start;
  const { clock, logger } = deps;
  const heart = createHeart(deps, lease);
  const run: { stop?: DrainEnd; progress?: Progress; until?: number | undefined } = {};

  const hasMoved = ({ options }: DrainState): boolean => {
    const now = lease.record.deadlineAt ?? options.deadlineAt;
    return deadlineFor(lease.record, deps.section, { now, hooks }) !== options.deadlineAt;
  };

  const mayGoOn = async (state: DrainState): Promise<RoundAnswer> => {
    run.progress = progressOf(state, run.progress, clock.now());
    if ((await work.mode()) !== 'act') run.stop = 'mode-changed';
    else {
      const kept = await lease.keep(state);
      if (kept !== 'held') run.stop = kept;
    }
    if (run.stop !== undefined) return 'stop';
    heart.beatIfDue();
    if (hasMoved(state)) {
      const now = clock.now();
      return { options: optionsFor(lease.record, deps.section, { optOuts: work.optOuts, now, hooks }) };
    }
    const isHeld = pendingActions(lease.record).length > 0;
    run.until = restOf(state, run.progress, { now: clock.now(), hooks, isHeld });
    if (run.until === undefined) return 'go';
    run.stop = 'rests';
    return 'stop';
  };

  /** A table that does not answer for a moment stops nothing as long as the lease holds. */
  const unlessTableIsDown = async <Answer>(ask: () => Promise<Answer>): Promise<Answer | 'go'> => {
    try {
      return await ask();
    } catch (error) {
      if (clock.now() >= lease.until) throw error;
      logger.warn('the table did not answer before a round', { error: describeError(error) });
      return 'go';
    }
  };

  const keepPlan = async (state: DrainState): Promise<'go' | 'stop'> => {
    if (run.stop !== undefined) return 'stop';
    if (await lease.checkpoint(state)) return 'go';
    run.stop = 'lost';
    return 'stop';
  };

  const beat = async (): Promise<void> => {
    heart.beatIfDue();
    try {
      const kept = await lease.keep(undefined);
      if (kept !== 'held') run.stop ??= kept;
    } catch (error) {
      logger.warn('a lease was not renewed', { error: describeError(error) });
    }
  };

  const stopBeating = every(clock, BEAT_EVERY_MS, beat);
  const state = await runDrain({
    api: work.drainApi,
    clock,
    state: start.state,
    stopAt: work.stopAt,
    beforeRound: (current) => unlessTableIsDown(() => mayGoOn(current)),
    beforeRemovals: (current) => unlessTableIsDown(() => keepPlan(current)),
    limiter: work.limiter,
  }).finally(stopBeating);
  if (run.stop === 'rests') await heart.beatNow();
  await heart.stop();
  if (state.finished !== undefined) return { state, why: 'finished' };
  const { stop, until } = run;
  if (stop === undefined) return { state, why: 'out-of-time' };
  return { state, why: stop, ...(stop === 'rests' && until !== undefined ? { until } : {}) };
};
