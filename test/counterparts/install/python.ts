import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pythonFolder, requirements, versions } from './places.ts';
import type { Tool } from './tools.ts';
import { output, run } from './tools.ts';

export const pythonTool: Tool = {
  name: 'Python',
  command: 'python3',
  args: ['--version'],
  atLeast: versions.python,
  neededFor: 'moto, ministack and the AWS CLI',
  hint: 'Install it from https://www.python.org/downloads/ or your distribution.',
};

/** Distributions split this off, and only making an environment would tell. */
export const venvComplaint = (): string | undefined =>
  spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0
    ? undefined
    : "Python's venv and ensurepip are needed for moto, ministack and the AWS CLI (Debian, Ubuntu: the package python3-venv).";

/** moto, ministack, the AWS CLI and with it botocore's models, in an environment of their own from PyPI. */
export const installPython = async (): Promise<Readonly<Record<string, string>>> => {
  if (!existsSync(pythonFolder)) await make();
  const code = 'import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), "data"))';
  return {
    COUNTERPARTS_BIN: join(pythonFolder, 'bin'),
    BOTOCORE_DATA: output(join(pythonFolder, 'bin', 'python'), ['-c', code]).trim(),
  };
};

/** Scripts in an environment hold its path, so it cannot be renamed: the finished one gets a link. */
const make = async (): Promise<void> => {
  const folder = `${pythonFolder}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    await run('python3', ['-m', 'venv', folder]);
    const pip = join(folder, 'bin', 'pip');
    await run(pip, ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]);
    symlinkSync(folder, pythonFolder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Another installation was first with the same thing.
    if (!existsSync(pythonFolder)) throw error;
  }
};
