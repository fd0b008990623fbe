import { describeError } from '../../shared/core/errors.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { isConflict, isForbidden, isNotFound, isPressure } from '../../shared/kubernetes/errors.ts';
import { PODS } from '../../shared/kubernetes/resources.ts';
import type { PodIdentity } from './decide/decide.ts';

/** What became of a delete. `failed` is worth an alarm, `busy` and `changed` are not: the next run looks again. */
export type DeleteOutcome =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'gone' | 'changed' }
  | { readonly kind: 'busy' | 'forbidden' | 'failed'; readonly error: unknown };

/**
 * Deletes exactly the pod that was looked at: another pod of that name (a StatefulSet's), or the same pod
 * changed meanwhile, fails the preconditions with 409 and is left alone.
 */
export const deletePod = async (api: KubernetesApi, pod: PodIdentity): Promise<DeleteOutcome> => {
  const { namespace, name, uid, resourceVersion } = pod;
  try {
    await api.request('delete', PODS, {
      namespace,
      name,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
    });
    return { kind: 'deleted' };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'gone' };
    if (isConflict(error)) return { kind: 'changed' };
    if (isPressure(error)) return { kind: 'busy', error };
    if (isForbidden(error)) return { kind: 'forbidden', error };
    return { kind: 'failed', error };
  }
};

/** The verdict's words for an outcome other than `deleted`. */
export const outcomeVerdict = (
  outcome: Exclude<DeleteOutcome, { kind: 'deleted' }>,
): { reason: string; detail: Record<string, unknown> } => {
  switch (outcome.kind) {
    case 'gone':
      return { reason: 'already-gone', detail: {} };
    case 'changed':
      return { reason: 'changed-meanwhile', detail: {} };
    case 'busy':
      return { reason: 'server-busy', detail: { error: describeError(outcome.error) } };
    case 'forbidden':
      return {
        reason: 'missing-right',
        detail: { verb: 'delete', resource: 'pods', error: describeError(outcome.error) },
      };
    case 'failed':
      return { reason: 'delete-failed', detail: { error: describeError(outcome.error) } };
  }
};
