import { ClusterUnreachableError, describeError } from '../../shared/core/errors.ts';
import type { Decision } from '../../shared/core/verdict.ts';
import {
  isForbidden,
  isPressure,
  KubernetesApiError,
  KubernetesConnectionError,
  missingRightIn,
} from '../../shared/kubernetes/errors.ts';

/** True where the cluster is at fault, as opposed to our own table. */
const isOfCluster = (error: unknown): boolean =>
  error instanceof ClusterUnreachableError ||
  error instanceof KubernetesApiError ||
  error instanceof KubernetesConnectionError;

/** Whether it is worth an alarm: a server that asks to slow down has the next run for it. */
export const isAlarming = (error: unknown): boolean => !isPressure(error);

/** What ended the work on a cluster before its time, as a verdict on it. */
export const problemDecision = (cluster: string, error: unknown): Decision => {
  const target = `cluster/${cluster}`;
  const words = describeError(error);
  if (isForbidden(error)) {
    const right = missingRightIn(words) ?? { verb: 'list', resource: 'pods' };
    const detail = { ...right, error: words };
    return { cluster, target, action: 'none', reason: 'missing-right', detail };
  }
  if (isPressure(error)) {
    return { cluster, target, action: 'none', reason: 'server-busy', detail: { error: words } };
  }
  const reason = isOfCluster(error) ? 'cluster-unreachable' : 'interrupted';
  return { cluster, target, action: 'none', reason, detail: { error: words } };
};
