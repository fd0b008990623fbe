import { deleteOptions } from '../deletion.ts';
import type { KubeObject, ResourceName } from '../objects.ts';
import { isTerminating } from '../objects.ts';
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
      if (type !== 'DELETED') return;
      if (owners.has(resource)) orphans.add(object.metadata.uid);
      const home = object.metadata.namespace;
      const namespace = home === undefined ? undefined : store.get('namespaces', undefined, home);
      if (home !== undefined && namespace !== undefined && isTerminating(namespace)) namespaces.add(home);
    },
    stop: () => {
      orphans.stop();
      namespaces.stop();
    },
  };
};
