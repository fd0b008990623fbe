import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as fc from 'fast-check';
import type { CollectedTest, Collection } from './globals.ts';
import { COLLECTION } from './globals.ts';

/**
 * The tests and what they test, loaded into this process. A mutant of something that is worked out while a module
 * loads (a table, a constant) shows only in modules that are loaded while it is active: then everything of the
 * project is loaded once more, under addresses that differ by a number.
 */
export interface Environment {
  /** Loads the test files that reach one of `sources` (absolute paths), or all, and answers their tests. */
  load(sources?: readonly string[]): Promise<readonly CollectedTest[]>;
  /**
   * Whether a module keeps what the code of that source has answered (absolute path). What is kept from before hides a
   * mutant, and what a mutant leaves there speaks against the next one: both need modules of their own.
   */
  isKept(source: string): boolean;
}

export interface TestFiles {
  /** Folder of the project. */
  readonly root: string;
  /** Patterns of paths below it. */
  readonly tests: readonly string[];
  readonly except: readonly string[];
}

const GLOBALS = new URL('globals.ts', import.meta.url).href;
const IMPORTED = /(?:^|\s)(?:from|import) '(\.[^']+)'/g;
/** What a module has empty when it is loaded, or can set anew. Stryker writes long types over several lines. */
const KEEPS = /^(?:export )?(?:let |const \w+ = new (?:Weak)?(?:Map|Set)\b[^(]*\(\);)/m;

/** Which modules of the project reach which, read from their texts. */
const createGraph = () => {
  const imports = new Map<string, readonly string[]>();
  const importsOf = (path: string): readonly string[] => {
    const known = imports.get(path);
    if (known !== undefined) return known;
    const found = [...readFileSync(path, 'utf8').matchAll(IMPORTED)].map(([, specifier = '']) =>
      resolve(dirname(path), specifier),
    );
    imports.set(path, found);
    return found;
  };
  const reaches = (from: string, wanted: ReadonlySet<string>, seen = new Set<string>()): boolean => {
    if (wanted.has(from)) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return importsOf(from).some((next) => reaches(next, wanted, seen));
  };
  const reachedFrom = (from: readonly string[]): ReadonlySet<string> => {
    const found = new Set(from);
    // A set grows while it is walked through.
    for (const path of found) for (const next of importsOf(path)) found.add(next);
    return found;
  };
  return { reaches, reachedFrom };
};

export const createEnvironment = (options: TestFiles): Environment => {
  const { root } = options;
  const rootUrl = `${pathToFileURL(root).href}/`;
  const files = globSync([...options.tests], { cwd: root, exclude: [...options.except] })
    .map((file) => resolve(root, file))
    .sort();
  const graph = createGraph();
  const keepers = [...graph.reachedFrom(files)].filter((path) => KEEPS.test(readFileSync(path, 'utf8')));
  let round = 0;

  // The same cases at every mutant: a law that fails now and then would say nothing.
  fc.configureGlobal({ seed: 1 });

  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const found =
        specifier === '@jest/globals'
          ? { url: GLOBALS, shortCircuit: true }
          : nextResolve(specifier, context);
      const own = found.url.startsWith(rootUrl) && !found.url.includes('/node_modules/');
      return own ? { ...found, url: `${found.url.split('?')[0]}?round=${round}` } : found;
    },
  });

  return {
    load: async (sources) => {
      round++;
      const collection: Collection = { file: '', tests: [] };
      Reflect.set(globalThis, COLLECTION, collection);
      const wanted = sources === undefined ? undefined : new Set(sources);
      for (const path of files) {
        if (wanted !== undefined && !graph.reaches(path, wanted)) continue;
        collection.file = relative(root, path);
        await import(`${pathToFileURL(path).href}?round=${round}`);
      }
      return collection.tests;
    },
    isKept: (source) => keepers.some((path) => graph.reaches(path, new Set([source]))),
  };
};
