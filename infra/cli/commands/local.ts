import { join, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Config } from '../../../functions/index.ts';
import { isoTime } from '../../../shared/core/clock.ts';
import { projectRoot } from '../../build.ts';
import { loadConfigFile } from '../../load-config.ts';
import type { RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { exampleConfigFile } from '../defaults.ts';
import { UsageError } from '../errors.ts';

interface LocalCommandOptions {
  readonly config: string;
  readonly seed: number;
  readonly port?: number;
  readonly out: string;
  readonly ticks?: boolean;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const wholeNumberUpTo = (limit: number) => (text: string) => {
  if (!/^\d+$/.test(text) || Number(text) > limit)
    throw new InvalidArgumentError(`A whole number from 0 to ${limit}.`);
  return Number(text);
};

/** `first` resolves at the first signal. Later ones are not heeded until `forget`: what was started is being ended. */
const listenForSignals = () => {
  const { promise: first, resolve: onSignal } = Promise.withResolvers<void>();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    first,
    forget: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
};

/** The account is loaded when it is asked for: no other command needs it. */
const start = async (options: Omit<LocalCommandOptions, 'config'> & { config: Config }) => {
  const { startLocal } = await import('../../local/local.ts');
  const { config, seed, port, ticks = false } = options;
  try {
    return await startLocal({
      config,
      seed,
      out: resolve(options.out),
      ticks,
      ...(port === undefined ? {} : { port }),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new UsageError(`port ${port} is taken; name another with --port`, { cause: error });
  }
};

/** `caretaker local`: the embedded account with the configuration's clusters, left running until Ctrl-C. */
export const registerLocal: RegisterCommand = (program, context, finish) => {
  program
    .command('local')
    .description('Run an AWS account with your clusters on this machine, with everything deployed')
    .option('--config <file>', 'caretaker.yaml', exampleConfigFile)
    .option('--seed <number>', 'draws the world', wholeNumberUpTo(2 ** 32 - 1), 1)
    .option('--port <number>', 'of the AWS endpoint (default: any free one)', wholeNumberUpTo(65_535))
    .option(
      '--out <dir>',
      'environment files, kubeconfigs, events, bundles',
      join(projectRoot, 'out', 'local'),
    )
    .option('--ticks', 'let the schedules fire by themselves')
    .action(async (options: LocalCommandOptions) => {
      const config = loadConfigFile(options.config);
      const signals = listenForSignals();
      try {
        context.err('Building the bundles and starting the account ...');
        const session = await start({ ...options, config });
        try {
          context.out(session.guide.join('\n'));
          context.out('Running. Ctrl-C ends it.');
          session.account.onInvocation(({ entryId, startedAt, endedAt, error }) =>
            context.out(
              `${isoTime(startedAt)} ${entryId} ${endedAt - startedAt} ms ${error === undefined ? 'done' : context.colors.red(error.errorMessage)}`,
            ),
          );
          await signals.first;
        } finally {
          await session.close();
        }
      } finally {
        signals.forget();
      }
      finish(exitCodes.done);
    });
};
