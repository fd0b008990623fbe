import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Command } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../shared/core/clock.ts';
import { DEFAULT_STACK_NAME } from '../names.ts';
import { commands } from './commands.ts';
import { connect, describeStack } from './connect.ts';
import type { CliContext, ExitCode } from './context.ts';
import { exitCodes } from './context.ts';
import { createInspector } from './doctor/inspector.ts';
import { reportError } from './errors.ts';

const version = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

/** Runs one command line (without `node` and the script's name) and answers the exit code. Never throws. */
export const main = async (args: readonly string[], context: CliContext): Promise<ExitCode> => {
  let code: ExitCode = exitCodes.done;
  const program = new Command('caretaker')
    .description('Looks after Amazon EKS clusters while nobody watches.')
    .version(version())
    .option('--stack <name>', 'CloudFormation stack of the deployment', DEFAULT_STACK_NAME)
    .option('--verbose', 'stack traces with errors')
    .showHelpAfterError('(add --help for what is possible)')
    .configureOutput({
      writeOut: (text) => context.out(text.trimEnd()),
      writeErr: (text) => context.err(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 usage or configuration error, 3 blocked.');
  const finish = (finished: ExitCode) => {
    code = finished;
  };
  for (const register of commands) register(program, context, finish);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return reportError(error, context, program.opts<{ verbose?: boolean }>().verbose ?? false);
  }
};

const line = (stream: NodeJS.WriteStream) => (text: string) => {
  stream.write(`${text}\n`);
};

/** The real process: colour on a terminal alone, credentials and variables from the environment. */
export const runFromProcess = async (): Promise<void> => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error; // `caretaker journal | head` is no failure
  });
  process.exitCode = await main(process.argv.slice(2), {
    out: line(process.stdout),
    err: line(process.stderr),
    colors: pc.createColors(pc.isColorSupported && process.stdout.isTTY === true),
    clock: systemClock,
    user: userInfo().username,
    connect: (stackName) => connect(stackName, { environment: process.env, clock: systemClock }),
    inspect: () => createInspector(describeStack),
  });
};

if (import.meta.main) await runFromProcess();
