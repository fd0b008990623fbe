import { checkPatched, decodeObject } from './decode.ts';
import type { KubeObject, Workload } from './objects.ts';
import { applyPatch } from './patch.ts';
import { selectorText } from './selectors.ts';
import { invalid, modified } from './status.ts';
import type { ObjectStore } from './store.ts';
import type { WriteRequest, Writes } from './writes.ts';

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
  // Zero is left out on the wire.
  spec: spec.replicas === 0 ? {} : { replicas: spec.replicas ?? 1 },
  status: { replicas: status.replicas ?? 0, selector: selectorText(spec.selector) },
});

const scaleType = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** Throws BadRequest or Invalid. */
const wantedScale = (current: object, { verb, body, contentType }: ScaleRequest): object => {
  if (verb !== 'patch') return decodeObject(body, scaleType);
  const patched = applyPatch(current, contentType, body);
  checkPatched(patched, scaleType);
  return patched;
};

type ScaleRequest = WriteRequest & { readonly verb: string };

/** get, update and patch of the subresource. Throws Conflict for another resourceVersion, Invalid below zero. */
export const createScale =
  (store: ObjectStore, writes: Writes) =>
  (request: ScaleRequest): object => {
    const { verb, definition, namespace, name, dryRun } = request;
    const workload = writes.get(definition, namespace, name) as Workload;
    const current = scaleOf(workload);
    if (verb === 'get') return current;
    const { metadata, spec } = wantedScale(current, request) as Partial<KubeObject>;
    const replicas = Number(Reflect.get(spec ?? {}, 'replicas') ?? 0);
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
