import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions, projectRoot } from '../../infra/build.ts';
import { builtinsAsTheyAre } from '../../infra/esbuild-plugins.ts';

/** Names that are imported as values, by package. */
export type ClientImports = ReadonlyMap<string, ReadonlySet<string>>;

/** `import { A, B as C } from '@aws-sdk/client-x'`, not `import type`. */
const IMPORT = /^import \{([^}]*)\} from '(@aws-sdk\/client-[a-z0-9-]+)';/gm;

export const clientImportsOf = (sources: readonly string[]): ClientImports => {
  const found = new Map<string, Set<string>>();
  for (const source of sources) {
    for (const [, names = '', name = ''] of source.matchAll(IMPORT)) {
      const known = found.get(name) ?? new Set<string>();
      for (const one of names.split(',')) {
        const imported = one.trim().split(' as ')[0] ?? '';
        if (imported !== '') known.add(imported);
      }
      found.set(name, known);
    }
  }
  return found;
};

/** A module that has the same classes of the same packages, and nothing else. */
export const clientModule = (imports: ClientImports): string =>
  [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, names]) => `export { ${[...names].sort().join(', ')} } from '${name}';\n`)
    .join('');

/**
 * Writes a bundle of the AWS clients and commands that an automation's bundle holds: what cannot be saved without
 * leaving AWS's SDK. Made with the same options; `importsBuiltins` makes it import Node's own modules as ES modules, as
 * esbuild does where nobody tells it otherwise. Answers its size in bytes.
 */
export const bundleClientsOf = async (
  automation: string,
  outfile: string,
  { importsBuiltins }: { readonly importsBuiltins: boolean },
): Promise<number> => {
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: [join(projectRoot, 'functions', automation, 'handler.ts')],
    absWorkingDir: projectRoot,
    write: false,
    outfile,
  });
  const own = Object.keys(metafile?.inputs ?? {}).filter((file) => /^(functions|shared)\//.test(file));
  const contents = clientModule(
    clientImportsOf(own.map((file) => readFileSync(join(projectRoot, file), 'utf8'))),
  );
  const made = await build({
    ...bundleOptions,
    plugins: (bundleOptions.plugins ?? []).filter(
      (plugin) => !(importsBuiltins && plugin === builtinsAsTheyAre),
    ),
    stdin: { contents, resolveDir: projectRoot },
    absWorkingDir: projectRoot,
    outfile,
  });
  return Object.values(made.metafile?.outputs ?? {})[0]?.bytes ?? 0;
};
