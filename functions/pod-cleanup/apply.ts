import type { Clock } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import {
  isAnotherObject,
  isConflict,
  isDeniedByPolicy,
  isForbidden,
  isNotFound,
  isPressure,
  KubernetesApiError,
  KubernetesConnectionError,
} from '../../shared/kubernetes/errors.ts';
import { PODS } from '../../shared/kubernetes/resources.ts';
import type { PodIdentity } from './decide/pod.ts';
import type { Pace } from './pace.ts';

interface Answers {
  /** How often the answer did not come, or was an error of the server: the pod may be gone by that request. */
  readonly lostAnswers: number;
}

/** What became of a delete. `forbidden` and `failed` are worth an alarm, the others are not: the next run looks again. */
export type DeleteOutcome =
  | ({ readonly kind: 'deleted' } & Answers)
  | ({ readonly kind: 'gone' | 'changed' | 'late' } & Answers)
  | ({
      readonly kind: 'busy' | 'denied' | 'forbidden' | 'failed' | 'unreachable';
      readonly error: unknown;
    } & Answers)
  /** The mode is not `act` any more, or could not be read. */
  | ({ readonly kind: 'halted'; readonly error?: unknown } & Answers);

const ATTEMPTS = 4;
const TIMEOUT_MS = 10_000;
const BACKOFF_MS = 200;

/** It is not known whether the server did what it was asked. */
const isUnclear = (error: unknown): boolean =>
  error instanceof KubernetesConnectionError || (error instanceof KubernetesApiError && error.status >= 500);

/** Nobody is there, as opposed to a 500 that may be a webhook's about one pod. */
const isDown = (error: unknown): boolean =>
  !(error instanceof KubernetesApiError) || [502, 503, 504].includes(error.status);

/** What an answer that is neither lost nor a wish for less means. */
const outcomeOf = (error: unknown, lostAnswers: number): DeleteOutcome => {
  // It was there when it was looked at: it is gone by the request whose answer was lost.
  if (lostAnswers > 0 && (isNotFound(error) || isAnotherObject(error)))
    return { kind: 'deleted', lostAnswers };
  if (isNotFound(error)) return { kind: 'gone', lostAnswers };
  if (isConflict(error)) return { kind: 'changed', lostAnswers };
  if (isDeniedByPolicy(error)) return { kind: 'denied', error, lostAnswers };
  return { kind: isForbidden(error) ? 'forbidden' : 'failed', error, lostAnswers };
};

/**
 * Deletes exactly the pod that was looked at: another pod of that name (a StatefulSet's), or the same pod changed
 * meanwhile, fails the preconditions with 409 and is left alone. That makes it safe to send again where no answer
 * came. The mode is asked for before each attempt.
 */
export const deletePod = async (
  api: KubernetesApi,
  { namespace, name, uid, resourceVersion }: PodIdentity,
  { clock, pace, mode }: { clock: Clock; pace: Pace; mode: () => Promise<Mode> },
): Promise<DeleteOutcome> => {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
  let lostAnswers = 0;
  for (let attempt = 1; ; attempt += 1) {
    if (pace.down !== undefined) return { kind: 'unreachable', error: pace.down, lostAnswers };
    if (!(await pace.ready())) return { kind: 'late', lostAnswers };
    try {
      if ((await mode()) !== 'act') return { kind: 'halted', lostAnswers };
    } catch (error) {
      return { kind: 'halted', error, lostAnswers };
    }
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
          return { kind: 'failed', error, lostAnswers };
        }
        await clock.sleep(BACKOFF_MS * 2 ** (attempt - 1));
        continue;
      }
      pace.answered();
      if (!isPressure(error)) return outcomeOf(error, lostAnswers);
      pace.slowDown(error);
      if (attempt === ATTEMPTS) return { kind: 'busy', error, lostAnswers };
    }
  }
};

type NotDeleted = Exclude<DeleteOutcome, { kind: 'deleted' }>;

const REASONS: Readonly<Record<NotDeleted['kind'], string>> = {
  gone: 'already-gone',
  changed: 'changed-meanwhile',
  late: 'out-of-time',
  busy: 'server-busy',
  denied: 'delete-denied',
  forbidden: 'missing-right',
  failed: 'delete-failed',
  unreachable: 'cluster-unreachable',
  halted: 'mode-changed',
};

/** The verdict's words for an outcome other than `deleted`. */
export const outcomeVerdict = (outcome: NotDeleted): { reason: string; detail: Record<string, unknown> } => ({
  reason: REASONS[outcome.kind],
  detail: {
    ...(outcome.kind === 'forbidden' ? { verb: 'delete', resource: 'pods' } : {}),
    ...('error' in outcome ? { error: describeError(outcome.error) } : {}),
    ...(outcome.lostAnswers === 0 ? {} : { lostAnswers: outcome.lostAnswers }),
  },
});
