import type { Draft, Pod } from './objects.ts';
import { isTerminating } from './objects.ts';
import { priorityClasses } from './pod-defaults.ts';
import type { ResourceDefinition } from './resources.ts';
import { definitionOf } from './resources.ts';
import { forbidden, notFound } from './status.ts';
import type { ObjectStore } from './store.ts';

/** Admission plugins: what is refused although it is valid and may be done. */

/**
 * NamespaceLifecycle. Whatever is created in a namespace that is being deleted is refused, an eviction too (it is a
 * create). Throws NotFound or Forbidden.
 */
export const admitToNamespace = (
  store: ObjectStore,
  definition: ResourceDefinition,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): void => {
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

/** Priority: a class has to be there; this cluster has the two that every cluster has. Throws Forbidden. */
export const admitPriority = (
  definition: ResourceDefinition,
  draft: { readonly metadata: Draft<Pod>['metadata']; readonly spec?: object },
): void => {
  if (definition.plural !== 'pods') return;
  const name: unknown = Reflect.get(draft.spec ?? {}, 'priorityClassName');
  if (typeof name !== 'string' || name === '' || priorityClasses[name] !== undefined) return;
  throw forbidden(definition, draft.metadata.name ?? '', {
    message: `no PriorityClass with name ${name} was found`,
  });
};
