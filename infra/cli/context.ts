import type { Command } from 'commander';
import type pc from 'picocolors';
import type { Clock } from '../../shared/core/clock.ts';
import type { Store } from '../../shared/core/store.ts';
import type { Deployment } from './deployment.ts';
import type { Inspector } from './doctor/inspector.ts';
import type { FunctionsPort } from './functions-port.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** What pipelines and scripts rely on; interfaces.md lists the same. */
export const exitCodes = { done: 0, failed: 1, usage: 2, blocked: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A deployment and the services that commands ask about it. */
export interface Connection {
  readonly deployment: Deployment;
  readonly store: Store;
  readonly functions: FunctionsPort;
}

/** Everything a command may touch: given from outside, so that tests see all of it. */
export interface CliContext {
  /** One line, or several, on stdout. Results go here and nothing else does. */
  readonly out: (text: string) => void;
  /** One line, or several, on stderr. */
  readonly err: (text: string) => void;
  readonly colors: Colors;
  readonly clock: Clock;
  /** Whoever runs the command, for records that say who decided. */
  readonly user: string;
  readonly connect: (stackName: string) => Promise<Connection>;
  /** For a look at clusters and stacks before there is a deployment to connect to. */
  readonly inspect: () => Promise<Inspector>;
}

export interface GlobalOptions {
  readonly stack: string;
  readonly verbose?: boolean;
}

/** Adds a command to the program; `finish` takes its exit code. */
export type RegisterCommand = (
  program: Command,
  context: CliContext,
  finish: (code: ExitCode) => void,
) => void;
