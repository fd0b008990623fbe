import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import {
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { isAwsError } from './clients.ts';

/** A lifecycle action that Auto Scaling waits for. */
export interface LifecycleAction {
  readonly group: string;
  readonly hook: string;
  readonly token: string;
  readonly instanceId: string;
}

/** `over`: Auto Scaling no longer waits, because it was completed before or has timed out. */
export type LifecycleAnswer = 'done' | 'over';

export interface LifecycleActions {
  /** Lets the instance go. */
  complete(action: LifecycleAction): Promise<LifecycleAnswer>;
  /** Asks for another heartbeat time-out's worth of time. */
  heartbeat(action: LifecycleAction): Promise<LifecycleAnswer>;
}

/** Auto Scaling answers ValidationError "No active Lifecycle Action found with ..." to both. */
const unlessOver = async (ask: () => Promise<unknown>): Promise<LifecycleAnswer> => {
  try {
    await ask();
    return 'done';
  } catch (error) {
    if (isAwsError(error, 'ValidationError') && /No active Lifecycle Action/i.test(error.message))
      return 'over';
    throw error;
  }
};

export const createLifecycleActions = (client: AutoScalingClient): LifecycleActions => {
  const input = ({ group, hook, token, instanceId }: LifecycleAction) => ({
    AutoScalingGroupName: group,
    LifecycleHookName: hook,
    LifecycleActionToken: token,
    InstanceId: instanceId,
  });
  return {
    complete: (action) =>
      unlessOver(() =>
        client.send(
          new CompleteLifecycleActionCommand({ ...input(action), LifecycleActionResult: 'CONTINUE' }),
        ),
      ),
    heartbeat: (action) =>
      unlessOver(() => client.send(new RecordLifecycleActionHeartbeatCommand(input(action)))),
  };
};
