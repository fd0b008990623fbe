import type { V1LabelSelector, V1Pod, V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { describeError } from '../core/errors.ts';
import type { DrainApi, RemovalOutcome, RemovalRequest } from '../drain/types.ts';
import { PressureError } from '../drain/types.ts';
import type { KubernetesApi } from './client.ts';
import { isBudgetConflict, isDeniedByPolicy, isPressure, KubernetesApiError } from './errors.ts';
import { listAll } from './list-all.ts';
import { getNode } from './nodes.ts';
import { DISRUPTION_BUDGETS, PODS } from './resources.ts';

const deleteOptions = (request: RemovalRequest) => ({
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  preconditions: {
    uid: request.uid,
    ...(request.resourceVersion === undefined ? {} : { resourceVersion: request.resourceVersion }),
  },
  ...(request.graceSeconds === undefined ? {} : { gracePeriodSeconds: request.graceSeconds }),
});

/**
 * Budget names in the causes of a refused eviction: "The disruption budget web needs 2 healthy pods and has
 * 2 currently" (kubernetes, pkg/registry/core/pod/storage/eviction.go).
 */
const budgetNames = (error: KubernetesApiError): string[] => [
  ...new Set(
    error.causes.flatMap(({ reason, message }) => {
      const name =
        reason === 'DisruptionBudget'
          ? message?.match(/disruption budget "?([a-z0-9.-]+)"? /)?.[1]
          : undefined;
      return name === undefined ? [] : [name];
    }),
  ),
];

/** What an answer to an eviction or a delete means for the drain. */
export const toRemovalOutcome = (error: unknown): RemovalOutcome => {
  const message = describeError(error);
  if (!(error instanceof KubernetesApiError)) return { kind: 'failed', message, struggling: true };
  if (isBudgetConflict(error)) return { kind: 'budget', budgets: budgetNames(error), message };
  // It may be let go later: an operator that first moves what the pod holds denies its eviction until then. No more than
  // a namespace that is being deleted, which refuses evictions for a moment, is it a missing right or a sign of load.
  if (isDeniedByPolicy(error)) return { kind: 'failed', message };
  switch (error.status) {
    case 404:
      return { kind: 'gone' };
    case 409:
      return { kind: 'conflict' };
    case 429:
      return {
        kind: 'pressure',
        ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
      };
    case 403:
      return { kind: 'forbidden', message };
    default:
      if (/more than one PodDisruptionBudget/i.test(error.message)) {
        return { kind: 'budget-misconfigured', message };
      }
      return { kind: 'failed', message, ...(error.status >= 500 ? { struggling: true } : {}) };
  }
};

const removal = async (request: () => Promise<unknown>): Promise<RemovalOutcome> => {
  try {
    await request();
    return { kind: 'accepted' };
  } catch (error) {
    return toRemovalOutcome(error);
  }
};

/** policy/v1: no selector selects nothing, an empty one everything. */
const selects = (
  selector: V1LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean => {
  if (selector === undefined || selector === null) return false;
  const matchesLabels = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  const matchesExpressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
  return matchesLabels && matchesExpressions;
};

/** What was read of the budgets serves all drains of a batch for so long. */
const BUDGETS_VALID_MS = 60_000;

/** All budgets of the cluster in one list, read again after a while, and after a failure. */
const createBudgetReader = (
  api: KubernetesApi,
  clock: Clock,
): (() => Promise<readonly V1PodDisruptionBudget[]>) => {
  let last: { readonly at: number; readonly budgets: Promise<readonly V1PodDisruptionBudget[]> } | undefined;
  const read = () => listAll<V1PodDisruptionBudget>(api, DISRUPTION_BUDGETS);
  return () => {
    const now = clock.now();
    if (last !== undefined && now - last.at < BUDGETS_VALID_MS) return last.budgets;
    const reading = { at: now, budgets: read() };
    last = reading;
    reading.budgets.catch(() => {
      if (last === reading) last = undefined;
    });
    return reading.budgets;
  };
};

/**
 * The drain's view of a cluster. Rights: pods list, pods/eviction create, pods delete (deadline deletes),
 * poddisruptionbudgets list, nodes get. Everything is tried once here; the drain has its own retry rule.
 */
export const createDrainApi = (api: KubernetesApi, clock: Clock = systemClock): DrainApi => {
  const readBudgets = createBudgetReader(api, clock);
  return {
    listPods: async (nodeName) => {
      try {
        return await listAll<V1Pod>(api, PODS, { fieldSelector: `spec.nodeName=${nodeName}`, retry: 'none' });
      } catch (error) {
        if (!(error instanceof KubernetesApiError && isPressure(error))) throw error;
        const { message, retryAfterSeconds } = error;
        throw new PressureError(message, { retryAfterSeconds, cause: error });
      }
    },
    evict: (request) =>
      removal(() =>
        api.request('create', PODS, {
          namespace: request.namespace,
          name: request.name,
          subresource: 'eviction',
          retry: 'none',
          body: {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { namespace: request.namespace, name: request.name },
            deleteOptions: deleteOptions(request),
          },
        }),
      ),
    deletePod: (request) =>
      removal(() =>
        api.request('delete', PODS, {
          namespace: request.namespace,
          name: request.name,
          retry: 'none',
          body: deleteOptions(request),
        }),
      ),
    isThere: async ({ name, uid }) => (await getNode(api, name))?.metadata?.uid === uid,
    prepare: () => {
      // A failure is forgotten, and met again by whoever needs the answer.
      void readBudgets();
    },
    budgetsOf: async (pods) => {
      const budgets = Map.groupBy(await readBudgets(), ({ metadata }) => metadata?.namespace ?? '');
      return new Map(
        pods.map((pod) => [
          pod.metadata?.uid ?? '',
          (budgets.get(pod.metadata?.namespace ?? '') ?? [])
            .filter((budget) => selects(budget.spec?.selector, pod.metadata?.labels ?? {}))
            .map((budget) => budget.metadata?.name ?? ''),
        ]),
      );
    },
  };
};
