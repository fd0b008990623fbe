import type { Clock } from '../../../shared/core/clock.ts';
import type { KubeObject, Pod } from './objects.ts';
import { isFinished, isTerminating, timestamp } from './objects.ts';
import { isDryRun, isObject, parseJson } from './request.ts';
import type { ResourceDefinition } from './resources.ts';
import type { Status } from './status.ts';
import { badRequest, notFound, notImplemented, preconditionFailed, success } from './status.ts';
import type { ObjectStore } from './store.ts';

/** `metav1.DeleteOptions` as far as it is obeyed here. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly orphan: boolean;
  readonly dryRun: boolean;
}

const wholeSeconds = (value: unknown): number | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw badRequest(`gracePeriodSeconds: ${JSON.stringify(value)} is not a whole number`);
};

/** Reads options from a parsed `DeleteOptions`; `query` gives what the body leaves out. */
export const deleteOptions = (body: unknown, query = new URLSearchParams()): DeleteOptions => {
  const given = isObject(body) ? body : {};
  const preconditions = isObject(given.preconditions) ? given.preconditions : {};
  const text = query.get('gracePeriodSeconds');
  const grace = wholeSeconds(given.gracePeriodSeconds ?? (text === null ? undefined : Number(text)));
  const policy = given.propagationPolicy ?? query.get('propagationPolicy') ?? 'Background';
  if (policy === 'Foreground') throw notImplemented('propagationPolicy Foreground');
  const { uid, resourceVersion } = preconditions;
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun : [];
  return {
    // A negative grace means one second.
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace < 0 ? 1 : grace }),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    orphan: policy === 'Orphan',
    dryRun: isDryRun('DeleteOptions', dryRun, query.getAll('dryRun')),
  };
};

export const parseDeleteOptions = (body: string, query: URLSearchParams): DeleteOptions => {
  if (body === '') return deleteOptions({}, query);
  const options = parseJson(body, `couldn't get version/kind; json parse error`);
  if (isObject(options) && options.kind !== undefined && options.kind !== 'DeleteOptions') {
    const { kind, apiVersion } = options;
    throw badRequest(`no kind "${String(kind)}" is registered for version "${String(apiVersion)}" in scheme`);
  }
  return deleteOptions(options, query);
};

export const checkPreconditions = (
  definition: ResourceDefinition,
  { metadata }: KubeObject,
  { uid, resourceVersion }: DeleteOptions,
): void => {
  if (uid !== undefined && uid !== metadata.uid) {
    throw preconditionFailed(
      definition,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw preconditionFailed(
      definition,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
};

/** How long a pod may take to stop; nothing where nobody has to stop it (podStrategy.CheckGracefulDelete). */
const graceOf = (object: KubeObject, { gracePeriodSeconds }: DeleteOptions): number => {
  if (object.kind !== 'Pod') return 0;
  const pod = object as Pod;
  if ((pod.spec.nodeName ?? '') === '' || isFinished(pod)) return 0;
  const seconds = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
};

const marked = (object: KubeObject, deletionMs: number, graceSeconds: number): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    ...(object.metadata.generation === undefined || isTerminating(object)
      ? {}
      : { generation: object.metadata.generation + 1 }),
    deletionTimestamp: timestamp(deletionMs),
    deletionGracePeriodSeconds: graceSeconds,
  },
});

/** The object as a delete leaves it; apiserver's rest.BeforeDelete. */
const afterDelete = (object: KubeObject, options: DeleteOptions, nowMs: number): KubeObject => {
  const { deletionTimestamp, deletionGracePeriodSeconds: pending } = object.metadata;
  if (deletionTimestamp === undefined) {
    const grace = graceOf(object, options);
    return marked(object, nowMs + grace * 1000, grace);
  }
  // A second delete can only shorten the first.
  const asked = options.gracePeriodSeconds;
  if (pending === undefined || pending === 0 || asked === undefined || asked >= pending) return object;
  const moved = Date.parse(deletionTimestamp) - pending * 1000 + asked * 1000;
  return moved < nowMs ? marked(object, nowMs, asked === 0 ? 0 : 1) : marked(object, moved, asked);
};

const hasToWait = ({ metadata }: KubeObject): boolean =>
  (metadata.deletionGracePeriodSeconds ?? 0) > 0 || (metadata.finalizers ?? []).length > 0;

export interface Deletion {
  /** Answers the body of the response. Throws NotFound or Conflict. */
  remove(
    definition: ResourceDefinition,
    key: { namespace: string; name: string },
    options: DeleteOptions,
  ): object;
}

export const createDeletion = (store: ObjectStore, clock: Clock): Deletion => ({
  remove: (definition, { namespace, name }, options) => {
    const { plural } = definition;
    const scope = definition.namespaced ? namespace : undefined;
    const object = store.get(plural, scope, name);
    if (object === undefined) throw notFound(definition, name);
    checkPreconditions(definition, object, options);
    // A namespace waits for its content: its finalizer is in the spec.
    const waits = (one: KubeObject) => hasToWait(one) || definition.plural === 'namespaces';
    const after = afterDelete(object, options, clock.now());
    const shown =
      definition.plural === 'namespaces'
        ? { ...after, status: { ...after.status, phase: 'Terminating' } }
        : after;
    if (waits(after)) {
      return options.dryRun ? shown : store.update(plural, shown as typeof object);
    }
    if (!options.dryRun) {
      if (options.orphan) orphan(store, object.metadata.uid);
      store.remove(plural, scope, name);
    }
    return definition.answersDeleted ? after : deleted(definition, object);
  },
});

const deleted = ({ group, plural }: ResourceDefinition, { metadata }: KubeObject): Status =>
  success({ name: metadata.name, ...(group === '' ? {} : { group }), kind: plural, uid: metadata.uid });

/** Lets the dependents live on without their owner. */
const orphan = (store: ObjectStore, uid: string): void => {
  for (const plural of ['replicasets', 'pods'] as const) {
    for (const dependent of store.ownedBy(plural, uid)) {
      const ownerReferences = (dependent.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
      store.update(plural, { ...dependent, metadata: { ...dependent.metadata, ownerReferences } });
    }
  }
};
