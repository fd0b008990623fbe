import { decodeJson, encodeJson } from './json.ts';
import { asServiceError, callOf } from './perform.ts';
import type { Operation, Service } from './service.ts';
import { notImplemented, ServiceError } from './service.ts';

export type Operations = Readonly<Record<string, Operation>>;

/**
 * One path, the operation in `X-Amz-Target`: ECR, SSM, SQS, EventBridge, DynamoDB.
 * `queryErrors` gives the codes of the query protocol that SQS sends along (`x-amzn-query-error`).
 */
export const awsJson = (
  name: string,
  targetPrefix: string,
  operations: Operations,
  options: {
    version?: '1.0' | '1.1';
    invalidCode?: string;
    queryErrors?: Readonly<Record<string, string>>;
  } = {},
): Service => {
  const contentType = `application/x-amz-json-${options.version ?? '1.1'}`;
  const invalidCode = options.invalidCode ?? 'InvalidParameterException';
  return {
    name,
    unknownKey: { code: 'UnrecognizedClientException', status: 400 },
    decode: (request) => {
      const target = request.headers['x-amz-target'] ?? '';
      if (!target.startsWith(`${targetPrefix}.`))
        throw new ServiceError('UnknownOperationException', `Not an operation of ${name}: ${target}`, 400);
      const operation = target.slice(targetPrefix.length + 1);
      const run = operations[operation];
      if (run === undefined) throw notImplemented(name, operation);
      try {
        const input = decodeJson(request.body);
        return callOf({
          request,
          operation,
          input,
          run,
          invalidCode,
          encode: (output) => ({
            status: 200,
            headers: { 'content-type': contentType },
            body: encodeJson(output),
          }),
        });
      } catch (error) {
        throw asServiceError(invalidCode, error);
      }
    },
    encodeError: (error) => {
      const queryCode = options.queryErrors?.[error.code];
      return {
        status: error.status,
        headers: {
          'content-type': contentType,
          ...(queryCode === undefined ? {} : { 'x-amzn-query-error': `${queryCode};Sender` }),
        },
        body: encodeJson({ __type: error.code, ...error.members, message: error.message }),
      };
    },
  };
};
