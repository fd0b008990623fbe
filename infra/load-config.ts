import { readFileSync } from 'node:fs';
import type { Document } from 'yaml';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Config } from '../functions/index.ts';
import { checkConfig, configSchema } from '../functions/index.ts';
import { formatPath, problemsOf } from '../shared/core/config-problems.ts';
import type { ConfigurationProblem } from '../shared/core/errors.ts';
import { ConfigurationError } from '../shared/core/errors.ts';
import { allowedKeysAt } from './config/allowed-keys.ts';

type Segments = readonly (string | number)[];

/** Offset in the file of what lies at a path: the key for an entry of a map, the nearest parent for what is missing. */
const offsetOf = (document: Document, segments: Segments): number | undefined => {
  const last = segments.at(-1);
  const parentPath = segments.slice(0, -1);
  const parent = document.getIn(parentPath, true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
    if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0];
  }
  const node = document.getIn(segments, true);
  if (typeof node === 'object' && node !== null && 'range' in node) {
    return (node as { range?: [number, number, number] | null }).range?.[0];
  }
  return segments.length === 0 ? undefined : offsetOf(document, parentPath);
};

/**
 * Parses and validates the text of a caretaker.yaml. Throws ConfigurationError with every problem at once,
 * each with its path, its line, what was found and what is allowed.
 */
export const parseConfig = (text: string, name: string): Config => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [first] = document.errors;
  if (first !== undefined) {
    throw new ConfigurationError(
      `${name} is no valid YAML`,
      document.errors.map((error) => ({
        path: '',
        line: lines.linePos(error.pos[0]).line,
        found: error.message,
        allowed: 'valid YAML',
      })),
      { cause: first },
    );
  }
  const raw: unknown = document.toJS() ?? {};
  const withLine = (segments: Segments, found: string, allowed: string): ConfigurationProblem => {
    const offset = offsetOf(document, segments);
    return {
      path: formatPath(segments),
      ...(offset === undefined ? {} : { line: lines.linePos(offset).line }),
      found,
      allowed,
    };
  };
  const parsed = configSchema.safeParse(raw);
  const problems = parsed.success
    ? checkConfig(parsed.data).map(({ path, found, allowed }) => withLine(path, found, allowed))
    : problemsOf(parsed.error.issues, raw, allowedKeysAt).map(({ segments, found, allowed }) =>
        withLine(segments, found, allowed),
      );
  if (!parsed.success || problems.length > 0) {
    throw new ConfigurationError(`${name} has ${problems.length} problem(s); nothing was built`, problems);
  }
  return parsed.data;
};

/** Reads a caretaker.yaml from disk. Throws ConfigurationError, also when the file cannot be read. */
export const loadConfigFile = (file: string): Config => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigurationError(
      `${file} could not be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}); name the file with --config`,
      [],
      { cause },
    );
  }
  return parseConfig(text, file);
};
