import type { KubeObject, LabelSelector, Workload } from './objects.ts';
import { applyPatch } from './patch.ts';
import { isObject, parseJson } from './request.ts';
import { badRequest, invalid, modified } from './status.ts';
import type { ObjectStore } from './store.ts';
import type { WriteRequest, Writes } from './writes.ts';

const selectorText = ({ matchLabels = {} }: LabelSelector): string =>
  Object.entries(matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** autoscaling/v1 Scale of a Deployment, ReplicaSet or StatefulSet. */
const scaleOf = ({ metadata, spec, status }: Workload) => ({
  kind: 'Scale',
  apiVersion: 'autoscaling/v1',
  metadata: {
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
  },
  spec: { replicas: spec.replicas ?? 1 },
  status: { replicas: status.replicas ?? 0, selector: selectorText(spec.selector) },
});

/** get, update and patch of the subresource. Throws Conflict for another resourceVersion, Invalid below zero. */
export const createScale =
  (store: ObjectStore, writes: Writes) =>
  (verb: string, request: WriteRequest): object => {
    const { definition, namespace, name, body, contentType, dryRun } = request;
    const workload = writes.get(definition, namespace, name) as Workload;
    const current = scaleOf(workload);
    if (verb === 'get') return current;
    const wanted: unknown =
      verb === 'patch' ? applyPatch(current, contentType, body) : parseJson(body, 'error decoding Scale');
    const { metadata, spec } = (isObject(wanted) ? wanted : {}) as Partial<KubeObject>;
    const replicas: unknown = spec === undefined ? 0 : Reflect.get(spec, 'replicas');
    if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
      throw badRequest('Scale: spec.replicas is not a whole number');
    }
    if (replicas < 0) {
      const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
      throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
        { reason: 'FieldValueInvalid', message, field: 'spec.replicas' },
      ]);
    }
    const version = metadata?.resourceVersion ?? '';
    if (version !== '' && version !== workload.metadata.resourceVersion) throw modified(definition, name);
    if (replicas === workload.spec.replicas) return current;
    const scaled: Workload = {
      ...workload,
      metadata: { ...workload.metadata, generation: (workload.metadata.generation ?? 0) + 1 },
      spec: { ...workload.spec, replicas },
    };
    if (dryRun) return scaleOf(scaled);
    const { plural } = definition;
    if (plural !== 'deployments' && plural !== 'replicasets' && plural !== 'statefulsets') return current;
    return scaleOf(store.update(plural, scaled));
  };
