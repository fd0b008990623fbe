import { ClusterUnreachableError, describeError } from '../../shared/core/errors.ts';
import type { Decision } from '../../shared/core/verdict.ts';
import {
  isForbidden,
  KubernetesApiError,
  KubernetesConnectionError,
} from '../../shared/kubernetes/errors.ts';

/** True where the cluster is at fault, as opposed to our own table. */
const isOfCluster = (error: unknown): boolean =>
  error instanceof ClusterUnreachableError ||
  error instanceof KubernetesApiError ||
  error instanceof KubernetesConnectionError;

/** The API server's own words: `cannot list resource "pods" in API group "" at the cluster scope`. */
const DENIED = /cannot (\w+) resource "([^"]+)"/;

/** What ended the work on a cluster before its time, as a verdict on it. */
export const problemDecision = (cluster: string, error: unknown): Decision => {
  const target = `cluster/${cluster}`;
  const words = describeError(error);
  if (isForbidden(error)) {
    const [, verb = 'list', resource = 'pods'] = DENIED.exec(words) ?? [];
    const detail = { verb, resource, error: words };
    return { cluster, target, action: 'none', reason: 'missing-right', detail };
  }
  const reason = isOfCluster(error) ? 'cluster-unreachable' : 'interrupted';
  return { cluster, target, action: 'none', reason, detail: { error: words } };
};
