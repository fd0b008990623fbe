/** What an AWS service of the embedded account is, whatever its wire protocol. */

export interface ServiceRequest {
  readonly method: string;
  /** As sent, percent-encoding kept, without the query string. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly accessKeyId: string;
  readonly region: string;
  readonly requestId: string;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An operation asked for, with its input in the member names of AWS's service model. */
export interface Call {
  readonly operation: string;
  readonly input: Input;
  /** Carries it out. Throws `ServiceError`. */
  perform(): Promise<Reply>;
}

/** What a call came to: the bytes, and the output as the service model names its members. */
export interface Reply {
  readonly response: ServiceResponse;
  readonly output: object;
}

export interface Service {
  /** The name in the credential scope of a request's signature: `eks`, `autoscaling`, `ec2`, ... */
  readonly name: string;
  /** Which operation is asked for. Throws `ServiceError` for what is not implemented or not readable. */
  decode(request: ServiceRequest): Call;
  /** An error in this service's wire form. */
  encodeError(error: ServiceError, requestId: string): ServiceResponse;
  /** Code and status for an access key that nobody has: they differ by protocol. */
  readonly unknownKey: { readonly code: string; readonly status: number };
}

export type Input = Readonly<Record<string, unknown>>;

export interface OperationContext {
  readonly request: ServiceRequest;
  readonly accessKeyId: string;
  readonly region: string;
  readonly requestId: string;
}

/** Output in the member names of AWS's service model; `Date` stands for a timestamp in whatever form the protocol has. */
export type Operation = (input: Input, context: OperationContext) => object | Promise<object>;

/** An error that AWS would answer: `members` are the further members that the model gives it. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** What the embedded account does not have. It says so rather than pretend. */
export const notImplemented = (service: string, what: string): ServiceError =>
  new ServiceError(
    'NotImplemented',
    `The embedded account does not implement ${what} of ${service}. Nothing was changed.`,
    501,
  );

/** A member that is missing or of the wrong type; each protocol helper gives it the service's own code. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}
