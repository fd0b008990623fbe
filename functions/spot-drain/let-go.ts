import type { Call } from '../../shared/runtime/chain.ts';
import { completeOne } from './lifecycle.ts';
import type { DrainOrder, HeldInstance } from './messages.ts';
import type { WorkerDeps } from './worker.ts';

/**
 * CONTINUE to the hooks of instances that have no node: nothing has to be drained, and the group would wait for the hook's
 * whole time-out (an hour, by default). What fails makes the invocation be tried again.
 */
export const letGo = async (
  deps: Pick<WorkerDeps, 'lifecycle' | 'logger' | 'clock'>,
  { cluster, letGo: held = [] }: Pick<DrainOrder, 'cluster' | 'letGo'>,
  call: Call,
): Promise<void> => {
  const letOneGo = async (action: HeldInstance): Promise<void> => {
    const { instanceId, hook } = action;
    try {
      const answer = { hook, ...(await completeOne(deps, action)) };
      const detail = { instanceId, node: 'none', lifecycle: [answer] };
      const target = `instance/${instanceId}`;
      call.recorder.record(
        { cluster, target, action: 'record', reason: 'lifecycle-completed', detail },
        'act',
      );
    } catch (error) {
      call.recorder.fail(error);
    }
  };
  await Promise.all(held.map(letOneGo));
};
