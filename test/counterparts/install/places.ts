import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));

/** The pins: what is installed, and the tools that it takes (major.minor). */
export interface Versions {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly kwok: string;
  readonly go: string;
  readonly python: string;
  readonly moto: string;
  readonly ministack: string;
  readonly awscli: string;
}

export const versions = JSON.parse(readFileSync(join(here, 'versions.json'), 'utf8')) as Versions;

/** Go's main package that the control plane is built from. */
export const goSource = join(here, 'control-plane');
export const requirements = join(here, 'requirements.txt');

const digest = (files: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 10);
};

/** Outside the project, so that clones share it; another content gets another folder. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eks-caretaker', 'counterparts');

export const kubernetesFolder = join(
  cache,
  `kubernetes-${versions.kubernetes}-kwok-${versions.kwok}-${digest(
    ['main.go', 'go.mod', 'go.sum'].map((name) => join(goSource, name)),
  )}`,
);

export const pythonFolder = join(cache, `python-${digest([requirements])}`);
