/** A call and its answer as bytes, whoever recorded them. */
export interface WireRequest {
  readonly method: string;
  /** Percent-encoding kept, without the query string. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Headers of AWS's own namespace that every service takes, or that the protocols carry. */
const REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-target',
  'x-amz-trailer',
  'x-amz-user-agent',
  'x-amzn-query-mode',
  'x-amzn-trace-id',
]);

const RESPONSE_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-crc32',
  'x-amz-id-2',
  'x-amz-request-id',
  'x-amzn-errortype',
  'x-amzn-query-error',
  'x-amzn-requestid',
]);

/** Headers of AWS's namespace that are neither the protocol's nor, by `binds`, the operation's. */
export const strangeHeaders = (
  headers: Readonly<Record<string, string>>,
  side: 'request' | 'response',
  binds: (header: string) => boolean,
): readonly string[] => {
  const known = side === 'request' ? REQUEST_HEADERS : RESPONSE_HEADERS;
  return Object.keys(headers).filter((name) => /^x-amzn?-/.test(name) && !known.has(name) && !binds(name));
};

export const mediaTypeOf = (headers: Readonly<Record<string, string>>): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
