import { decodeJson, encodeJson } from './json.ts';
import { asServiceError, callOf } from './perform.ts';
import type { Input, Operation, Service, ServiceRequest } from './service.ts';
import { notImplemented, ServiceError } from './service.ts';

export interface Route {
  readonly operation: string;
  readonly method: string;
  /** For example `/clusters/{clusterName}/node-groups`: names in braces become members of the input. */
  readonly path: string;
  /** Query parameters that are lists even when they come once, and those that have another name than their member. */
  readonly lists?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
  /** The body is not JSON (a Lambda payload): it is left to the operation, which finds it in `context.request.body`. */
  readonly rawBody?: boolean;
  readonly status?: number;
  readonly run: Operation;
}

/** REST with JSON bodies: EKS, Lambda, EventBridge Scheduler. */
export const restJson = (
  name: string,
  routes: readonly Route[],
  options: { invalidCode?: string } = {},
): Service => {
  const invalidCode = options.invalidCode ?? 'InvalidParameterException';
  const compiled = routes.map((route) => ({ route, segments: route.path.split('/') }));

  return {
    name,
    unknownKey: { code: 'UnrecognizedClientException', status: 403 },
    decode: (request) => {
      for (const { route, segments } of compiled) {
        if (route.method !== request.method) continue;
        const members = match(segments, request.path.split('/'));
        if (members === undefined) continue;
        try {
          const input = { ...members, ...queryMembers(request, route), ...bodyMembers(request, route) };
          return callOf({
            request,
            operation: route.operation,
            input,
            run: route.run,
            invalidCode,
            encode: (output) => ({
              status: route.status ?? 200,
              headers: { 'content-type': 'application/json' },
              body: encodeJson(output),
            }),
          });
        } catch (error) {
          throw asServiceError(invalidCode, error);
        }
      }
      throw notImplemented(name, `${request.method} ${request.path}`);
    },
    encodeError: (error) => encodeRestJsonError(error),
  };
};

/** The code goes into a header, the modelled members beside the message. */
export const encodeRestJsonError = (error: ServiceError) => ({
  status: error.status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
  body: encodeJson({ ...error.members, message: error.message }),
});

const match = (segments: readonly string[], path: readonly string[]): Record<string, string> | undefined => {
  if (segments.length !== path.length) return undefined;
  const members: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const found = path[index] ?? '';
    const member = /^\{(.+)\}$/.exec(segment)?.[1];
    if (member !== undefined && found !== '') members[member] = decode(found);
    else if (segment !== found) return undefined;
  }
  return members;
};

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new ServiceError('BadRequestException', `The path holds a malformed escape: ${String(error)}`, 400);
  }
};

const queryMembers = (request: ServiceRequest, route: Route): Input => {
  const members: Record<string, unknown> = {};
  for (const key of new Set(request.query.keys())) {
    const values = request.query.getAll(key);
    const isList = values.length > 1 || route.lists?.includes(key);
    members[route.rename?.[key] ?? key] = isList ? values : values[0];
  }
  return members;
};

const bodyMembers = (request: ServiceRequest, route: Route): Input =>
  route.rawBody ? {} : decodeJson(request.body);
