import type { Clock } from '../../../shared/core/clock.ts';
import { admitToNamespace } from './admission.ts';
import { budgetsOf, spend } from './budgets.ts';
import { decodeObject } from './decode.ts';
import type { DeleteOptions, Deletion } from './deletion.ts';
import { checkPreconditions, deleteOptions } from './deletion.ts';
import { isObject } from './json.ts';
import type { Pod } from './objects.ts';
import { isFinished, isReady, isTerminating, timestamp, withCondition } from './objects.ts';
import { isDryRun } from './request.ts';
import { definitionOf } from './resources.ts';
import type { Status } from './status.ts';
import { badRequest, notFound, otherNamespace, StatusError, success } from './status.ts';
import type { ObjectStore } from './store.ts';

export interface EvictionRequest {
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

const pods = definitionOf('pods');

const wanted = { group: 'policy', version: 'v1', kind: 'Eviction' };

const parseEviction = ({ namespace, name, query, body }: EvictionRequest): DeleteOptions => {
  const { metadata, deleteOptions: given } = decodeObject(body, wanted);
  const about = isObject(metadata) ? metadata : {};
  if ((about.namespace ?? namespace) !== namespace) throw otherNamespace();
  if (about.name !== name) throw badRequest('name in URL does not match name in Eviction object');
  const options = deleteOptions(isObject(given) ? given : {});
  return { ...options, dryRun: options.dryRun || isDryRun('CreateOptions', query.getAll('dryRun')) };
};

/** Pods that no budget protects any more, or not yet. */
const ignoresBudgets = (pod: Pod): boolean =>
  isFinished(pod) || pod.status.phase === 'Pending' || isTerminating(pod);

const twoBudgets = () =>
  new StatusError(500, {
    message:
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  });

/**
 * The eviction subresource of pods, policy/v1: pkg/registry/core/pod/storage/eviction.go. `settleBudgets` lets the
 * disruption controller finish what it has on its list, so that an answer does not depend on who was faster.
 */
export const createEviction = (
  { store, clock }: { store: ObjectStore; clock: Clock },
  deletion: Deletion,
  settleBudgets: () => void,
): ((request: EvictionRequest) => Status) => {
  const protect = (pod: Pod, { dryRun }: DeleteOptions): void => {
    const [budget, second] = budgetsOf(store, pod);
    if (second !== undefined) throw twoBudgets();
    if (budget === undefined) return;
    if (!isReady(pod)) {
      const { currentHealthy, desiredHealthy } = budget.status;
      const free = currentHealthy >= desiredHealthy && desiredHealthy > 0;
      if (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || free) return;
    }
    const spent = spend(budget, pod.metadata.name, clock.now());
    if (!dryRun) store.update('poddisruptionbudgets', spent);
  };

  const mark = (pod: Pod): Pod =>
    store.update('pods', {
      ...pod,
      status: {
        ...pod.status,
        conditions: withCondition(pod.status.conditions, {
          type: 'DisruptionTarget',
          status: 'True',
          lastProbeTime: null,
          lastTransitionTime: timestamp(clock.now()),
          reason: 'EvictionByEvictionAPI',
          message: 'Eviction API: evicting',
        }),
      },
    });

  return (request) => {
    const { namespace, name } = request;
    const options = parseEviction(request);
    admitToNamespace(store, pods, request);
    const pod = store.get('pods', namespace, name);
    if (pod === undefined) throw notFound(pods, name);
    settleBudgets();
    // Like the real server: a budget is asked, and spent, before the preconditions are looked at.
    if (!ignoresBudgets(pod)) protect(pod, options);
    checkPreconditions(pods, pod, options);
    const current = options.dryRun ? pod : mark(pod);
    const { resourceVersion } = current.metadata;
    deletion.remove(pods, request, {
      ...options,
      ...(options.resourceVersion === undefined ? {} : { resourceVersion }),
    });
    return { ...success(), code: 201 };
  };
};
