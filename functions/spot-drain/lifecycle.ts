import type { LifecycleAction } from '../../shared/aws/auto-scaling-lifecycle.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { DrainRecord, RecordedAction } from './decide/record.ts';
import { pendingActions } from './decide/record.ts';
import type { NodeLease } from './lease.ts';
import type { WorkerDeps } from './worker.ts';

const actionOf = (record: DrainRecord, { group, hook, token }: RecordedAction): LifecycleAction => ({
  group,
  hook,
  token,
  instanceId: record.instanceId,
});

/** Asks Auto Scaling to go on waiting. What fails is said and tried again in the next round. */
export const heartbeatActions = async (deps: WorkerDeps, record: DrainRecord): Promise<void> => {
  await Promise.all(
    pendingActions(record).map(async (action) => {
      try {
        await deps.lifecycle.heartbeat(actionOf(record, action));
      } catch (error) {
        deps.logger.warn('a lifecycle heartbeat failed', { hook: action.hook, error: describeError(error) });
      }
    }),
  );
};

export interface ActionAnswer {
  readonly hook: string;
  readonly answer: 'done' | 'over' | 'failed';
}

/**
 * Lets the instance go: CONTINUE to every hook that waits. `over` means that Auto Scaling had gone on without
 * us. What fails stays open in the record and makes the invocation be tried again.
 */
export const completeActions = async (
  deps: WorkerDeps,
  { lease, call }: { lease: NodeLease; call: Call },
): Promise<readonly ActionAnswer[]> => {
  const { record } = lease;
  const answers = await Promise.all(
    pendingActions(record).map(async (action) => {
      try {
        return { action, answer: await deps.lifecycle.complete(actionOf(record, action)) };
      } catch (error) {
        call.recorder.fail(error);
        return { action, answer: 'failed' as const };
      }
    }),
  );
  if (answers.length === 0) return [];
  await lease.write((current) => ({
    ...current,
    lifecycle: current.lifecycle.map((known) => {
      const answer = answers.find(({ action }) => action.token === known.token)?.answer;
      return answer === undefined || answer === 'failed' ? known : { ...known, answer };
    }),
  }));
  return answers.map(({ action, answer }) => ({ hook: action.hook, answer }));
};
