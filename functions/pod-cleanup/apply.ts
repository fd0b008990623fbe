import type { Clock } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import {
  isConflict,
  isForbidden,
  isNotFound,
  isPressure,
  KubernetesApiError,
  KubernetesConnectionError,
} from '../../shared/kubernetes/errors.ts';
import { PODS } from '../../shared/kubernetes/resources.ts';
import type { PodIdentity } from './decide/pod.ts';
import type { Pace } from './pace.ts';

/**
 * What became of a delete. `forbidden` and `failed` are worth an alarm, the others are not: the next run looks
 * again. `lostAnswers`: how often the answer did not come, or was an error of the server.
 */
export type DeleteOutcome =
  | { readonly kind: 'deleted'; readonly lostAnswers: number }
  | { readonly kind: 'gone' | 'changed' | 'late' }
  | { readonly kind: 'busy' | 'forbidden' | 'failed' | 'unreachable'; readonly error: unknown };

const ATTEMPTS = 4;
const TIMEOUT_MS = 10_000;
const BACKOFF_MS = 200;

/** It is not known whether the server did what it was asked. */
const isUnclear = (error: unknown): boolean =>
  error instanceof KubernetesConnectionError || (error instanceof KubernetesApiError && error.status >= 500);

/** Nobody is there, as opposed to a 500 that may be a webhook's about one pod. */
const isDown = (error: unknown): boolean =>
  !(error instanceof KubernetesApiError) || [502, 503, 504].includes(error.status);

/**
 * Deletes exactly the pod that was looked at: another pod of that name (a StatefulSet's), or the same pod changed
 * meanwhile, fails the preconditions with 409 and is left alone. That makes it safe to send again where no answer
 * came: a pod that is gone by then was deleted, by the request whose answer was lost.
 */
export const deletePod = async (
  api: KubernetesApi,
  { namespace, name, uid, resourceVersion }: PodIdentity,
  { clock, pace }: { clock: Clock; pace: Pace },
): Promise<DeleteOutcome> => {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
  let lostAnswers = 0;
  for (let attempt = 1; ; attempt += 1) {
    if (pace.down !== undefined) return { kind: 'unreachable', error: pace.down };
    if (!(await pace.ready())) return { kind: 'late' };
    try {
      await api.request('delete', PODS, { namespace, name, body, retry: 'none', timeoutMs: TIMEOUT_MS });
      pace.answered();
      return { kind: 'deleted', lostAnswers };
    } catch (error) {
      if (isUnclear(error)) {
        lostAnswers += 1;
        if (attempt === ATTEMPTS || pace.outOfTime) {
          if (isDown(error)) pace.failed(error);
          else pace.answered();
          return { kind: 'failed', error };
        }
        await clock.sleep(BACKOFF_MS * 2 ** (attempt - 1));
        continue;
      }
      pace.answered();
      if (isNotFound(error)) return lostAnswers > 0 ? { kind: 'deleted', lostAnswers } : { kind: 'gone' };
      if (isConflict(error)) return { kind: 'changed' };
      if (isForbidden(error)) return { kind: 'forbidden', error };
      if (!isPressure(error)) return { kind: 'failed', error };
      pace.slowDown(error);
      if (attempt === ATTEMPTS) return { kind: 'busy', error };
    }
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
    case 'late':
      return { reason: 'out-of-time', detail: {} };
    case 'busy':
      return { reason: 'server-busy', detail: { error: describeError(outcome.error) } };
    case 'unreachable':
      return { reason: 'cluster-unreachable', detail: { error: describeError(outcome.error) } };
    case 'forbidden':
      return {
        reason: 'missing-right',
        detail: { verb: 'delete', resource: 'pods', error: describeError(outcome.error) },
      };
    case 'failed':
      return { reason: 'delete-failed', detail: { error: describeError(outcome.error) } };
  }
};
