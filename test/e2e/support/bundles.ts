import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../../functions/index.ts';
import { buildBundles, configureBundles, projectRoot } from '../../../infra/build.ts';
import { parseConfig } from '../../../infra/load-config.ts';

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

/** What earlier sources were bundled to, once nobody can still be using it. */
const removeOld = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (name.startsWith(PREFIX) && (await stat(folder)).mtimeMs < Date.now() - KEPT_MS)
      await rm(folder, { recursive: true, force: true });
  }
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

/**
 * A folder as `caretaker build` writes it: the code and `config.json` for each automation. The sources are bundled
 * once per content, for all test files and runs; the configuration is each caller's own.
 */
export const bundlesFor = async (config: Config): Promise<{ folder: string; remove(): Promise<void> }> => {
  const source = await buildOnce();
  const folder = await mkdtemp(join(tmpdir(), 'eks-caretaker-scene-'));
  await configureBundles({ from: source, config, out: folder });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
};
