import type { V1Node } from '@kubernetes/client-node';
import type { KubernetesApi } from './client.ts';
import type { CordonResult } from './nodes.ts';
import { patchNode } from './nodes.ts';

/**
 * Pods that are stuck on a node with this taint are deleted by force and their volumes detached at once instead of
 * after six minutes (Kubernetes documentation, "Non-graceful node shutdown handling"). It must never be put on a node
 * that may still run: two pods would write to one volume.
 */
const TAINT = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };

const isTainted = (node: V1Node): boolean =>
  node.spec?.taints?.some(({ key, effect }) => key === TAINT.key && effect === TAINT.effect) ?? false;

/** To be called only once EC2 says that the instance is terminated. Needs nodes get and patch. */
export const taintOutOfService = (api: KubernetesApi, node: V1Node): Promise<CordonResult> =>
  patchNode(api, node, {
    done: isTainted,
    patch: (current) => ({ spec: { taints: [...(current.spec?.taints ?? []), TAINT] } }),
  });
