import { CaretakerError } from '../core/errors.ts';

/** A cause in a Kubernetes Status, for example `{ reason: 'DisruptionBudget', message: ... }`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** What the API server answered instead of what was asked for. Carries the Status object's facts, no headers. */
export class KubernetesApiError extends CaretakerError {
  readonly status: number;
  /** `reason` of the Status object, for example `NotFound`, `Conflict`, `TooManyRequests`, `Forbidden`. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds: number | undefined;
  /** Fresh continue token of an expired list (410), where the server offers one. */
  readonly continueToken: string | undefined;

  constructor(options: {
    status: number;
    reason: string;
    message: string;
    causes: readonly StatusCause[];
    retryAfterSeconds?: number | undefined;
    continueToken?: string | undefined;
  }) {
    super('KubernetesApiError', options.message);
    this.status = options.status;
    this.reason = options.reason;
    this.causes = options.causes;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.continueToken = options.continueToken;
  }
}

/** The connection failed, was reset or timed out: it is not known whether a write was applied. */
export class KubernetesConnectionError extends CaretakerError {
  constructor(message: string, options?: ErrorOptions) {
    super('KubernetesConnectionError', message, options);
  }
}

const isStatus = (error: unknown, status: number): error is KubernetesApiError =>
  error instanceof KubernetesApiError && error.status === status;

export const isNotFound = (error: unknown): boolean => isStatus(error, 404);
/** A precondition (uid, resourceVersion) or an optimistic lock did not hold. */
export const isConflict = (error: unknown): boolean => isStatus(error, 409);
/**
 * The `uid` precondition did not hold: another object has the name by now. Kubernetes has two ways to say so: `the UID
 * in the precondition (...) does not match the UID in record (...)`, and at the last moment `Precondition failed: UID
 * in precondition: ..., UID in object meta: ...` (k8s.io/apiserver, registry/rest/delete.go and storage/interfaces.go).
 */
export const isAnotherObject = (error: unknown): boolean =>
  isStatus(error, 409) && /\bUID in (the )?precondition/.test(error.message);
export const isForbidden = (error: unknown): boolean => isStatus(error, 403);
export const isGone = (error: unknown): boolean => isStatus(error, 410);

/** The right that a refusal names, as the API server words it: `... cannot list resource "nodes" in API group ...`. */
export const missingRightIn = (
  message: string,
): { readonly verb: string; readonly resource: string } | undefined => {
  const [, verb, resource] = /cannot (\w+) resource "([^"]+)"/.exec(message) ?? [];
  return verb === undefined || resource === undefined ? undefined : { verb, resource };
};

/** RBAC refuses it, and not somebody's policy, which says 403 as well. */
export const isMissingRight = (error: unknown): boolean =>
  error instanceof KubernetesApiError && error.status === 403 && missingRightIn(error.message) !== undefined;

/** As the API server words it (k8s.io/apiserver, plugin/webhook/errors and plugin/policy/validating). */
const DENIED =
  /\badmission webhook "[^"]*" denied the request|\bValidatingAdmissionPolicy '.*' denied request/;

/**
 * Somebody's policy does not want it: an admission webhook ("denied the request", with the status that it likes: those
 * that hold up evictions say 429 or 500), a ValidatingAdmissionPolicy ("denied request") or an admission plugin of the
 * server's own (403). The right is there.
 */
export const isDeniedByPolicy = (error: unknown): boolean =>
  error instanceof KubernetesApiError &&
  missingRightIn(error.message) === undefined &&
  (error.status === 403 || DENIED.test(error.message));

/** 429 because of a disruption budget, as opposed to API priority and fairness, which has no such cause. */
export const isBudgetConflict = (error: unknown): boolean =>
  isStatus(error, 429) && error.causes.some((cause) => cause.reason === 'DisruptionBudget');

/** 429 from API priority and fairness: the server asks everybody to slow down. */
export const isPressure = (error: unknown): boolean => isStatus(error, 429) && !isBudgetConflict(error);
