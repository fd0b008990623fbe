import { isAwsError } from '../../shared/aws/clients.ts';
import { isNodeGroupBusy, isThrottled } from '../../shared/aws/eks/node-groups.ts';
import { ClusterUnreachableError, describeError } from '../../shared/core/errors.ts';
import {
  isForbidden,
  KubernetesApiError,
  KubernetesConnectionError,
  missingRightIn,
} from '../../shared/kubernetes/errors.ts';
import { RecordChangedError } from './records.ts';

/** What an error means for a verdict, and whether the invocation is to fail for it in the end. */
export interface Problem {
  readonly action: 'none' | 'deferred';
  readonly reason:
    | 'node-group-busy'
    | 'throttled'
    | 'record-changed'
    | 'missing-right'
    | 'cluster-unreachable'
    | 'step-failed';
  readonly detail: Readonly<Record<string, unknown>>;
  /** False for what the next tick sorts out by itself. */
  readonly fails: boolean;
}

export const problemOf = (error: unknown): Problem => {
  const message = describeError(error);
  const detail = { error: message };
  if (isNodeGroupBusy(error)) return { action: 'none', reason: 'node-group-busy', detail, fails: false };
  if (isThrottled(error)) return { action: 'none', reason: 'throttled', detail, fails: false };
  if (error instanceof RecordChangedError) {
    return { action: 'deferred', reason: 'record-changed', detail, fails: false };
  }
  // What a drain could not list in all its rounds comes with the last answer's words.
  const refused = error instanceof ClusterUnreachableError && missingRightIn(message) !== undefined;
  if (isForbidden(error) || refused) {
    return {
      action: 'none',
      reason: 'missing-right',
      detail: { ...missingRightIn(message), ...detail },
      fails: true,
    };
  }
  if (isAwsError(error, 'AccessDeniedException', 'AccessDenied')) {
    return { action: 'none', reason: 'missing-right', detail, fails: true };
  }
  const unreachable =
    error instanceof ClusterUnreachableError ||
    error instanceof KubernetesConnectionError ||
    error instanceof KubernetesApiError;
  return { action: 'none', reason: unreachable ? 'cluster-unreachable' : 'step-failed', detail, fails: true };
};
