import type { V1Pod } from '@kubernetes/client-node';
import type { Clock } from '../core/clock.ts';
import { describeError } from '../core/errors.ts';
import { createInbox } from './inbox.ts';
import { listNode } from './list-node.ts';
import type { Observation } from './observe.ts';
import type { LaneVerdict, Pace } from './pace.ts';
import { NotBegunError } from './pace.ts';
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
  /**
   * Called once, before the first removal, with the state that says which pods are about to be asked: what is kept
   * here tells another worker what this one had begun. `stop` ends the loop.
   */
  readonly beforeRemovals?: (state: DrainState) => Promise<'go' | 'stop'>;
  /** Shared by the drains of a cluster. */
  readonly limiter?: Pace;
}

type Removal = Exclude<DrainAction, { kind: 'list' }>;

const failedOutcome = (error: unknown): RemovalOutcome =>
  error instanceof NotBegunError ? { kind: 'not-sent' } : { kind: 'failed', message: describeError(error) };

const laneVerdict = ({ kind }: RemovalOutcome): LaneVerdict => {
  if (kind === 'budget') return 'refused';
  return kind === 'accepted' ? 'granted' : undefined;
};

/** Tells everybody who shares the pace how the server is doing. */
const noteAnswer = (pace: Pace | undefined, outcome: RemovalOutcome): void => {
  if (outcome.kind === 'pressure') pace?.slowDown?.(outcome.retryAfterSeconds ?? 1);
  else if (outcome.kind === 'failed' && outcome.struggling === true) pace?.slowDown?.();
};

/**
 * Carries a drain out: one list a round, removals at once and under the limit, every answer fed back into
 * `step`. Returns when the node is empty or gone, at the deadline, at `stopAt`, or when it is told to stop.
 * Does not throw for what the API server answers; that is in the state.
 */
export const runDrain = async (options: RunDrainOptions): Promise<DrainState> => {
  const { api, clock, limiter } = options;
  const inbox = createInbox(clock);
  let lastPods: readonly V1Pod[] = [];
  let stopped = false;
  const failures: unknown[] = [];
  let hasRemoved = false;

  /** An answer of `stop`, or an error, ends the loop. */
  const mayGoOn = async (ask: (() => Promise<'go' | 'stop'>) | undefined): Promise<boolean> => {
    try {
      stopped ||= ask !== undefined && (await ask()) === 'stop';
    } catch (error) {
      failures.push(error);
    }
    return !stopped && failures.length === 0;
  };

  const list = async (number: number, state: DrainState): Promise<Observation> => {
    const { beforeRound } = options;
    if (!(await mayGoOn(beforeRound && (() => beforeRound(state))))) return { kind: 'time' };
    await limiter?.calm?.();
    const observation = await listNode({ api, clock }, number, state);
    if (observation.kind === 'pods') lastPods = observation.pods;
    if (observation.kind === 'list-failed' && observation.retryAfterSeconds !== undefined) {
      limiter?.slowDown?.(observation.retryAfterSeconds);
    }
    return observation;
  };

  const remove = async (action: Removal): Promise<Observation> => {
    const ask = () => (action.kind === 'evict' ? api.evict(action.request) : api.deletePod(action.request));
    const { lane, expiresAt } = action;
    const options = {
      judge: laneVerdict,
      ...(lane === undefined ? {} : { lane }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    const outcome = await (limiter === undefined ? ask() : limiter.run(ask, options)).catch(failedOutcome);
    noteAnswer(limiter, outcome);
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
    // What is planned in a last step is not carried out.
    state = next.observed;
    if (failures.length > 0) throw failures[0];
    if (next.nextAt === undefined || stopped || clock.now() >= options.stopAt) break;
    const { beforeRemovals } = options;
    if (!hasRemoved && next.actions.some(({ kind }) => kind !== 'list')) {
      hasRemoved = true;
      if (!(await mayGoOn(beforeRemovals && (() => beforeRemovals(next.state))))) {
        if (failures.length > 0) throw failures[0];
        break;
      }
    }
    state = next.state;
    for (const action of next.actions) carryOut(action, state);
    observation = await inbox.take(Math.min(next.nextAt, options.stopAt));
  }
  return nameBudgets(state);
};
