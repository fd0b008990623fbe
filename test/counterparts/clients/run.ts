import { spawn } from 'node:child_process';

/** How a client of others ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment but for PATH: nothing of the user's own gets in. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | undefined;
}

/** Below Jest's limit for a test, so that a command that hangs is named. */
const TIMEOUT_MS = 110_000;

/** Runs a command to its end; one that hangs is killed, which its code -1 says. */
export const run = ({ command, args, env, input = '' }: RunSpec): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { PATH: process.env.PATH ?? '', ...env } });
    const limit = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({ code: code ?? -1, ...output });
    });
    // A command that does not read its input may be gone before it is written.
    child.stdin.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error);
    });
    child.stdin.end(input);
  });

/** Standard output of a command that has to succeed. */
export const outputOf = async (running: Promise<Ran>): Promise<string> => {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}${stdout}`);
  return stdout;
};

/** The same as JSON. */
export const jsonOf = async <T>(running: Promise<Ran>): Promise<T> =>
  JSON.parse(await outputOf(running)) as T;

/** Lines of a table as kubectl prints it, by the names in its head. */
export const tableOf = (stdout: string): readonly Readonly<Record<string, string>>[] => {
  const [head = '', ...lines] = stdout.trimEnd().split('\n');
  const columns = [...head.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], from: match.index }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, from }, index) => [name, line.slice(from, columns[index + 1]?.from).trim()]),
    ),
  );
};
