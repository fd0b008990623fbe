import { stopSecondsAnnotation } from '../kubernetes/controllers/kubelet.ts';
import type { Draft, Pod, PodDisruptionBudget, PodSpec, PodStatus, Workload } from '../kubernetes/objects.ts';
import { timestamp } from '../kubernetes/objects.ts';
import type { ObjectStore } from '../kubernetes/store.ts';
import type { FailedPodSpec, WorkloadSpec } from './spec.ts';

/** Makes a workload's Deployment and budget; the API's own controllers make the rest. */
export const createWorkload = (objects: ObjectStore, spec: WorkloadSpec, registryHost: string): void => {
  ensureNamespace(objects, spec.namespace);
  objects.create('deployments', deployment(spec, registryHost));
  if (spec.budget !== undefined) objects.create('poddisruptionbudgets', budget(spec, spec.budget));
};

export const ensureNamespace = (objects: ObjectStore, name: string): void => {
  if (objects.get('namespaces', undefined, name) !== undefined) return;
  objects.create('namespaces', {
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
};

const deployment = (spec: WorkloadSpec, registryHost: string): Draft<Workload> => {
  const labels = { 'app.kubernetes.io/name': spec.name };
  return {
    metadata: { namespace: spec.namespace, name: spec.name, labels },
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: { ...spec.annotations, [stopSecondsAnnotation]: String(spec.stopSeconds) },
        },
        spec: {
          containers: [{ name: spec.name, image: `${registryHost}/${spec.image}` }],
          nodeSelector: spec.nodeSelector,
          terminationGracePeriodSeconds: spec.graceSeconds,
          restartPolicy: 'Always',
        },
      },
    },
  };
};

const budget = (
  spec: WorkloadSpec,
  given: NonNullable<WorkloadSpec['budget']>,
): Draft<PodDisruptionBudget> => ({
  metadata: { namespace: spec.namespace, name: given.name },
  spec: {
    ...(given.minAvailable === undefined ? {} : { minAvailable: given.minAvailable }),
    ...(given.maxUnavailable === undefined ? {} : { maxUnavailable: given.maxUnavailable }),
    selector: { matchLabels: { 'app.kubernetes.io/name': spec.name } },
  },
});

/** A pod in phase Failed as a kubelet leaves it. `nodeName` is where it was, maybe a node that is gone. */
export const createFailedPod = (
  objects: ObjectStore,
  spec: FailedPodSpec,
  at: {
    nodeName: string;
    startAt: number;
    owner: { name: string; uid: string; labels: Readonly<Record<string, string>> };
  },
): void => {
  const failedAt = at.startAt - spec.failedMinutesAgo * 60_000;
  const startedAt = failedAt - 5 * 3_600_000;
  const podSpec: PodSpec = {
    nodeName: at.nodeName,
    containers: [{ name: 'main', image: 'public.ecr.aws/docker/library/busybox:1.37' }],
    restartPolicy: spec.owner.kind === 'Job' ? 'Never' : 'Always',
    terminationGracePeriodSeconds: 30,
  };
  const pod: Draft<Pod> = {
    metadata: {
      namespace: spec.namespace,
      name: spec.name,
      labels: at.owner.labels,
      creationTimestamp: timestamp(startedAt - 4000),
      ownerReferences: [
        {
          apiVersion: spec.owner.kind === 'Job' ? 'batch/v1' : 'apps/v1',
          kind: spec.owner.kind,
          name: at.owner.name,
          uid: at.owner.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: podSpec,
    status: failedStatus(spec, { startedAt, failedAt }),
  };
  objects.create('pods', pod);
};

/** Reasons for which the pod never ran on the node: admission by the kubelet failed, no container was started. */
const neverRan = new Set([
  'NodeAffinity',
  'OutOfcpu',
  'OutOfmemory',
  'OutOfpods',
  'UnexpectedAdmissionError',
  'NodeShutdown',
]);

/** Which controller or kubelet asked the pod to go (`DisruptionTarget`, since Kubernetes 1.26). */
const disruptions: Readonly<Record<string, string>> = {
  Terminated: 'TerminationByKubelet',
  Shutdown: 'TerminationByKubelet',
  NodeShutdown: 'TerminationByKubelet',
  Evicted: 'TerminationByKubelet',
  Preempting: 'PreemptionByScheduler',
};

const failedStatus = (spec: FailedPodSpec, at: { startedAt: number; failedAt: number }): PodStatus => {
  const failed = timestamp(at.failedAt);
  const started = timestamp(at.startedAt);
  const disruption = disruptions[spec.reason];
  const common = { phase: 'Failed', reason: spec.reason, message: spec.message, startTime: started } as const;
  if (neverRan.has(spec.reason))
    return {
      ...common,
      startTime: failed,
      conditions:
        disruption === undefined
          ? []
          : [
              {
                type: 'DisruptionTarget',
                status: 'True',
                reason: disruption,
                message: spec.message,
                lastTransitionTime: failed,
              },
            ],
    };
  const ended = { reason: 'PodFailed', lastTransitionTime: failed };
  return {
    ...common,
    conditions: [
      ...(disruption === undefined
        ? []
        : [
            {
              type: 'DisruptionTarget',
              status: 'True',
              reason: disruption,
              message: spec.message,
              lastTransitionTime: failed,
            } as const,
          ]),
      { type: 'PodReadyToStartContainers', status: 'False', lastTransitionTime: failed },
      { type: 'Initialized', status: 'True', lastTransitionTime: started },
      { type: 'Ready', status: 'False', ...ended },
      { type: 'ContainersReady', status: 'False', ...ended },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: started },
    ],
    containerStatuses: [
      {
        name: 'main',
        image: 'public.ecr.aws/docker/library/busybox:1.37',
        imageID:
          'public.ecr.aws/docker/library/busybox@sha256:e3652a00a2fabd16ce889f0aa32c38eec347b997e73bd09e69c962ec7f8732ee',
        ready: false,
        restartCount: 0,
        state: {
          terminated: {
            exitCode: spec.reason === 'OOMKilled' ? 137 : 143,
            reason: spec.reason === 'OOMKilled' ? 'OOMKilled' : 'Error',
            startedAt: started,
            finishedAt: failed,
          },
        },
      },
    ],
  };
};
