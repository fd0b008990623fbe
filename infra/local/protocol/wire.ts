import type { ServiceRequest, ServiceResponse } from './service.ts';

/** A request as it came, without what somebody could sign another one with. */
export interface WireRequest {
  readonly method: string;
  /** As sent, percent-encoding kept. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer as it went, with every header that the service set. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** `node:diagnostics_channel` that every signed request of the process is told on, with its answer if it got one. */
export const WIRE_CHANNEL = 'eks-caretaker:aws-wire';

/** What is told there: also requests that a fault left without an answer, and those that no operation was found for. */
export interface WireTraffic {
  /** Of the account that was asked, as in `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  /** The name in the credential scope. */
  readonly service: string;
  /** What the request was taken for; left out where it was refused before. */
  readonly operation?: string;
  readonly request: WireRequest;
  readonly response?: WireResponse;
}

const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'x-amz-security-token', 'cookie']);
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  'x-amz-credential',
  'x-amz-signature',
  'x-amz-security-token',
]);

/** Headers and query string are kept but for credentials and signatures: whoever records exchanges gets no secret. */
export const wireRequest = (request: ServiceRequest, query: string): WireRequest => ({
  method: request.method,
  path: request.path,
  query: query
    .split('&')
    .filter((pair) => !SECRET_PARAMETERS.has((pair.split('=')[0] ?? '').toLowerCase()))
    .join('&'),
  headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !SECRET_HEADERS.has(name))),
  body: request.body,
});

export const wireResponse = ({ status, headers = {}, body }: ServiceResponse): WireResponse => ({
  status,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  body: Buffer.from(body),
});
