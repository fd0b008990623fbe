import type { V1Pod } from '@kubernetes/client-node';
import type { Clock } from '../core/clock.ts';
import { describeError } from '../core/errors.ts';
import { createInbox } from './inbox.ts';
import { listNode } from './list-node.ts';
import type { Observation } from './observe.ts';
import { observe } from './observe.ts';
import type { LaneVerdict, Pace } from './pace.ts';
import { NotBegunError } from './pace.ts';
import type { DrainOptions, DrainState } from './state.ts';
import { resumeDrain } from './state.ts';
import type { DrainAction } from './step.ts';
import { step } from './step.ts';
import type { DrainApi, RemovalOutcome } from './types.ts';

/** Go on as before, or by other options, or not at all. */
export type RoundAnswer = 'go' | 'stop' | { readonly options: DrainOptions };

export interface RunDrainOptions {
  readonly api: DrainApi;
  readonly clock: Clock;
  /** From `startDrain`, or as another worker left it. */
  readonly state: DrainState;
  /** Leave by then (epoch ms); the state can be gone on with. */
  readonly stopAt: number;
  /** Asked before every list: renew the lease, read the mode, keep the state. `stop` ends the loop. */
  readonly beforeRound?: (state: DrainState) => Promise<RoundAnswer>;
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
 * `step`. Returns when the node is empty or gone, at the deadline, at `stopAt`, or when it is told to stop; what waits
 * for its turn by then is not sent any more.
 * Does not throw for what the API server answers; that is in the state.
 */
export const runDrain = async (options: RunDrainOptions): Promise<DrainState> => {
  const { api, clock, limiter } = options;
  const inbox = createInbox(clock);
  let lastPods: readonly V1Pod[] = [];
  let stopped = false;
  const over = new AbortController();
  /** UIDs of pods whose request waits for its turn. */
  const unsent = new Set<string>();
  const failures: unknown[] = [];
  let hasRemoved = false;

  /** An answer of `stop`, or an error, ends the loop. */
  const mayGoOn = async (ask: (() => Promise<RoundAnswer>) | undefined): Promise<boolean> => {
    try {
      const answer = stopped ? 'stop' : await ask?.();
      if (answer === 'stop') stopped = true;
      else if (typeof answer === 'object') inbox.put({ kind: 'options', options: answer.options });
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
    const { request, lane, expiresAt } = action;
    unsent.add(request.uid);
    const ask = async () => {
      if (over.signal.aborted) throw new NotBegunError();
      unsent.delete(request.uid);
      return action.kind === 'evict' ? api.evict(request) : api.deletePod(request);
    };
    const options = {
      judge: laneVerdict,
      signal: over.signal,
      ...(lane === undefined ? {} : { lane }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    const outcome = await (limiter === undefined ? ask() : limiter.run(ask, options)).catch(failedOutcome);
    if (!over.signal.aborted) unsent.delete(request.uid);
    noteAnswer(limiter, outcome);
    return { kind: 'outcome', uid: request.uid, attempt: action.attempt, verb: action.kind, outcome };
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

  /** Whoever goes on with it need not wonder what became of requests that were never sent. */
  const withoutUnsent = (state: DrainState): DrainState => {
    let left = state;
    for (const uid of unsent) {
      const { attempts: attempt = 0, lastVerb: verb = 'evict' } = state.pods[uid] ?? {};
      const outcome = { kind: 'not-sent' } as const;
      left = observe(left, { kind: 'outcome', uid, attempt, verb, outcome }, clock.now());
    }
    return left;
  };

  const goThrough = async (): Promise<DrainState> => {
    let observation: Observation = { kind: 'time' };
    let state = resumeDrain(options.state, clock.now());
    for (;;) {
      const next = step(state, observation, clock.now());
      // What is planned in a last step is not carried out.
      state = next.observed;
      if (failures.length > 0) throw failures[0];
      if (next.nextAt === undefined || stopped || clock.now() >= options.stopAt) return state;
      const { beforeRemovals } = options;
      if (!hasRemoved && next.actions.some(({ kind }) => kind !== 'list')) {
        hasRemoved = true;
        if (!(await mayGoOn(beforeRemovals && (() => beforeRemovals(next.state))))) {
          if (failures.length > 0) throw failures[0];
          return state;
        }
      }
      state = next.state;
      for (const action of next.actions) carryOut(action, state);
      observation = await inbox.take(Math.min(next.nextAt, options.stopAt));
    }
  };

  try {
    const end = await goThrough();
    over.abort();
    return await nameBudgets(withoutUnsent(end));
  } finally {
    over.abort();
  }
};
