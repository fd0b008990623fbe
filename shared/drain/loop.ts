import type { V1Pod } from '@kubernetes/client-node';
import type { Clock } from '../core/clock.ts';
import { describeError } from '../core/errors.ts';
import type { ConcurrencyLimit } from './concurrency.ts';
import type { Observation } from './observe.ts';
import type { DrainState } from './state.ts';
import { resumeDrain } from './state.ts';
import type { DrainAction } from './step.ts';
import { step } from './step.ts';
import type { DrainApi, RemovalOutcome } from './types.ts';

export interface RunDrainOptions {
  readonly api: DrainApi;
  readonly clock: Clock;
  /** From `startDrain`, or as another worker left it. */
  readonly state: DrainState;
  /** Leave by then (epoch ms); the state can be gone on with. */
  readonly stopAt: number;
  /** Asked before every list: renew the lease, read the mode, keep the state. `stop` ends the loop. */
  readonly beforeRound?: (state: DrainState) => Promise<'go' | 'stop'>;
  /** Shared by the drains of a cluster. */
  readonly limiter?: ConcurrencyLimit;
}

/** Observations as they come in, and a way to wait for the next one no longer than until a point in time. */
const createInbox = (clock: Clock) => {
  const items: Observation[] = [];
  let wake: AbortController | undefined;
  return {
    put: (observation: Observation) => {
      items.push(observation);
      wake?.abort();
    },
    take: async (until: number): Promise<Observation> => {
      const waitMs = until - clock.now();
      if (items.length === 0 && waitMs > 0) {
        wake = new AbortController();
        try {
          await clock.sleep(waitMs, wake.signal);
        } catch (error) {
          if (!wake.signal.aborted) throw error;
        }
        wake = undefined;
      }
      return items.shift() ?? { kind: 'time' };
    },
  };
};

const failedOutcome = (error: unknown): RemovalOutcome => ({ kind: 'failed', message: describeError(error) });

/**
 * Carries a drain out: one list a round, removals at once and under the limit, every answer fed back into
 * `step`. Returns when the node is empty, at the deadline, at `stopAt`, or when `beforeRound` says stop.
 * Does not throw for what the API server answers; that is in the state.
 */
export const runDrain = async (options: RunDrainOptions): Promise<DrainState> => {
  const { api, clock, limiter } = options;
  const inbox = createInbox(clock);
  let lastPods: readonly V1Pod[] = [];
  let stopped = false;
  let failure: { readonly error: unknown } | undefined;

  const list = async (number: number, state: DrainState): Promise<Observation> => {
    try {
      if (options.beforeRound !== undefined && (await options.beforeRound(state)) === 'stop') {
        stopped = true;
        return { kind: 'time' };
      }
    } catch (error) {
      failure = { error };
      return { kind: 'time' };
    }
    try {
      lastPods = await api.listPods(state.options.node.name);
      return { kind: 'pods', list: number, pods: lastPods };
    } catch (error) {
      return { kind: 'list-failed', list: number, message: describeError(error) };
    }
  };

  const remove = async (action: Exclude<DrainAction, { kind: 'list' }>): Promise<Observation> => {
    const ask = () => (action.kind === 'evict' ? api.evict(action.request) : api.deletePod(action.request));
    const outcome = await (limiter === undefined ? ask() : limiter.run(ask)).catch(failedOutcome);
    return { kind: 'outcome', uid: action.request.uid, attempt: action.attempt, verb: action.kind, outcome };
  };

  const carryOut = (action: DrainAction, state: DrainState): void => {
    void (action.kind === 'list' ? list(action.list, state) : remove(action)).then(inbox.put);
  };

  /** Held pods whose budgets the answer did not name: looked up once, for the report. */
  const nameBudgets = async (state: DrainState): Promise<DrainState> => {
    const unnamed = lastPods.filter((pod) => state.pods[pod.metadata?.uid ?? '']?.held?.budgets.length === 0);
    if (unnamed.length === 0) return state;
    try {
      return step(state, { kind: 'budgets', byUid: await api.budgetsOf(unnamed) }, clock.now()).state;
    } catch (error) {
      return { ...state, lastError: describeError(error) };
    }
  };

  let observation: Observation = { kind: 'time' };
  let state = resumeDrain(options.state, clock.now());
  for (;;) {
    const next = step(state, observation, clock.now());
    state = next.state;
    if (next.nextAt === undefined || stopped || clock.now() >= options.stopAt) break;
    if (failure !== undefined) throw failure.error;
    for (const action of next.actions) carryOut(action, state);
    observation = await inbox.take(Math.min(next.nextAt, options.stopAt));
  }
  return nameBudgets(state);
};
