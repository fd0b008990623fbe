import { collectorFinalizers, deleteOptions } from '../deletion.ts';
import type { KubeObject, Objects, ResourceName } from '../objects.ts';
import { controllerOf, isTerminating } from '../objects.ts';
import { definitionOf, resourceDefinitions } from '../resources.ts';
import type { Controller, ControllerContext } from './queue.ts';
import { createQueue } from './queue.ts';

const owners: ReadonlySet<ResourceName> = new Set([
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
]);
const dependents = ['replicasets', 'pods'] as const;
/** What a namespace holds; pods last, so that nobody brings them back. */
const contents = resourceDefinitions
  .filter(({ namespaced }) => namespaced)
  .map(({ plural }) => plural)
  .toSorted((left, right) => Number(left === 'pods') - Number(right === 'pods'));

/** Deletes what a deleted owner leaves behind, and the content of namespaces that are being deleted. */
export const createGarbageCollector = ({ store, clock, deletion }: ControllerContext): Controller => {
  const remove = (plural: ResourceName, { metadata }: KubeObject) => {
    if (metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name } = metadata;
    deletion.remove(definitionOf(plural), { namespace, name }, deleteOptions({}));
  };

  const orphans = createQueue(clock, (uid) => {
    for (const plural of dependents) {
      for (const dependent of store.ownedBy(plural, uid)) remove(plural, dependent);
    }
  });

  /** Lets the dependents live on without their owner. */
  const release = (uid: string) => {
    for (const plural of dependents) {
      for (const dependent of store.ownedBy(plural, uid)) {
        const owners = (dependent.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
        const { ownerReferences: _owners, ...metadata } = dependent.metadata;
        const kept = owners.length === 0 ? metadata : { ...metadata, ownerReferences: owners };
        store.update(plural, { ...dependent, metadata: kept });
      }
    }
  };

  const finish = (plural: ResourceName, object: KubeObject, finalizer: string) => {
    const { finalizers: given = [], ...metadata } = object.metadata;
    const finalizers = given.filter((name) => name !== finalizer);
    const { namespace, name, deletionGracePeriodSeconds = 0 } = metadata;
    const freed = { ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } };
    store.update(plural, freed as typeof object & Objects[typeof plural]);
    if (finalizers.length === 0 && deletionGracePeriodSeconds === 0) store.remove(plural, namespace, name);
  };

  /** Objects that wait for the collector: their dependents are let go, or deleted first. */
  const waiting = createQueue(clock, (key) => {
    const [plural = '', namespace = '', name = ''] = key.split(' ');
    const definition = resourceDefinitions.find((one) => one.plural === plural);
    if (definition === undefined) return;
    const object = store.get(definition.plural, definition.namespaced ? namespace : undefined, name);
    const finalizers = object?.metadata.finalizers ?? [];
    if (object === undefined || !isTerminating(object)) return;
    const { uid } = object.metadata;
    if (finalizers.includes(collectorFinalizers.Orphan)) {
      release(uid);
      finish(definition.plural, object, collectorFinalizers.Orphan);
    } else if (finalizers.includes(collectorFinalizers.Foreground)) {
      const left = dependents.flatMap((one) => store.ownedBy(one, uid).map((each) => ({ one, each })));
      for (const { one, each } of left) remove(one, each);
      if (left.length === 0) finish(definition.plural, object, collectorFinalizers.Foreground);
    }
  });
  const keyOf = (plural: ResourceName, { namespace = '', name }: { namespace?: string; name: string }) =>
    `${plural} ${namespace} ${name}`;
  /** The owner of something that is gone may have waited for just that. */
  const lookAtOwner = (object: KubeObject) => {
    const owner = controllerOf(object);
    const definition = resourceDefinitions.find(({ kind }) => kind === owner?.kind);
    if (owner === undefined || definition === undefined) return;
    const { namespace = '' } = object.metadata;
    waiting.add(keyOf(definition.plural, { namespace, name: owner.name }));
  };

  const namespaces = createQueue(clock, (name) => {
    const namespace = store.get('namespaces', undefined, name);
    if (namespace === undefined || !isTerminating(namespace)) return;
    for (const plural of contents) {
      for (const object of store.list(plural, { namespace: name })) remove(plural, object);
    }
    const empty = contents.every((plural) => store.list(plural, { namespace: name }).length === 0);
    if (empty) store.remove('namespaces', undefined, name);
  });

  return {
    onChange: ({ type, resource, object }) => {
      if (resource === 'namespaces' && type === 'MODIFIED') namespaces.add(object.metadata.name);
      if (type === 'MODIFIED' && isTerminating(object)) waiting.add(keyOf(resource, object.metadata));
      if (type !== 'DELETED') return;
      lookAtOwner(object);
      if (owners.has(resource)) orphans.add(object.metadata.uid);
      const home = object.metadata.namespace;
      const namespace = home === undefined ? undefined : store.get('namespaces', undefined, home);
      if (home !== undefined && namespace !== undefined && isTerminating(namespace)) namespaces.add(home);
    },
    stop: () => {
      orphans.stop();
      waiting.stop();
      namespaces.stop();
    },
  };
};
