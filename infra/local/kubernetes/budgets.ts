import type { BudgetStatus, Condition, Pod, PodDisruptionBudget } from './objects.ts';
import { conditionOf, controllerOf, isReady, isTerminating, timestamp, withCondition } from './objects.ts';
import { qualified, resourceDefinitions } from './resources.ts';
import { compileSelector, selects } from './selectors.ts';
import { forbidden, tooManyRequests } from './status.ts';
import type { ObjectStore } from './store.ts';

/** How long an eviction that was granted counts as a disruption although the pod is still there. */
const deletionTimeoutMs = 2 * 60_000;

const definition = { group: 'policy', plural: 'poddisruptionbudget' };

export const budgetsOf = (store: ObjectStore, pod: Pod): readonly PodDisruptionBudget[] =>
  store.list('poddisruptionbudgets', {
    namespace: pod.metadata.namespace ?? 'default',
    filter: (budget) => selects(budget.spec.selector, pod.metadata.labels),
  });

/** `3`, or `50%` of `total`, rounded up. */
const scaled = (value: number | string, total: number): number =>
  typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);

const scaleKinds: Readonly<Record<string, 'replicasets' | 'statefulsets'>> = {
  ReplicaSet: 'replicasets',
  StatefulSet: 'statefulsets',
};

class NoController extends Error {}

/**
 * Replicas of everything that controls one of the pods; pods of nobody do not count. A ReplicaSet speaks for
 * its Deployment. Throws NoController for an owner that has no scale or is not there.
 */
const expectedScale = (store: ObjectStore, pods: readonly Pod[]): number => {
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined || scales.has(owner.uid)) continue;
    const plural = scaleKinds[owner.kind];
    const definition = resourceDefinitions.find(({ kind }) => kind === owner.kind);
    if (plural === undefined && definition !== undefined && !definition.subresources.includes('scale')) {
      throw new NoController(`${qualified(definition)} does not implement the scale subresource`);
    }
    const found = plural && store.get(plural, pod.metadata.namespace, owner.name);
    if (found === undefined || found.metadata.uid !== owner.uid) {
      throw new NoController(`found no controllers for pod "${pod.metadata.name}"`);
    }
    const parent = controllerOf(found);
    const deployment =
      parent?.kind === 'Deployment'
        ? store.get('deployments', pod.metadata.namespace, parent.name)
        : undefined;
    const scaler = deployment?.metadata.uid === parent?.uid && deployment !== undefined ? deployment : found;
    scales.set(owner.uid, scaler.spec.replicas ?? 1);
  }
  return [...scales.values()].reduce((sum, scale) => sum + scale, 0);
};

const expectation = (store: ObjectStore, { spec }: PodDisruptionBudget, pods: readonly Pod[]) => {
  if (spec.maxUnavailable !== undefined) {
    const expectedPods = expectedScale(store, pods);
    return {
      expectedPods,
      desiredHealthy: Math.max(0, expectedPods - scaled(spec.maxUnavailable, expectedPods)),
    };
  }
  if (typeof spec.minAvailable === 'string') {
    const expectedPods = expectedScale(store, pods);
    return { expectedPods, desiredHealthy: scaled(spec.minAvailable, expectedPods) };
  }
  if (spec.minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  return { expectedPods: pods.length, desiredHealthy: spec.minAvailable };
};

const allowance = (disruptionsAllowed: number, generation: number | undefined, nowMs: number): Condition => ({
  type: 'DisruptionAllowed',
  status: disruptionsAllowed > 0 ? 'True' : 'False',
  ...(generation === undefined ? {} : { observedGeneration: generation }),
  lastTransitionTime: timestamp(nowMs),
  reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
  message: '',
});

/** What the disruption controller writes (pkg/controller/disruption, trySync), and when it has to look again. */
export const budgetStatus = (
  store: ObjectStore,
  budget: PodDisruptionBudget,
  nowMs: number,
): { status: BudgetStatus; recheckMs?: number } => {
  const selected = compileSelector(budget.spec.selector);
  const pods = store.list('pods', {
    namespace: budget.metadata.namespace ?? 'default',
    filter: (pod) => selected(pod.metadata.labels),
  });
  const { generation } = budget.metadata;
  try {
    const { expectedPods, desiredHealthy } = expectation(store, budget, pods);
    const granted = budget.status.disruptedPods ?? {};
    const pending = pods.flatMap((pod) => {
      const since = granted[pod.metadata.name];
      const until = since === undefined ? 0 : Date.parse(since) + deletionTimeoutMs;
      return since !== undefined && !isTerminating(pod) && until > nowMs
        ? [{ name: pod.metadata.name, since, until }]
        : [];
    });
    const disrupted = new Set(pending.map(({ name }) => name));
    const currentHealthy = pods.filter(
      (pod) => !isTerminating(pod) && !disrupted.has(pod.metadata.name) && isReady(pod),
    ).length;
    const spare = currentHealthy - desiredHealthy;
    const disruptionsAllowed = expectedPods <= 0 || spare <= 0 ? 0 : spare;
    const status: BudgetStatus = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(pending.length === 0
        ? {}
        : { disruptedPods: Object.fromEntries(pending.map(({ name, since }) => [name, since])) }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      conditions: withCondition(budget.status.conditions, allowance(disruptionsAllowed, generation, nowMs)),
    };
    const recheckMs = Math.min(...pending.map(({ until }) => until));
    return pending.length === 0 ? { status } : { status, recheckMs };
  } catch (error) {
    if (!(error instanceof NoController)) throw error;
    // Fails safe: nothing may be disrupted while the numbers are not known.
    const failed: Condition = {
      type: 'DisruptionAllowed',
      status: 'False',
      lastTransitionTime: timestamp(nowMs),
      reason: 'SyncFailed',
      message: error.message,
    };
    return {
      status: {
        ...budget.status,
        disruptionsAllowed: 0,
        conditions: withCondition(budget.status.conditions, failed),
      },
    };
  }
};

const violated = "Cannot evict pod as it would violate the pod's disruption budget.";

const whyNot = ({ metadata: { name }, status }: PodDisruptionBudget): string => {
  const condition = conditionOf(status, 'DisruptionAllowed');
  const said = condition?.status === 'False' && (condition.message ?? '') !== '' ? condition : undefined;
  if (said?.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${said.message}`;
  }
  if (status.currentHealthy <= status.desiredHealthy) {
    return `The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`;
  }
  if (said !== undefined) {
    return `The disruption budget ${name} does not allow evicting pods currently (${said.reason}): ${said.message}`;
  }
  return `The disruption budget ${name} does not allow evicting pods currently`;
};

/** The budget's status after one more disruption. Throws TooManyRequests with the cause `DisruptionBudget`. */
export const spend = (budget: PodDisruptionBudget, podName: string, nowMs: number): PodDisruptionBudget => {
  const { metadata, status } = budget;
  const refuse = (message: string, retryAfterSeconds?: number) =>
    tooManyRequests(violated, [{ reason: 'DisruptionBudget', message }], retryAfterSeconds);
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refuse(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if (status.disruptionsAllowed < 0) {
    throw forbidden(definition, metadata.name, { message: 'pdb disruptions allowed is negative' });
  }
  if (status.disruptionsAllowed === 0) throw refuse(whyNot(budget));
  const disruptionsAllowed = status.disruptionsAllowed - 1;
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed,
      disruptedPods: { ...status.disruptedPods, [podName]: timestamp(nowMs) },
      conditions:
        disruptionsAllowed > 0
          ? (status.conditions ?? [])
          : withCondition(status.conditions, allowance(0, metadata.generation, nowMs)),
    },
  };
};
