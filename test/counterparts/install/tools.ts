import type { SpawnSyncReturns } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';

/** A program that the installation needs and that has to be there already. */
export interface Tool {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The first version that will do, as major.minor. */
  readonly atLeast: string;
  readonly neededFor: string;
  readonly hint: string;
}

type Asked = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>;

const parts = (version: string): readonly number[] => version.split('.').map(Number);

const isAtLeast = (version: string, wanted: string): boolean => {
  const [major = 0, minor = 0] = parts(version);
  const [wantedMajor = 0, wantedMinor = 0] = parts(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
};

/** What is wrong with a tool, as a sentence, or undefined. `answer` is what asking for its version gave. */
export const complaintAbout = (tool: Tool, answer: Asked): string | undefined => {
  const need = `${tool.name} ${tool.atLeast} or newer is needed for ${tool.neededFor}`;
  if (answer.status !== 0) {
    const said = (answer.stderr ?? '').trim().split('\n')[0] ?? '';
    return `${need}: "${tool.command}" cannot be run${said === '' ? '' : ` (${said})`}. ${tool.hint}`;
  }
  const version = /(\d+\.\d+)/.exec(answer.stdout)?.[1];
  if (version === undefined) return `${need}: no version in "${answer.stdout.trim()}". ${tool.hint}`;
  return isAtLeast(version, tool.atLeast) ? undefined : `${need}, this is ${version}. ${tool.hint}`;
};

/** The same for the program that is on this machine's PATH. */
export const complaint = (tool: Tool): string | undefined =>
  complaintAbout(tool, spawnSync(tool.command, tool.args, { encoding: 'utf8' }));

/** Runs a command to its end; what it says goes to standard error, since standard output is the variables'. */
export const run = (
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 2, 2],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`"${command} ${args.join(' ')}" ended with ${signal ?? `exit code ${code}`}`));
    });
  });

/** Standard output of a command. */
export const output = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`"${command} ${args.join(' ')}" ended with exit code ${status}: ${stderr}`);
  return stdout;
};
