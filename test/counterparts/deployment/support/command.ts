import { spawn } from 'node:child_process';
import { guarded } from '../../support/guarded.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly withinSeconds: number;
}

const TAIL_CHARACTERS = 1_500;

/**
 * Runs a command to its end. It and everything that it started is killed when it takes longer than it may, or
 * when this process ends first. Rejects when it is late; an exit code is the caller's to judge.
 */
export const runCommand = (spec: Command): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const { command, args, cwd, env, withinSeconds } = spec;
    const guardian = spawn(process.execPath, guarded([command, ...args]), {
      cwd,
      env: { ...env },
      // A signal to the group of this process would end the guardian before what it guards.
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    let late = false;
    guardian.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    guardian.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const timer = setTimeout(() => {
      late = true;
      guardian.stdin.end();
    }, withinSeconds * 1000);
    guardian.once('error', reject);
    guardian.once('close', (code) => {
      clearTimeout(timer);
      if (late)
        reject(
          new Error(
            `${command} ${args.join(' ')}: not done within ${withinSeconds} s. Its last words:\n${(stdout + stderr).slice(-TAIL_CHARACTERS)}`,
          ),
        );
      else resolve({ code: code ?? 1, stdout, stderr });
    });
  });

/** The same, and throws with the last words where the exit code is not 0. */
export const runOrThrow = async (spec: Command): Promise<CommandResult> => {
  const result = await runCommand(spec);
  if (result.code === 0) return result;
  throw new Error(
    `${spec.command} ${spec.args.join(' ')} ended with ${result.code}:\n${(result.stdout + result.stderr).slice(-TAIL_CHARACTERS)}`,
  );
};
