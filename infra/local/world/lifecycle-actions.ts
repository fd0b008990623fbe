import { terminateLifecycleAction } from './events.ts';
import type { Ground } from './ground.ts';
import type { Instance } from './instances.ts';
import { Refusal } from './refusal.ts';
import type { LifecycleHook, ScalingGroup } from './scaling-groups.ts';
import { longestWaitSeconds } from './scaling-groups.ts';

export interface ActionRef {
  readonly groupName: string;
  readonly hookName: string;
  readonly instanceId?: string | undefined;
  readonly token?: string | undefined;
}

interface Action {
  readonly token: string;
  readonly group: ScalingGroup;
  readonly hook: LifecycleHook;
  readonly instance: Instance;
  /** The hook's global time-out, whatever heartbeats come. */
  readonly lastEnd: number;
  cancelTimeout: () => void;
  readonly done: () => void;
}

export interface LifecycleActions {
  /** Starts every hook of the group for this instance; `proceed` runs when all are through. */
  start(group: ScalingGroup, instance: Instance, proceed: () => void): void;
  heartbeat(ref: ActionRef): void;
  complete(ref: ActionRef): void;
  /** The instance has gone by itself: nobody waits for its hooks any more. */
  forget(instance: Instance): void;
  onStarted(listener: (group: ScalingGroup, hook: LifecycleHook, instance: Instance) => void): void;
}

/**
 * Terminate lifecycle actions: CONTINUE and ABANDON both let a terminating instance go (Auto Scaling user guide,
 * "Completing a lifecycle action"); a time-out does the same with the hook's default result.
 */
export const createLifecycleActions = (ground: Ground): LifecycleActions => {
  let actions: Action[] = [];
  const listeners: ((group: ScalingGroup, hook: LifecycleHook, instance: Instance) => void)[] = [];

  const end = (action: Action) => {
    if (!actions.includes(action)) return;
    action.cancelTimeout();
    actions = actions.filter((other) => other !== action);
    action.done();
  };

  const waitFor = (action: Action) => {
    action.cancelTimeout();
    const { clock } = ground;
    const at = Math.min(clock.now() + action.hook.heartbeatSeconds * 1000, action.lastEnd);
    action.cancelTimeout = clock.schedule(at, () => end(action));
  };

  const find = (ref: ActionRef): Action => {
    const action = actions.find(
      ({ group, hook, instance, token }) =>
        group.name === ref.groupName &&
        hook.name === ref.hookName &&
        (ref.token === undefined ? instance.id === ref.instanceId : token === ref.token),
    );
    if (action !== undefined) return action;
    const which = ref.token === undefined ? `instance ID ${ref.instanceId ?? ''}` : `token ${ref.token}`;
    throw new Refusal('ValidationError', `No active Lifecycle Action found with ${which}`);
  };

  return {
    start: (group, instance, proceed) => {
      let open = group.hooks.length;
      if (open === 0) {
        proceed();
        return;
      }
      for (const hook of group.hooks) {
        const action: Action = {
          token: ground.newUuid(),
          group,
          hook,
          instance,
          lastEnd: ground.clock.now() + longestWaitSeconds(hook) * 1000,
          cancelTimeout: () => {},
          done: () => {
            open--;
            if (open === 0) proceed();
          },
        };
        actions.push(action);
        waitFor(action);
        ground.emit(
          terminateLifecycleAction({
            token: action.token,
            groupName: group.name,
            groupArn: group.arn,
            hookName: hook.name,
            instanceId: instance.id,
            notificationMetadata: hook.notificationMetadata,
          }),
        );
        for (const listener of listeners) listener(group, hook, instance);
      }
    },
    heartbeat: (ref) => waitFor(find(ref)),
    complete: (ref) => end(find(ref)),
    forget: (instance) => {
      for (const action of actions) if (action.instance === instance) action.cancelTimeout();
      actions = actions.filter((action) => action.instance !== instance);
    },
    onStarted: (listener) => {
      listeners.push(listener);
    },
  };
};
