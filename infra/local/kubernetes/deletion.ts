import type { Clock } from '../../../shared/core/clock.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { KubeObject, Pod } from './objects.ts';
import { isFinished, isTerminating, timestamp } from './objects.ts';
import { isDryRun } from './request.ts';
import type { ResourceDefinition } from './resources.ts';
import type { Status } from './status.ts';
import { badRequest, invalid, notFound, preconditionFailed, success } from './status.ts';
import type { ObjectStore } from './store.ts';

/** `metav1.DeleteOptions` as far as it is obeyed here. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Absent: as the object's finalizers have it already, or `Background`. */
  readonly propagation?: Propagation;
  /** `orphanDependents: false`, of old: while something is left to be done the answer is 202. */
  readonly waitsForDependents: boolean;
  readonly dryRun: boolean;
}

/** What becomes of the objects that this one owns. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

const policies = ['Foreground', 'Background', 'Orphan'];

const refusePolicy = (reason: string, message: string) =>
  invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
    { reason, message, field: 'propagationPolicy' },
  ]);

const policyOf = (given: JsonObject, query: URLSearchParams): Propagation | undefined => {
  const policy = given.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  const orphan = given.orphanDependents;
  if (policy !== undefined && orphan !== undefined) {
    const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
    throw refusePolicy('FieldValueInvalid', message);
  }
  if (orphan === true || policy === 'Orphan') return 'Orphan';
  if (policy === 'Foreground') return 'Foreground';
  if (orphan === false || policy === 'Background') return 'Background';
  if (policy === undefined) return undefined;
  const supported = [...policies, 'nil'].map((one) => `"${one}"`).join(', ');
  const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: ${supported}`;
  throw refusePolicy('FieldValueNotSupported', message);
};

const graceIn = (given: JsonObject, query: URLSearchParams): number | undefined => {
  const text = query.get('gracePeriodSeconds');
  if (typeof given.gracePeriodSeconds === 'number') return given.gracePeriodSeconds;
  if (text === null) return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text);
};

/** Reads options from a decoded `DeleteOptions`; `query` gives what the body leaves out. Throws BadRequest or Invalid. */
export const deleteOptions = (given: JsonObject, query = new URLSearchParams()): DeleteOptions => {
  const { uid, resourceVersion } = isObject(given.preconditions) ? given.preconditions : {};
  const grace = graceIn(given, query);
  const propagation = policyOf(given, query);
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun : [];
  return {
    // A negative grace means one second.
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace < 0 ? 1 : grace }),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    ...(propagation === undefined ? {} : { propagation }),
    waitsForDependents: given.orphanDependents === false,
    dryRun: isDryRun('DeleteOptions', dryRun, query.getAll('dryRun')),
  };
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

/** The garbage collector works for as long as one of these is there, then takes it away. */
export const collectorFinalizers = { Foreground: 'foregroundDeletion', Orphan: 'orphan' } as const;

/** With the finalizer of the policy that was asked for, and without the other. */
const withFinalizer = (object: KubeObject, { propagation }: DeleteOptions): KubeObject => {
  if (propagation === undefined) return object;
  const all: readonly string[] = Object.values(collectorFinalizers);
  const others = (object.metadata.finalizers ?? []).filter((name) => !all.includes(name));
  const { finalizers: _finalizers, ...metadata } = object.metadata;
  const finalizers = propagation === 'Background' ? others : [...others, collectorFinalizers[propagation]];
  return { ...object, metadata: { ...metadata, ...(finalizers.length === 0 ? {} : { finalizers }) } };
};

const hasToWait = ({ metadata }: KubeObject): boolean =>
  (metadata.deletionGracePeriodSeconds ?? 0) > 0 || (metadata.finalizers ?? []).length > 0;

/** A namespace waits for its content: its finalizer is in the spec, and it knows no grace. */
const terminatingNamespace = (namespace: KubeObject): KubeObject => {
  const { deletionGracePeriodSeconds: _grace, ...metadata } = namespace.metadata;
  return { ...namespace, metadata, status: { ...namespace.status, phase: 'Terminating' } };
};

export interface Deleted {
  readonly code: 200 | 202;
  readonly body: object;
}

export interface Deletion {
  /** Throws NotFound or Conflict. */
  remove(
    definition: ResourceDefinition,
    key: { namespace: string; name: string },
    options: DeleteOptions,
  ): Deleted;
}

export const createDeletion = (store: ObjectStore, clock: Clock): Deletion => ({
  remove: (definition, { namespace, name }, options) => {
    const { plural } = definition;
    const scope = definition.namespaced ? namespace : undefined;
    const object = store.get(plural, scope, name);
    if (object === undefined) throw notFound(definition, name);
    checkPreconditions(definition, object, options);
    const waited = afterDelete(withFinalizer(object, options), options, clock.now());
    const isNamespace = plural === 'namespaces';
    const after = isNamespace ? terminatingNamespace(waited) : waited;
    const code = options.waitsForDependents ? 202 : 200;
    if (isNamespace || hasToWait(after)) {
      return { code, body: options.dryRun ? after : store.update(plural, after as typeof object) };
    }
    if (!options.dryRun) {
      // Whoever watches sees a pod marked before it is gone, however short its grace.
      if (definition.kind === 'Pod') store.update(plural, after as typeof object);
      store.remove(plural, scope, name);
    }
    return { code: 200, body: definition.answersDeleted ? after : deleted(definition, object) };
  },
});

const deleted = ({ group, plural }: ResourceDefinition, { metadata }: KubeObject): Status =>
  success({ name: metadata.name, ...(group === '' ? {} : { group }), kind: plural, uid: metadata.uid });
