import { CommanderError } from 'commander';
import { ConfigurationError, describeError } from '../../shared/core/errors.ts';
import type { CliContext, ExitCode } from './context.ts';
import { exitCodes } from './context.ts';

/** The command was called in a way that it does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command understood, and may not do it: nothing was changed. */
export class BlockedError extends Error {
  override readonly name = 'BlockedError';
}

/** AWS errors whose own message does not say what to do next. */
const ADVICE: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'No AWS credentials were found: set AWS_PROFILE, or sign in with `aws sso login`.',
  ExpiredTokenException: 'The AWS session has expired: sign in again.',
  ExpiredToken: 'The AWS session has expired: sign in again.',
  AccessDeniedException: 'The AWS identity in use may not do this; it lacks the right that is named here.',
};

const adviceFor = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if (error.message === 'Region is missing') return 'No AWS region is set: set AWS_REGION.';
  return ADVICE[error.name];
};

const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof ConfigurationError || error instanceof UsageError) return exitCodes.usage;
  if (error instanceof BlockedError) return exitCodes.blocked;
  return exitCodes.failed;
};

/** Commander has written its own message by then; it throws for `--help` and `--version` as well. */
const commanderExitCode = (error: CommanderError): ExitCode =>
  error.exitCode === 0 ? exitCodes.done : exitCodes.usage;

/** Says what went wrong in one message, with a stack trace only when asked, and answers the exit code. */
export const reportError = (error: unknown, context: CliContext, verbose: boolean): ExitCode => {
  if (error instanceof CommanderError) return commanderExitCode(error);
  const own =
    error instanceof ConfigurationError || error instanceof UsageError || error instanceof BlockedError;
  const message = own ? error.message : describeError(error);
  const advice = adviceFor(error);
  context.err(
    `${context.colors.red('caretaker:')} ${advice === undefined ? message : `${advice} (${message})`}`,
  );
  if (verbose && error instanceof Error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      context.err(context.colors.dim(cause.stack ?? describeError(cause)));
    }
  }
  return exitCodeOf(error);
};
