import type { V1ManagedFieldsEntry, V1Node } from '@kubernetes/client-node';
import { CORDON_ANNOTATION, isReady } from '../../shared/kubernetes/nodes.ts';
import type { NodeView } from './decide/node-view.ts';

/** `fieldsV1` is a tree of `f:<member>` (Kubernetes documentation, "Server-Side Apply", field management). */
const setsUnschedulable = ({ fieldsV1 }: V1ManagedFieldsEntry): boolean => {
  const spec = (fieldsV1 as Readonly<Record<string, unknown>> | undefined)?.['f:spec'];
  return typeof spec === 'object' && spec !== null && 'f:unschedulable' in spec;
};

/** A node as decisions see it. */
export const viewOf = (node: V1Node): NodeView => {
  const { metadata, spec, status } = node;
  const cordonedFor = metadata?.annotations?.[CORDON_ANNOTATION];
  const manager = metadata?.managedFields?.find(setsUnschedulable)?.manager;
  const bootId = status?.nodeInfo?.bootID;
  return {
    uid: metadata?.uid ?? '',
    isReady: isReady(node),
    isUnschedulable: spec?.unschedulable === true,
    taints: (spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule').map(({ key }) => key),
    ...(cordonedFor === undefined ? {} : { cordonedFor }),
    ...(manager === undefined ? {} : { unschedulableBy: manager }),
    ...(bootId === undefined || bootId === '' ? {} : { bootId }),
    isBeingDeleted: metadata?.deletionTimestamp != null,
  };
};
