import { budgetStatus } from '../budgets.ts';
import type { KubeObject, PodDisruptionBudget, ResourceName, Workload } from '../objects.ts';
import { selects } from '../selectors.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue, keyOf, splitKey } from './queue.ts';

/** What a share of the pods is a share of. */
const scaled: ReadonlySet<ResourceName> = new Set(['deployments', 'replicasets', 'statefulsets']);

/** Keeps the status of disruption budgets; `settle` brings it up to date at once. */
export const createBudgetController = ({
  store,
  clock,
}: ControllerContext): Controller & { settle(): void } => {
  const rechecks = new Map<string, () => void>();
  const queue = createQueue(clock, (key) => {
    const { namespace, name } = splitKey(key);
    rechecks.get(key)?.();
    rechecks.delete(key);
    const budget = store.get('poddisruptionbudgets', namespace, name);
    if (budget === undefined) return;
    const { status, recheckMs } = budgetStatus(store, budget, clock.now());
    store.update('poddisruptionbudgets', { ...budget, status });
    if (recheckMs !== undefined)
      rechecks.set(
        key,
        clock.schedule(recheckMs, () => queue.add(key)),
      );
  });

  const addWhere = (namespace: string | undefined, concerned: (budget: PodDisruptionBudget) => boolean) => {
    if (namespace === undefined) return;
    for (const budget of store.list('poddisruptionbudgets', { namespace, filter: concerned })) {
      queue.add(keyOf(budget));
    }
  };

  return {
    onChange: ({ type, resource, object, old }) => {
      const { namespace, labels } = object.metadata;
      if (resource === 'poddisruptionbudgets') queue.add(keyOf(object));
      else if (resource === 'pods') {
        addWhere(
          namespace,
          ({ spec }) => selects(spec.selector, labels) || selects(spec.selector, old?.metadata.labels),
        );
      } else if (scaled.has(resource)) {
        const replicas = (one: KubeObject | undefined) => (one as Workload | undefined)?.spec.replicas;
        if (type !== 'MODIFIED' || replicas(object) !== replicas(old)) addWhere(namespace, () => true);
      }
    },
    settle: queue.settle,
    stop: () => {
      queue.stop();
      for (const cancel of rechecks.values()) cancel();
    },
  };
};
