import type { Call, Input, Operation, Service, ServiceRequest, ServiceResponse } from './service.ts';
import { InvalidInput, ServiceError } from './service.ts';

/** What an operation returns when it writes its own bytes (a Lambda payload, an S3 object). */
export class RawReply {
  readonly response: ServiceResponse;
  /** For whoever records exchanges. */
  readonly output: object;

  constructor(response: ServiceResponse, output: object = {}) {
    this.response = response;
    this.output = output;
  }
}

/** Runs `work`, giving an `InvalidInput` the code that this service has for it. */
const withCode = async <T>(code: string, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw asServiceError(code, error);
  }
};

export const asServiceError = (code: string, error: unknown): unknown =>
  error instanceof InvalidInput ? new ServiceError(code, error.message, 400) : error;

/** A call whose operation is known and whose input is read. */
export const callOf = (options: {
  request: ServiceRequest;
  operation: string;
  input: Input;
  run: Operation;
  /** Error code for input that is missing or of the wrong type. */
  invalidCode: string;
  encode: (output: object) => ServiceResponse;
}): Call => ({
  operation: options.operation,
  input: options.input,
  perform: () =>
    withCode(options.invalidCode, async () => {
      const { request } = options;
      const { accessKeyId, region, requestId } = request;
      const output = await options.run(options.input, { request, accessKeyId, region, requestId });
      return output instanceof RawReply ? output : { response: options.encode(output), output };
    }),
});

export type ErrorEncoder = Service['encodeError'];
