import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { safeSuffix } from '../defaults.ts';
import type { Condition, PodTemplate, Workload } from '../objects.ts';
import { controllerOf, isTerminating, timestamp, withCondition } from '../objects.ts';
import { ownerReferenceTo } from './pods.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue, keyOf, splitKey } from './queue.ts';

const hashLabel = 'pod-template-hash';

const withoutHash = (template: PodTemplate): object => {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
};

const hashOf = (template: PodTemplate): string =>
  safeSuffix(createHash('sha256').update(JSON.stringify(template)).digest('hex'), 10);

const numberIn = (status: Workload['status'], field: string): number => Number(status[field] ?? 0);

/** One ReplicaSet per template: a new one is brought up whole, the old ones go when it is ready. */
export const createDeploymentController = ({ store, clock }: ControllerContext): Controller => {
  const createSet = (deployment: Workload): Workload => {
    const { name, namespace = 'default' } = deployment.metadata;
    const { template, selector, replicas = 1 } = deployment.spec;
    const hash = hashOf(template);
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    return store.create('replicasets', {
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: { 'deployment.kubernetes.io/revision': '1' },
        ownerReferences: [ownerReferenceTo(deployment)],
      },
      spec: {
        replicas,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    });
  };

  const scaleTo = (set: Workload, replicas: number): Workload => {
    if (set.spec.replicas === replicas) return set;
    const generation = (set.metadata.generation ?? 0) + 1;
    return store.update('replicasets', {
      ...set,
      metadata: { ...set.metadata, generation },
      spec: { ...set.spec, replicas },
    });
  };

  const conditions = (deployment: Workload, set: Workload, available: number): readonly Condition[] => {
    const wanted = deployment.spec.replicas ?? 1;
    const complete = available >= wanted;
    const lastTransitionTime = timestamp(clock.now());
    const before = deployment.status.conditions as readonly Condition[] | undefined;
    const allowed = Math.max(1, wanted - Math.floor(wanted / 4));
    const up = wanted === 0 || available >= allowed;
    return withCondition(
      withCondition(before, {
        type: 'Available',
        status: up ? 'True' : 'False',
        lastTransitionTime,
        reason: up ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        message: up
          ? 'Deployment has minimum availability.'
          : 'Deployment does not have minimum availability.',
      }),
      {
        type: 'Progressing',
        status: 'True',
        lastTransitionTime,
        reason: complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        message: `ReplicaSet "${set.metadata.name}" ${complete ? 'has successfully progressed' : 'is progressing'}.`,
      },
    );
  };

  const queue = createQueue(clock, (key) => {
    const { namespace, name } = splitKey(key);
    const deployment = store.get('deployments', namespace, name);
    if (deployment === undefined || isTerminating(deployment)) return;
    const wanted = deployment.spec.replicas ?? 1;
    const sets = store.ownedBy('replicasets', deployment.metadata.uid);
    const template = withoutHash(deployment.spec.template);
    const current =
      sets.find((set) => isDeepStrictEqual(withoutHash(set.spec.template), template)) ??
      createSet(deployment);
    const set = scaleTo(current, wanted);
    const older = sets.filter((other) => other.metadata.uid !== set.metadata.uid);
    const ready = numberIn(set.status, 'readyReplicas');
    if (ready >= wanted) for (const other of older) scaleTo(other, 0);

    const all = [set, ...older];
    const total = (field: string) => all.reduce((sum, one) => sum + numberIn(one.status, field), 0);
    const available = total('availableReplicas');
    const counts = {
      replicas: total('replicas'),
      updatedReplicas: numberIn(set.status, 'replicas'),
      readyReplicas: total('readyReplicas'),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, wanted - available),
    };
    store.update('deployments', {
      ...deployment,
      status: {
        observedGeneration: deployment.metadata.generation,
        // Zeros are left out on the wire.
        ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
        conditions: conditions(deployment, set, available),
      },
    });
  });
  return {
    onChange: ({ resource, object }) => {
      if (resource === 'deployments') queue.add(keyOf(object));
      const owner = resource === 'replicasets' ? controllerOf(object) : undefined;
      if (owner?.kind === 'Deployment') queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
    },
    stop: queue.stop,
  };
};
