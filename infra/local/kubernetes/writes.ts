import { isDeepStrictEqual } from 'node:util';
import { admitPriority, admitToNamespace } from './admission.ts';
import { checkPatched, decodeObject } from './decode.ts';
import { complete, recomplete } from './defaults.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject, Metadata, Node, Taint } from './objects.ts';
import { isTerminating } from './objects.ts';
import { applyPatch } from './patch.ts';
import type { ResourceDefinition } from './resources.ts';
import { apiVersionOf } from './resources.ts';
import {
  alreadyExists,
  badRequest,
  genericError,
  modified,
  notFound,
  otherNamespace,
  StatusError,
} from './status.ts';
import type { ObjectStore } from './store.ts';
import { validateUpdate } from './update-validation.ts';
import { validate } from './validation.ts';

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

/** What was decoded and found to be of its types is an object; its metadata may lack what the server sets. */
const asKubeObject = ({ metadata, ...content }: JsonObject, definition: ResourceDefinition): KubeObject => ({
  ...content,
  kind: definition.kind,
  apiVersion: apiVersionOf(definition),
  metadata: (metadata ?? {}) as Partial<Metadata> as Metadata,
});

const parseObject = (body: string, definition: ResourceDefinition): KubeObject =>
  asKubeObject(decodeObject(body, definition), definition);

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

  const create: Writes['create'] = ({ definition, namespace, body, dryRun }) => {
    const given = parseObject(body, definition);
    const {
      deletionTimestamp: _d,
      deletionGracePeriodSeconds: _g,
      uid: _u,
      creationTimestamp: _c,
      ...kept
    } = given.metadata;
    checkNamespace(definition, kept.namespace, namespace);
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
    if (definition.namespaced) admitToNamespace(store, definition, { namespace, name: kept.name ?? '' });
    admitPriority(definition, draft);
    const shown = complete(definition, draft, { unique: () => '0'.repeat(64), nowMs: clock.now() });
    validate(definition, shown);
    if (!dryRun) return store.create(definition.plural, draft);
    if (store.get(definition.plural, scopeOf(definition, namespace), shown.metadata.name) !== undefined) {
      throw alreadyExists(definition, shown.metadata.name);
    }
    const { resourceVersion: _none, ...metadata } = shown.metadata;
    return { ...shown, metadata: metadata as Partial<Metadata> as Metadata };
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
    if (resourceVersion !== undefined && !/^\d*$/.test(resourceVersion)) {
      const message = `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`;
      throw new StatusError(500, { message });
    }
    if (
      resourceVersion !== undefined &&
      resourceVersion !== '' &&
      resourceVersion !== old.metadata.resourceVersion
    ) {
      throw modified(definition, old.metadata.name);
    }
    const object = merged(request, old, recomplete(next));
    validateUpdate(definition, old, { given: next, object });
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
    checkNamespace(definition, next.metadata.namespace, namespace);
    const old = get(definition, namespace, name);
    const { uid = old.metadata.uid } = next.metadata;
    if (uid !== old.metadata.uid) {
      const path = definition.namespaced ? `${namespace}/${name}` : name;
      throw modified(
        definition,
        name,
        // How the storage's error is printed; nodes are kept under their old name.
        `StorageError: invalid object, Code: 4, Key: /registry/${definition.plural === 'nodes' ? 'minions' : definition.plural}/${path}, ResourceVersion: 0, AdditionalErrorMsg: ` +
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      );
    }
    return replace(request, old, next);
  };

  const patch: Writes['patch'] = (request) => {
    const { definition, namespace, name, body, contentType } = request;
    const old = get(definition, namespace, name);
    const patched = applyPatch(old, contentType, body);
    checkPatched(patched, definition);
    const next = asKubeObject(patched, definition);
    checkName(next.metadata.name, name);
    checkNamespace(definition, next.metadata.namespace, namespace);
    return replace(request, old, next);
  };

  return { create, update, patch, get };
};

const checkNamespace = (
  { namespaced }: ResourceDefinition,
  given: string | undefined,
  namespace: string,
): void => {
  if (!namespaced || (given ?? '') === '' || given === namespace) return;
  throw otherNamespace();
};

const checkName = (given: string | undefined, name: string): void => {
  if (given === name) return;
  if (given === undefined) throw genericError(422);
  throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
};
