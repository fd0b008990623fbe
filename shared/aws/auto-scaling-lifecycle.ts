import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import {
  CompleteLifecycleActionCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { isAwsError } from './clients.ts';

/** A lifecycle action that Auto Scaling waits for. */
export interface LifecycleAction {
  readonly group: string;
  readonly hook: string;
  /** Left out: whatever action of the hook waits for the instance. */
  readonly token?: string;
  readonly instanceId: string;
}

/** `over`: Auto Scaling knows of no such action: completed before, timed out, or of another token. */
export type LifecycleAnswer = 'done' | 'over';

export interface HookTimes {
  /** A heartbeat asks for so long again. */
  readonly heartbeatSeconds: number;
  /** And for no longer than this in all: 48 hours, or a hundred times the above. */
  readonly globalSeconds: number;
}

export interface LifecycleActions {
  /** Lets the instance go. */
  complete(action: LifecycleAction): Promise<LifecycleAnswer>;
  /** Asks for another heartbeat time-out's worth of time. */
  heartbeat(action: LifecycleAction): Promise<LifecycleAnswer>;
  /** Does a terminate hook, whichever, hold the instance (`Terminating:Wait`)? */
  isHeld(instanceId: string): Promise<boolean>;
  /** The hook's own times; undefined where there is no such hook. */
  hookTimes(action: Pick<LifecycleAction, 'group' | 'hook'>): Promise<HookTimes | undefined>;
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
    ...(token === undefined ? {} : { LifecycleActionToken: token }),
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
    isHeld: async (instanceId) => {
      const { AutoScalingInstances = [] } = await client.send(
        new DescribeAutoScalingInstancesCommand({ InstanceIds: [instanceId] }),
      );
      return AutoScalingInstances.some(({ LifecycleState }) => LifecycleState === 'Terminating:Wait');
    },
    hookTimes: async ({ group, hook }) => {
      const { LifecycleHooks = [] } = await client.send(
        new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group, LifecycleHookNames: [hook] }),
      );
      const { HeartbeatTimeout: heartbeatSeconds, GlobalTimeout: globalSeconds } = LifecycleHooks[0] ?? {};
      if (heartbeatSeconds === undefined || globalSeconds === undefined) return undefined;
      return { heartbeatSeconds, globalSeconds };
    },
  };
};
