import type { ResourceDefinition } from './resources.ts';
import { qualified } from './resources.ts';

/** `metav1.Status`: what the API server answers in place of an object. Field order and wording are the real server's. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal on its way to the client. */
export class StatusError extends Error {
  readonly status: Status;
  readonly code: number;
  constructor(
    code: number,
    failure: Omit<Status, 'kind' | 'apiVersion' | 'status' | 'code' | 'metadata'>,
    next?: string,
  ) {
    super(failure.message ?? failure.reason ?? `HTTP ${code}`);
    this.name = 'StatusError';
    this.code = code;
    const { message, reason, details } = failure;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: next === undefined ? {} : { continue: next },
      status: 'Failure',
      ...(message === undefined ? {} : { message }),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

export const success = (details?: StatusDetails): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  ...(details === undefined ? {} : { details }),
});

const detailsOf = (definition: ResourceDefinition, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(definition.group === '' ? {} : { group: definition.group }),
  kind: definition.plural,
});

export const notFound = (definition: ResourceDefinition, name: string): StatusError =>
  new StatusError(404, {
    message: `${qualified(definition)} "${name}" not found`,
    reason: 'NotFound',
    details: detailsOf(definition, name),
  });

export const alreadyExists = (definition: ResourceDefinition, name: string): StatusError =>
  new StatusError(409, {
    message: `${qualified(definition)} "${name}" already exists`,
    reason: 'AlreadyExists',
    details: detailsOf(definition, name),
  });

export const modified = (
  definition: ResourceDefinition,
  name: string,
  why = 'the object has been modified; please apply your changes to the latest version and try again',
): StatusError =>
  new StatusError(409, {
    message: `Operation cannot be fulfilled on ${qualified(definition)} "${name}": ${why}`,
    reason: 'Conflict',
    details: detailsOf(definition, name),
  });

/** A delete's precondition that does not hold; the real server names the kind here, not the resource. */
export const preconditionFailed = (
  { group, kind }: ResourceDefinition,
  name: string,
  why: string,
): StatusError =>
  new StatusError(409, {
    message: `Operation cannot be fulfilled on ${group === '' ? kind : `${kind}.${group}`} "${name}": ${why}`,
    reason: 'Conflict',
    details: { name, ...(group === '' ? {} : { group }), kind },
  });

export const badRequest = (message: string): StatusError =>
  new StatusError(400, { message, reason: 'BadRequest' });

/** What an object says of its namespace is not what the path says. */
export const otherNamespace = (): StatusError =>
  badRequest('the namespace of the provided object does not match the namespace sent on the request');

export const invalid = (
  { group, kind }: { group: string; kind: string },
  name: string,
  causes: readonly StatusCause[],
): StatusError => {
  const listed = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const listing = listed.length === 1 ? listed[0] : `[${listed.join(', ')}]`;
  return new StatusError(422, {
    message: `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${listing}`,
    reason: 'Invalid',
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      ...(kind === '' ? {} : { kind }),
      causes,
    },
  });
};

export const forbidden = (
  target: { group: string; plural: string },
  name: string,
  why: { message: string; causes?: readonly StatusCause[] },
): StatusError => {
  const named = name === '' ? qualified(target) : `${qualified(target)} "${name}"`;
  return new StatusError(403, {
    message: `${named} is forbidden: ${why.message}`,
    reason: 'Forbidden',
    details: {
      ...(name === '' ? {} : { name }),
      ...(target.group === '' ? {} : { group: target.group }),
      kind: target.plural,
      ...(why.causes === undefined ? {} : { causes: why.causes }),
    },
  });
};

export const tooManyRequests = (
  message: string,
  causes: readonly StatusCause[],
  retryAfterSeconds?: number,
): StatusError =>
  new StatusError(429, {
    message,
    reason: 'TooManyRequests',
    details: { causes, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
  });

export const expired = (message: string, next?: string): StatusError =>
  new StatusError(410, { message, reason: 'Expired' }, next);

export const unauthorized = (): StatusError =>
  new StatusError(401, { message: 'Unauthorized', reason: 'Unauthorized' });

/** A body in a form that no API server reads. */
export const unknownFormat = (): StatusError =>
  new StatusError(415, {
    message:
      'the body of the request was in an unknown format - accepted media types include: application/json, ' +
      'application/yaml, application/vnd.kubernetes.protobuf',
    reason: 'UnsupportedMediaType',
  });

/** What this embedded server lacks; the real one has it, so the answer says which of the two speaks. */
export const notImplemented = (what: string): StatusError =>
  new StatusError(501, {
    message: `${what} is not implemented by the embedded Kubernetes API`,
    reason: 'NotImplemented',
  });

const generic: Readonly<Record<number, { readonly reason: string; readonly message: string }>> = {
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: {
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  406: {
    reason: 'NotAcceptable',
    message:
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, ' +
      'application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  },
  415: { reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type' },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: {
    reason: 'Timeout',
    message:
      'the server was unable to return a response in the time allotted, but may still be processing the request',
  },
};

/** The answer to a code alone (`NewGenericServerResponse` of apimachinery). */
export const genericError = (code: number): StatusError =>
  new StatusError(code, {
    ...(generic[code] ?? {
      reason: code >= 500 ? 'InternalError' : 'Unknown',
      message: `an error on the server ("unknown") has prevented the request from succeeding`,
    }),
    details: {},
  });
