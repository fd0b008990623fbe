import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Node's own loader for test files, so that a package is loaded once in a worker and not once for each file, and runs
 * where the product's code will: Jest's registry costs ten times as much for the CDK or a client of AWS.
 * The project's modules are loaded anew for each test file, under addresses that end in its number, so that none
 * sees the state another has left behind. Packages are shared: whoever changes one (`mockClient`) puts it back.
 */

const MARK = /\?file=\d+$/;
const MARKS = /\?file=\d+/g;
const JEST_GLOBALS = '@jest/globals';
const GIVEN = Symbol.for('eks-caretaker.test.globals');
const NAMES = 'afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest, test';

const stripped = new Map<string, string>();

/** JavaScript with every line and column where it was. */
const sourceOf = (path: string): string => {
  const known = stripped.get(path);
  if (known !== undefined) return known;
  const source = stripTypeScriptTypes(readFileSync(path, 'utf8'));
  stripped.set(path, source);
  return source;
};

const markOf = (url: string | undefined): string | undefined => MARK.exec(url ?? '')?.[0];

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const mark = markOf(context.parentURL);
    if (mark === undefined) return nextResolve(specifier, context);
    if (specifier === JEST_GLOBALS) return { url: `${JEST_GLOBALS}:${mark}`, shortCircuit: true };
    if (!specifier.startsWith('.') || !specifier.endsWith('.ts')) return nextResolve(specifier, context);
    return { url: `${new URL(specifier, context.parentURL).href}${mark}`, shortCircuit: true };
  },
  load: (url, context, nextLoad) => {
    if (markOf(url) === undefined) return nextLoad(url, context);
    const source = url.startsWith(JEST_GLOBALS)
      ? `export const { ${NAMES} } = globalThis[Symbol.for('${GIVEN.description}')];`
      : sourceOf(fileURLToPath(url));
    return { format: 'module', source, shortCircuit: true };
  },
});

let files = 0;

/** Loads a test file, which finds `globals` in `@jest/globals`. */
export const loadTestFile = async (path: string, globals: object): Promise<void> => {
  files++;
  Reflect.set(globalThis, GIVEN, globals);
  await import(`${pathToFileURL(path).href}?file=${files}`);
};

/** The text as if no address had a number: an editor finds the file, and Jest shows its lines. */
export const withoutMarks = (text: string): string => text.replaceAll(MARKS, '');
