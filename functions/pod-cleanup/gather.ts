import type { V1Pod } from '@kubernetes/client-node';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { PODS } from '../../shared/kubernetes/resources.ts';

const PODS_A_PAGE = 500;

/** Pages of the cluster's pods in phase Failed; one page is in memory at a time. */
export const failedPods = (api: KubernetesApi): AsyncIterable<readonly V1Pod[]> =>
  api.listPages<V1Pod>(PODS, { fieldSelector: 'status.phase=Failed', limit: PODS_A_PAGE });
