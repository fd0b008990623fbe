import type { Cluster } from './clusters.ts';
import type { Ground } from './ground.ts';
import type { LifecycleActions } from './lifecycle-actions.ts';
import { drainNode } from './node-drain.ts';
import type { LifecycleHook } from './scaling-groups.ts';
import { timings } from './timings.ts';

/** The hook that EKS puts on a managed group's Auto Scaling group, to drain a node before it goes. */
export const managedTerminateHook: LifecycleHook = {
  name: 'Terminate-LC-Hook',
  heartbeatSeconds: timings.managedHookTimeout,
  defaultResult: 'CONTINUE',
};

/**
 * When a managed group shrinks, EKS drains the node and lets it go after 15 minutes at the latest, budgets or not.
 * AWS's pages differ on whether budgets are kept here; this world keeps them for that time.
 */
export const drainManagedScaleIn = (world: {
  ground: Ground;
  lifecycle: LifecycleActions;
  cluster(name: string): Cluster;
}): void => {
  world.lifecycle.onStarted((group, hook, instance) => {
    if (hook.name !== managedTerminateHook.name || group.nodeGroupName === undefined) return;
    const { kubernetes } = world.cluster(group.clusterName);
    drainNode({ ground: world.ground, kubernetes }, { name: instance.hostname, force: false }, () => {
      // It may have gone by itself meanwhile: then no action is open any more.
      if (instance.lifecycle !== 'Terminating:Wait') return;
      world.lifecycle.complete({ groupName: group.name, hookName: hook.name, instanceId: instance.id });
    });
  });
};
