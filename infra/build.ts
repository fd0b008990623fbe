import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { build as bundle } from 'esbuild';
import type { Config } from '../functions/index.ts';
import { automations } from '../functions/index.ts';
import type { AutomationId } from '../shared/core/verdict.ts';
import { englishOnly, pureSchemas } from './esbuild-plugins.ts';

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
  plugins: [pureSchemas, englishOnly],
  // Some CommonJS dependencies of the tracer call require(), which ES modules do not have.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
};

export interface BuiltBundle {
  readonly automation: AutomationId;
  readonly directory: string;
  readonly bytes: number;
  /** Names that the bundle exports: one handler per entry. */
  readonly exports: readonly string[];
}

/** Writes `OUT/<automation>/index.mjs` and `config.json` for every automation. */
export const buildBundles = async (options: {
  config: Config;
  out: string;
}): Promise<readonly BuiltBundle[]> =>
  Promise.all(
    automations.map(async ({ id }) => {
      const directory = join(options.out, id);
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
      const { metafile } = await bundle({
        ...bundleOptions,
        entryPoints: [join(projectRoot, 'functions', id, 'handler.ts')],
        outfile: join(directory, 'index.mjs'),
        absWorkingDir: projectRoot,
      });
      await writeFile(join(directory, 'config.json'), `${JSON.stringify(options.config, null, 2)}\n`);
      const [output] = Object.values(metafile?.outputs ?? {});
      return { automation: id, directory, bytes: output?.bytes ?? 0, exports: output?.exports ?? [] };
    }),
  );
