import type * as z from 'zod/mini';

type ZodIssue = z.core.$ZodIssue;

/** Where in the document, and what is wrong there. */
export interface ConfigurationIssue {
  readonly path: readonly (string | number)[];
  readonly found: string;
  readonly allowed: string;
}

export interface IssueProblem extends Omit<ConfigurationIssue, 'path'> {
  readonly path: string;
  readonly segments: readonly (string | number)[];
}

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (current, key) =>
      current !== null && typeof current === 'object'
        ? (current as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );

/** A value as a person wrote it, cut to one line. */
export const describeValue = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

const allowedByIssue = (issue: ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `a value of type ${issue.expected}`;
    case 'invalid_value':
      return issue.values.map((value) => describeValue(value)).join(', ');
    case 'too_small':
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_format':
      return `text of the form ${issue.pattern ?? issue.format}`;
    default:
      return issue.message;
  }
};

/** `clusters[0].name`, as people read it. */
export const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );

/**
 * zod's issues as problems with path, what was found and what is allowed; unknown keys one by one, with those that
 * `keysAt` knows for that place.
 */
export const problemsOf = (
  issues: readonly ZodIssue[],
  document: unknown,
  keysAt: (path: readonly (string | number)[]) => readonly string[] = () => [],
): IssueProblem[] =>
  issues.flatMap((issue) => {
    const path = issue.path as (string | number)[];
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(path);
      return issue.keys.map((key) => ({
        path: formatPath([...path, key]),
        segments: [...path, key],
        found: 'an unknown key',
        allowed: known.length === 0 ? 'only the keys that the schema names' : `one of ${known.join(', ')}`,
      }));
    }
    const custom = issue.message !== '' && issue.message !== 'Invalid input';
    return [
      {
        path: formatPath(path),
        segments: path,
        found: describeValue(at(document, path)),
        allowed: custom ? issue.message : allowedByIssue(issue),
      },
    ];
  });
