import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { build as bundle } from 'esbuild';
import type { Config } from '../functions/index.ts';
import { automations } from '../functions/index.ts';
import type { AutomationId } from '../shared/core/verdict.ts';
import { builtinsAsTheyAre, englishOnly, pureSchemas, TRACING_FILE, tracerApart } from './esbuild-plugins.ts';

export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/** How a bundle is made: what CDK deploys, and what every test that says "bundle" runs. */
export const bundleOptions: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  mainFields: ['module', 'main'], // the SDK's ES modules: without this a bundle is three times as large
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [pureSchemas, englishOnly, tracerApart, builtinsAsTheyAre],
};

export interface BuiltBundle {
  readonly automation: AutomationId;
  readonly directory: string;
  readonly bytes: number;
  /** Names that the bundle exports: one handler per entry. */
  readonly exports: readonly string[];
}

/** What a function's code is: all that is beside its configuration. */
export const CODE: readonly string[] = ['index.mjs', TRACING_FILE];

/** `tracing.mjs` beside every bundle: it is the same for all. */
const buildTracer = async (directories: readonly string[]): Promise<void> => {
  const { outputFiles } = await bundle({
    ...bundleOptions,
    entryPoints: [join(projectRoot, 'shared/runtime/tracer.ts')],
    outfile: TRACING_FILE,
    absWorkingDir: projectRoot,
    write: false,
  });
  for (const directory of directories) {
    for (const { contents } of outputFiles) await writeFile(join(directory, TRACING_FILE), contents);
  }
};

const writeConfig = (directory: string, config: Config): Promise<void> =>
  writeFile(join(directory, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);

/** The same bundles with another configuration beside each; `out` may be where they are. */
export const configureBundles = async (options: {
  from: string;
  config: Config;
  out: string;
}): Promise<void> => {
  for (const { id } of automations) {
    const directory = join(options.out, id);
    await mkdir(directory, { recursive: true });
    if (resolve(options.from, id) !== resolve(directory)) {
      for (const file of CODE) await cp(join(options.from, id, file), join(directory, file));
    }
    await writeConfig(directory, options.config);
  }
};

/**
 * Writes `OUT/<automation>/index.mjs`, `tracing.mjs` and `config.json` for every automation. One run of esbuild for all of
 * them: what they share is parsed once, and each still gets a bundle of its own.
 */
export const buildBundles = async (options: {
  config: Config;
  out: string;
}): Promise<readonly BuiltBundle[]> => {
  const out = resolve(options.out);
  const directoryOf = (id: AutomationId) => join(out, id);
  for (const { id } of automations) {
    await rm(directoryOf(id), { recursive: true, force: true });
    await mkdir(directoryOf(id), { recursive: true });
  }
  const { metafile } = await bundle({
    ...bundleOptions,
    entryPoints: automations.map(({ id }) => ({
      in: join(projectRoot, 'functions', id, 'handler.ts'),
      out: `${id}/index`,
    })),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: projectRoot,
  });
  await buildTracer(automations.map(({ id }) => directoryOf(id)));
  const outputs = new Map(
    Object.entries(metafile?.outputs ?? {}).map(([file, output]) => [resolve(projectRoot, file), output]),
  );
  return Promise.all(
    automations.map(async ({ id }) => {
      const directory = directoryOf(id);
      await writeConfig(directory, options.config);
      const output = outputs.get(join(directory, 'index.mjs'));
      return { automation: id, directory, bytes: output?.bytes ?? 0, exports: output?.exports ?? [] };
    }),
  );
};
