/**
 * The product's errors. Names are stable: alarms, retries and people's scripts match on them.
 * A message says what happened and what to do next; the cause is kept.
 */
export abstract class CaretakerError extends Error {
  protected constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** One thing wrong with the configuration. `line` is 1-based where the parser gives one. */
export interface ConfigurationProblem {
  readonly path: string;
  readonly line?: number;
  readonly found: string;
  readonly allowed: string;
}

export const formatProblem = (problem: ConfigurationProblem): string =>
  `${problem.path === '' ? '(top level)' : problem.path}${
    problem.line === undefined ? '' : ` (line ${problem.line})`
  }: found ${problem.found}, allowed: ${problem.allowed}`;

/** The configuration is missing or wrong. Carries every problem, not only the first. */
export class ConfigurationError extends CaretakerError {
  readonly problems: readonly ConfigurationProblem[];
  constructor(message: string, problems: readonly ConfigurationProblem[] = [], options?: ErrorOptions) {
    super(
      'ConfigurationError',
      problems.length === 0 ? message : [message, ...problems.map((p) => `  ${formatProblem(p)}`)].join('\n'),
      options,
    );
    this.problems = problems;
  }
}

/** An event or message that is not of the shape that its source publishes. Fails alone, is not retried in vain. */
export class MalformedEventError extends CaretakerError {
  constructor(message: string, options?: ErrorOptions) {
    super('MalformedEventError', message, options);
  }
}

/** A cluster's API server could not be reached or would not let us in. The other clusters go on. */
export class ClusterUnreachableError extends CaretakerError {
  readonly cluster: string;
  constructor(cluster: string, message: string, options?: ErrorOptions) {
    super('ClusterUnreachableError', message, options);
    this.cluster = cluster;
  }
}

/** Part of an invocation failed; the rest was done. Thrown at the end so that the invocation is retried. */
export class PartialFailureError extends CaretakerError {
  readonly failures: readonly unknown[];
  constructor(failures: readonly unknown[]) {
    super(
      'PartialFailureError',
      `${failures.length} part(s) of this invocation failed, the rest was done: ${failures
        .map(describeError)
        .join('; ')}`,
      { cause: failures[0] },
    );
    this.failures = failures;
  }
}

/** Name and message of whatever was thrown, in one line. */
export const describeError = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
