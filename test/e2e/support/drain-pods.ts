import { stopSecondsAnnotation } from '../../../infra/local/kubernetes/controllers/kubelet.ts';
import type { Pod, PodDisruptionBudget, Toleration } from '../../../infra/local/kubernetes/objects.ts';
import { timestamp } from '../../../infra/local/kubernetes/objects.ts';
import type { SeenRequest } from '../../../infra/local/kubernetes/server.ts';
import type { Instance } from '../../../infra/local/world/instances.ts';
import { ensureNamespace } from '../../../infra/local/world/workloads.ts';
import type { Scene } from './scene.ts';

export interface PodSpec {
  readonly name: string;
  readonly namespace?: string;
  readonly graceSeconds?: number;
  readonly stopSeconds?: number;
  readonly ready?: boolean;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly priority?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly owner?: 'DaemonSet';
}

/** Puts a pod on an instance's node, running unless said otherwise. Nothing brings it back. */
export const putPod = (scene: Scene, { hostname, clusterName }: Instance, spec: PodSpec): Pod => {
  const { objects } = scene.kubernetes(clusterName);
  const namespace = spec.namespace ?? 'shop';
  ensureNamespace(objects, namespace);
  const since = timestamp(scene.account.clock.now());
  const isReady = spec.ready ?? (spec.phase ?? 'Running') === 'Running';
  return objects.create('pods', {
    metadata: {
      namespace,
      name: spec.name,
      labels: { app: spec.name },
      annotations: { ...spec.annotations, [stopSecondsAnnotation]: String(spec.stopSeconds ?? 1) },
      ...(spec.owner === undefined
        ? {}
        : {
            ownerReferences: [
              { apiVersion: 'apps/v1', kind: spec.owner, name: 'agents', uid: 'agents', controller: true },
            ],
          }),
    },
    spec: {
      nodeName: hostname,
      containers: [{ name: 'main', image: 'public.ecr.aws/docker/library/busybox:1.37' }],
      terminationGracePeriodSeconds: spec.graceSeconds ?? 30,
      ...(spec.priority === undefined ? {} : { priority: spec.priority }),
      ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
    },
    status: {
      phase: spec.phase ?? 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: since }],
    },
  });
};

/** A budget on the pods with that label `app`. */
export const putBudget = (
  scene: Scene,
  name: string,
  app: string,
  spec: Partial<PodDisruptionBudget['spec']> = { minAvailable: 1 },
): void => {
  scene.kubernetes().objects.create('poddisruptionbudgets', {
    metadata: { namespace: 'shop', name },
    spec: { ...spec, selector: { matchLabels: { app } } },
  });
};

export interface TimedRequest extends SeenRequest {
  /** Seconds since the watch began, on the world's clock. */
  readonly second: number;
}

/** Every request that the functions send to the cluster from now on. */
export const watchRequests = (scene: Scene, cluster?: string) => {
  const seen: TimedRequest[] = [];
  const { clock } = scene.account;
  const startedAt = clock.now();
  scene.kubernetes(cluster).onRequest((request) => {
    seen.push({ ...request, second: (clock.now() - startedAt) / 1000 });
  });
  return {
    seen,
    of: (verb: string, resource: string, name?: string) =>
      seen.filter(
        (request) =>
          request.verb === verb &&
          request.resource === resource &&
          (name === undefined || request.name === name),
      ),
  };
};

/** UIDs of the evictions and deletes of pods that were done, as they were asked for, sorted: one that went twice is there twice. */
export const acceptedUids = ({ seen }: Pick<ReturnType<typeof watchRequests>, 'seen'>): readonly string[] =>
  seen
    .filter(
      ({ verb, resource, code }) =>
        code < 300 &&
        code > 0 &&
        (resource === 'pods/eviction' || (resource === 'pods' && verb === 'delete')),
    )
    .map(({ body }) => {
      const { deleteOptions, preconditions } = JSON.parse(body) as RemovalBody;
      return (deleteOptions?.preconditions ?? preconditions)?.uid ?? 'any';
    })
    .sort();

interface Preconditions {
  readonly preconditions?: { readonly uid?: string };
}

/** An Eviction, or DeleteOptions. */
interface RemovalBody extends Preconditions {
  readonly deleteOptions?: Preconditions;
}

/** Reasons of the events on an object. */
export const eventsOn = (scene: Scene, name: string): readonly string[] =>
  scene
    .kubernetes()
    .objects.list('events')
    .filter((event) => 'involvedObject' in event && (event.involvedObject as { name: string }).name === name)
    .map(({ reason }) => String(reason));

/** Values of a metric, from the EMF lines in the functions' logs. */
export const metricsOf = (scene: Scene, name: string): readonly number[] =>
  scene.logs().flatMap((line) => {
    if (!line.includes('"_aws"')) return [];
    const value = (JSON.parse(line) as Record<string, unknown>)[name];
    return value === undefined ? [] : [value].flat().map(Number);
  });
