import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../../functions/index.ts';
import { buildBundles, configureBundles, projectRoot } from '../../../infra/build.ts';
import { parseConfig } from '../../../infra/load-config.ts';
import { COMPILE_CACHE } from '../../../infra/local/runtime/function-process.ts';

/** What is bundled does not depend on it. */
const ANY_CONFIG = 'version: 1\nclusters:\n  - name: staging\n';

const SOURCES = ['functions', 'shared', 'infra/build.ts', 'infra/esbuild-plugins.ts', 'package-lock.json'];

const filesUnder = async (path: string): Promise<readonly string[]> => {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  const nested = await Promise.all(names.sort().map((name) => filesUnder(join(path, name))));
  return nested.flat();
};

/** Of everything that a bundle is made of: what was built of the same sources is what would be built now. */
const contentKey = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const file of await filesUnder(join(projectRoot, source)))
      hash.update(file).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
};

const PREFIX = 'eks-caretaker-bundles-';
const KEPT_MS = 86_400_000;

const removeWhereOld = async (path: string): Promise<void> => {
  // Another Jest worker may have been here before.
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && found.mtimeMs < Date.now() - KEPT_MS)
    await rm(path, { recursive: true, force: true });
};

/** What earlier sources were bundled and compiled to, once nobody can still be using it. */
const removeOld = async (): Promise<void> => {
  const bundles = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  const compiled = existsSync(COMPILE_CACHE) ? await filesUnder(COMPILE_CACHE) : [];
  for (const path of [...bundles.map((name) => join(tmpdir(), name)), ...compiled])
    await removeWhereOld(path);
};

const build = async (): Promise<string> => {
  const folder = join(tmpdir(), `${PREFIX}${await contentKey()}`);
  if (existsSync(folder)) return folder;
  await removeOld();
  const unfinished = `${folder}.${randomUUID()}`;
  await buildBundles({ config: parseConfig(ANY_CONFIG, 'caretaker.yaml'), out: unfinished });
  try {
    await rename(unfinished, folder);
  } catch (error) {
    // Another Jest worker was first with the same thing.
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
};

let built: Promise<string> | undefined;

/** For `beforeAll`: the first scene of a run does not have to wait for the build. */
export const buildOnce = (): Promise<string> => {
  built ??= build();
  return built;
};

const configure = async (config: Config, folder: string): Promise<void> => {
  const unfinished = `${folder}.${randomUUID()}`;
  await configureBundles({ from: await buildOnce(), config, out: unfinished });
  try {
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
};

/**
 * A folder as `caretaker build` writes it: the code and `config.json` for each automation. The sources are bundled once
 * per content, and configured once per configuration, for all test files and runs: where the code lies is
 * the name under which Node keeps it compiled. Nobody may change what is in it.
 */
export const bundlesFor = async (config: Config): Promise<string> => {
  const key = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
  const folder = `${await buildOnce()}-${key}`;
  if (!existsSync(folder)) await configure(config, folder);
  const now = new Date();
  await utimes(folder, now, now);
  return folder;
};

let taken = 0;
const givenBack: string[] = [];

/** A folder of bundles that is the caller's alone until it gives it back. */
export interface TakenBundles {
  readonly folder: string;
  giveBack(): void;
}

/**
 * The same for one scene after the other: a process needs few folders, however many configurations its scenes have, so
 * Node compiles a bundle once and not for each of them. The files of one scene are over when the folder is given back.
 */
export const takeBundles = async (config: Config): Promise<TakenBundles> => {
  const built = await buildOnce();
  const known = givenBack.pop();
  const folder = known ?? `${built}-${process.pid}-${++taken}`;
  await configureBundles({ from: known ?? built, config, out: folder });
  return { folder, giveBack: () => void givenBack.push(folder) };
};
