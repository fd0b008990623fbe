import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * The AWS SDK lists the schemas of all its operations as top-level arrays with computed keys, which keep
 * esbuild from dropping the unused ones. Wrapped in calls marked as pure, they drop: EC2 shrinks from
 * 831 KiB to 308.
 */
export const pureSchemas: Plugin = {
  name: 'pure-schemas',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]dist-es[\\/].*schemas[\\/]schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: wrapArrays(source), loader: 'js' };
    });
  },
};

/** Wraps every top-level `name = [...]` of a schema file, found by the bracket that closes it. */
export const wrapArrays = (source: string): string => {
  const start = /^(\s*(?:export )?(?:var|const|let) )?([A-Za-z_$][\w$]*\$?) = \[/gm;
  let result = '';
  let position = 0;
  for (let match = start.exec(source); match !== null; match = start.exec(source)) {
    const open = match.index + match[0].length - 1;
    const close = closingBracket(source, open);
    if (close === -1) continue;
    result += `${source.slice(position, open)}/* @__PURE__ */ (() => ${source.slice(open, close + 1)})()`;
    position = close + 1;
    start.lastIndex = position;
  }
  return result + source.slice(position);
};

const closingBracket = (source: string, open: number): number => {
  let depth = 0;
  let quote = '';
  for (let index = open; index < source.length; index += 1) {
    const character = source[index];
    if (quote !== '') {
      if (character === '\\') index += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'" || character === '`') quote = character;
    else if (character === '[') depth += 1;
    else if (character === ']') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
};

/** zod brings its messages in forty languages; the product speaks one. */
export const englishOnly: Plugin = {
  name: 'english-only',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/** The file beside each bundle that holds the tracer. */
export const TRACING_FILE = 'tracing.mjs';

/** Leaves the tracer in a file of its own: most invocations are not sampled and never load it. */
export const tracerApart: Plugin = {
  name: 'tracer-apart',
  setup: (build) => {
    build.onResolve({ filter: /[\\/]tracer\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${TRACING_FILE}`, external: true } : undefined,
    );
  },
};

/**
 * Takes Node's own modules as `require` does. Importing one as an ES module reads every getter that it has; one of
 * `node:http` loads all of undici, a fifth of a function's start.
 */
export const builtinsAsTheyAre: Plugin = {
  name: 'builtins-as-they-are',
  setup: (build) => {
    const namespace = 'builtin';
    build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
