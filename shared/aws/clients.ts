/**
 * One place for time-outs and retries of AWS calls. Every client of the product is made with these
 * settings: a connection within 2 s, an answer within 10 s, three attempts with the SDK's own backoff.
 */
export interface ClientSettings {
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
}

export const clientSettings = (
  overrides: { maxAttempts?: number; requestTimeoutMs?: number } = {},
): ClientSettings => ({
  maxAttempts: overrides.maxAttempts ?? 3,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: overrides.requestTimeoutMs ?? 10_000,
    throwOnRequestTimeout: true,
  },
});

/** True for an AWS error of one of these names, whichever service it came from. */
export const isAwsError = (error: unknown, ...names: readonly string[]): error is Error =>
  error instanceof Error && names.includes(error.name);
