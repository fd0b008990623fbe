import type { LifecycleAction, LifecycleAnswer } from '../../shared/aws/auto-scaling-lifecycle.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { DrainRecord, RecordedAction } from './decide/record.ts';
import { pendingActions } from './decide/record.ts';
import type { NodeLease } from './lease.ts';
import type { WorkerDeps } from './worker.ts';

type Deps = Pick<WorkerDeps, 'lifecycle' | 'logger' | 'clock'>;

/** "No active Lifecycle Action" may come before Auto Scaling knows its own action: asked again after so many ms. */
const ASK_AGAIN_MS = [1_000, 2_000, 4_000] as const;

const actionOf = (record: DrainRecord, { group, hook, token }: RecordedAction): LifecycleAction => ({
  group,
  hook,
  token,
  instanceId: record.instanceId,
});

const withAnswers = (record: DrainRecord, answers: ReadonlyMap<string, LifecycleAnswer>): DrainRecord => ({
  ...record,
  lifecycle: record.lifecycle.map((action) => {
    const answer = answers.get(action.token);
    return answer === undefined ? action : { ...action, answer };
  }),
});

/**
 * Asks Auto Scaling to go on waiting. What fails is said and tried again later. An action that Auto Scaling does not
 * know of, on an instance that nothing holds any more, is over: somebody completed it, or its time ran out.
 */
export const heartbeatActions = async (deps: Deps, lease: NodeLease): Promise<void> => {
  const { record } = lease;
  const over = new Map<string, LifecycleAnswer>();
  await Promise.all(
    pendingActions(record).map(async (action) => {
      try {
        const answer = await deps.lifecycle.heartbeat(actionOf(record, action));
        if (answer === 'over' && !(await deps.lifecycle.isHeld(record.instanceId))) {
          over.set(action.token, 'over');
        }
      } catch (error) {
        deps.logger.warn('a lifecycle heartbeat failed', { hook: action.hook, error: describeError(error) });
      }
    }),
  );
  if (over.size > 0) await lease.write((current) => withAnswers(current, over));
};

/** What the hooks that hold an instance allow: how often they have to be renewed, and until when at the latest. */
export interface HookLimits {
  readonly heartbeatSeconds: number;
  /** Epoch ms. */
  readonly endsAt: number;
}

/**
 * The tightest limits of all hooks that wait; `none` where none does, `unknown` where Auto Scaling does not say. Asked
 * for drains of more than a quarter of an hour: every hook may be held for 50 minutes (a hundred times 30 seconds).
 */
export const hookLimits = async (
  deps: Deps,
  record: DrainRecord,
): Promise<HookLimits | 'none' | 'unknown'> => {
  try {
    const limits = await Promise.all(
      pendingActions(record).map(async (action) => {
        const times = await deps.lifecycle.hookTimes(action);
        const since = record.notices.find(({ lifecycle }) => lifecycle?.token === action.token)?.time;
        return times === undefined || since === undefined
          ? []
          : [{ heartbeatSeconds: times.heartbeatSeconds, endsAt: since + times.globalSeconds * 1000 }];
      }),
    );
    const known = limits.flat();
    if (known.length === 0) return 'none';
    return {
      heartbeatSeconds: Math.min(...known.map(({ heartbeatSeconds }) => heartbeatSeconds)),
      endsAt: Math.min(...known.map(({ endsAt }) => endsAt)),
    };
  } catch (error) {
    deps.logger.warn('the times of a hook are not known, so it is waited for here', {
      error: describeError(error),
    });
    return 'unknown';
  }
};

export interface ActionAnswer {
  readonly hook: string;
  readonly answer: LifecycleAnswer | 'failed';
  /** Auto Scaling waits on, though not for this hook: another one holds the instance. */
  readonly heldByOthers?: true;
}

/**
 * CONTINUE to one hook. "No active Lifecycle Action" may mean that it is over or that Auto Scaling has not got so far,
 * or knows it by another token: only an instance that is no longer held, or a refusal that stays, is the first.
 */
export const completeOne = async (
  deps: Deps,
  action: LifecycleAction,
): Promise<Omit<ActionAnswer, 'hook'>> => {
  if ((await deps.lifecycle.complete(action)) === 'done') return { answer: 'done' };
  const { token: _token, ...byInstance } = action;
  for (const waitMs of ASK_AGAIN_MS) {
    if (!(await deps.lifecycle.isHeld(action.instanceId))) return { answer: 'over' };
    await deps.clock.sleep(waitMs);
    if ((await deps.lifecycle.complete(byInstance)) === 'done') return { answer: 'done' };
  }
  return { answer: 'over', heldByOthers: true };
};

/**
 * Lets the instance go: CONTINUE to every hook that waits. What fails stays open in the record and makes the
 * invocation be tried again.
 */
export const completeActions = async (
  deps: Deps,
  { lease, call }: { lease: NodeLease; call: Call },
): Promise<readonly ActionAnswer[]> => {
  const { record } = lease;
  const answers = new Map<string, LifecycleAnswer>();
  const said = await Promise.all(
    pendingActions(record).map(async (action): Promise<ActionAnswer> => {
      try {
        const result = await completeOne(deps, actionOf(record, action));
        if (result.answer !== 'failed') answers.set(action.token, result.answer);
        return { hook: action.hook, ...result };
      } catch (error) {
        call.recorder.fail(error);
        return { hook: action.hook, answer: 'failed' };
      }
    }),
  );
  if (answers.size > 0) await lease.write((current) => withAnswers(current, answers));
  return said;
};
