import type { WorldClock } from '../../clock.ts';
import { createDeletion } from '../deletion.ts';
import type { ObjectStore } from '../store.ts';
import { createBudgetController } from './budgets.ts';
import { createDaemonSetController } from './daemon-sets.ts';
import { createDeploymentController } from './deployments.ts';
import { createGarbageCollector } from './garbage.ts';
import { createKubelets } from './kubelet.ts';
import { createNodeController } from './nodes.ts';
import type { ControllerContext } from './queue.ts';
import { createReplicaSetController } from './replica-sets.ts';
import { createScheduler } from './scheduler.ts';
import { createStatefulSetController } from './stateful-sets.ts';

export interface Controllers {
  /** Brings the status of all budgets up to date now. */
  settleBudgets(): void;
  stop(): void;
}

/** What makes a store of objects a cluster. */
export const startControllers = (options: {
  readonly store: ObjectStore;
  readonly clock: WorldClock;
  readonly imageIdOf?: (image: string) => string | undefined;
}): Controllers => {
  const { store, clock } = options;
  const context: ControllerContext = { ...options, deletion: createDeletion(store, clock) };
  const budgets = createBudgetController(context);
  const controllers = [
    createGarbageCollector(context),
    createNodeController(context),
    createDeploymentController(context),
    createReplicaSetController(context),
    createStatefulSetController(context),
    createDaemonSetController(context),
    createScheduler(context),
    createKubelets(context),
    budgets,
  ];
  const stopWatch = store.watch((change) => {
    for (const controller of controllers) controller.onChange(change);
  });
  return {
    settleBudgets: budgets.settle,
    stop: () => {
      stopWatch();
      for (const controller of controllers) controller.stop();
    },
  };
};
