import { isDeepStrictEqual } from 'node:util';
import { complete } from './defaults.ts';
import type { KubeObject, Metadata, Node, Taint } from './objects.ts';
import { isTerminating } from './objects.ts';
import { applyPatch } from './patch.ts';
import type { JsonObject } from './request.ts';
import { isObject, parseJson } from './request.ts';
import type { ResourceDefinition } from './resources.ts';
import { apiVersionOf, definitionOf } from './resources.ts';
import {
  alreadyExists,
  badRequest,
  forbidden,
  genericError,
  modified,
  notFound,
  StatusError,
} from './status.ts';
import type { ObjectStore } from './store.ts';
import { validate, validateUpdate } from './validation.ts';

export interface WriteRequest {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  /** Empty or `status`. */
  readonly subresource: string;
  readonly body: string;
  readonly contentType: string;
  readonly dryRun: boolean;
}

export interface Writes {
  create(request: WriteRequest): KubeObject;
  update(request: WriteRequest): KubeObject;
  patch(request: WriteRequest): KubeObject;
  /** The named object. Throws NotFound. */
  get(definition: ResourceDefinition, namespace: string, name: string): KubeObject;
}

/** A whole object from a request: right kind, metadata an object; nothing else is known of it. */
const asKubeObject = (value: JsonObject, definition: ResourceDefinition): KubeObject => {
  const { kind = definition.kind, apiVersion = apiVersionOf(definition), metadata = {} } = value;
  if (kind !== definition.kind || apiVersion !== apiVersionOf(definition)) {
    throw badRequest(
      `${String(kind)} in version "${String(apiVersion)}" cannot be handled as a ${definition.kind}: converting (${definition.version}.${String(kind)}) to (core.${definition.kind}): unknown conversion`,
    );
  }
  if (!isObject(metadata)) throw badRequest(`${definition.kind}: metadata is not an object`);
  for (const part of ['spec', 'status'] as const) {
    if (value[part] !== undefined && !isObject(value[part])) {
      throw badRequest(`${definition.kind}: ${part} is not an object`);
    }
  }
  return {
    ...value,
    kind: definition.kind,
    apiVersion: apiVersionOf(definition),
    metadata: metadata as Partial<Metadata> as Metadata,
  };
};

const parseObject = (body: string, definition: ResourceDefinition): KubeObject => {
  const value = parseJson(
    body,
    `the object provided is unrecognized (must be of type ${definition.kind}): couldn't get version/kind; json parse error`,
  );
  if (!isObject(value))
    throw badRequest(`the object provided is unrecognized (must be of type ${definition.kind})`);
  return asKubeObject(value, definition);
};

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** Admission plugin TaintNodesByCondition: nothing goes to a new node before it has reported Ready. */
const notReadyYet = (node: KubeObject): Node['spec'] => {
  const spec: Node['spec'] = node.spec ?? {};
  const taints = spec.taints ?? [];
  return taints.some(({ key }) => key === notReady.key) ? spec : { ...spec, taints: [...taints, notReady] };
};

/** Kinds whose status only the cluster writes start without the one that was sent along. */
const keepsStatusOnCreate: ReadonlySet<string> = new Set(['Node']);

export const createWrites = (store: ObjectStore, clock: { now(): number }): Writes => {
  const scopeOf = (definition: ResourceDefinition, namespace: string) =>
    definition.namespaced ? namespace : undefined;

  const get = (definition: ResourceDefinition, namespace: string, name: string): KubeObject => {
    const object = store.get(definition.plural, scopeOf(definition, namespace), name);
    if (object === undefined) throw notFound(definition, name);
    return object;
  };

  /** Admission plugin NamespaceLifecycle. */
  const admitToNamespace = (definition: ResourceDefinition, namespace: string, name: string): void => {
    const found = store.get('namespaces', undefined, namespace);
    if (found === undefined) throw notFound(definitionOf('namespaces'), namespace);
    if (!isTerminating(found)) return;
    throw forbidden(definition, name, {
      message: `unable to create new content in namespace ${namespace} because it is being terminated`,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    });
  };

  const create: Writes['create'] = ({ definition, namespace, body, dryRun }) => {
    const given = parseObject(body, definition);
    const {
      deletionTimestamp: _d,
      deletionGracePeriodSeconds: _g,
      uid: _u,
      creationTimestamp: _c,
      ...kept
    } = given.metadata;
    if (definition.namespaced && (kept.namespace ?? namespace) !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    if ((kept.resourceVersion ?? '') !== '') {
      throw new StatusError(500, { message: 'resourceVersion should not be set on objects to be created' });
    }
    const { status, ...content } = given;
    const draft = {
      ...content,
      ...(definition.kind === 'Node' ? { spec: notReadyYet(given) } : {}),
      ...(status !== undefined && keepsStatusOnCreate.has(definition.kind) ? { status } : {}),
      metadata: { ...kept, ...(definition.namespaced ? { namespace } : {}) },
    };
    if (definition.namespaced) admitToNamespace(definition, namespace, kept.name ?? '');
    const shown = complete(definition, draft, { unique: () => '0'.repeat(64), nowMs: clock.now() });
    validate(definition, shown);
    if (!dryRun) return store.create(definition.plural, draft);
    if (store.get(definition.plural, scopeOf(definition, namespace), shown.metadata.name) !== undefined) {
      throw alreadyExists(definition, shown.metadata.name);
    }
    return shown;
  };

  /** The stored object after a write: what the path does not speak of stays. */
  const merged = (
    { definition, subresource }: WriteRequest,
    old: KubeObject,
    next: KubeObject,
  ): KubeObject => {
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } =
      old.metadata;
    const {
      deletionTimestamp: _d,
      deletionGracePeriodSeconds: _g,
      generation: _n,
      managedFields: _m,
      ...given
    } = next.metadata as Metadata & { managedFields?: unknown };
    const metadata: Metadata = {
      ...given,
      name: old.metadata.name,
      ...(old.metadata.namespace === undefined ? {} : { namespace: old.metadata.namespace }),
      uid: given.uid ?? uid,
      creationTimestamp,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
      ...(generation === undefined ? {} : { generation }),
    };
    if (subresource === 'status') {
      const { spec: _spec, ...rest } = next;
      return { ...rest, ...(old.spec === undefined ? {} : { spec: old.spec }), metadata };
    }
    const { status: _status, ...rest } = next;
    const object = { ...rest, ...(old.status === undefined ? {} : { status: old.status }), metadata };
    const changed = definition.counted && !isDeepStrictEqual(object.spec, old.spec);
    return changed ? { ...object, metadata: { ...metadata, generation: (generation ?? 0) + 1 } } : object;
  };

  const replace = (request: WriteRequest, old: KubeObject, next: KubeObject): KubeObject => {
    const { definition, dryRun } = request;
    const { resourceVersion } = next.metadata;
    if (
      resourceVersion !== undefined &&
      resourceVersion !== '' &&
      resourceVersion !== old.metadata.resourceVersion
    ) {
      throw modified(definition, old.metadata.name);
    }
    const object = merged(request, old, next);
    validateUpdate(definition, old, object);
    if (dryRun) return object;
    const stored = store.update(definition.plural, object);
    const { deletionGracePeriodSeconds: grace, finalizers = [], namespace, name } = stored.metadata;
    // The last finalizer of a deleted object went with this write.
    if (
      isTerminating(stored) &&
      (grace ?? 0) === 0 &&
      finalizers.length === 0 &&
      definition.plural !== 'namespaces'
    ) {
      store.remove(definition.plural, namespace, name);
    }
    return stored;
  };

  const update: Writes['update'] = (request) => {
    const { definition, namespace, name, body } = request;
    const next = parseObject(body, definition);
    checkName(next.metadata.name, name);
    const old = get(definition, namespace, name);
    const { uid = old.metadata.uid } = next.metadata;
    if (uid !== old.metadata.uid) {
      throw modified(
        definition,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      );
    }
    return replace(request, old, next);
  };

  const patch: Writes['patch'] = (request) => {
    const { definition, namespace, name, body, contentType } = request;
    const old = get(definition, namespace, name);
    const next = asKubeObject(applyPatch(old, contentType, body), definition);
    checkName(next.metadata.name, name);
    return replace(request, old, next);
  };

  return { create, update, patch, get };
};

const checkName = (given: string | undefined, name: string): void => {
  if (given === name) return;
  if (given === undefined) throw genericError(422);
  throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
};
