import type { KubeObject, LabelSelector, Requirement } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import { badRequest } from './status.ts';

type Labels = Readonly<Record<string, string>>;

/** One requirement on labels; operators as in `metav1.LabelSelectorRequirement` and node selectors. */
const meets = (labels: Labels, { key, operator, values = [] }: Requirement): boolean => {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
};

export const meetsAll = (labels: Labels | undefined, requirements: readonly Requirement[]): boolean =>
  requirements.every((requirement) => meets(labels ?? {}, requirement));

/** An object's selector as a test of labels: empty matches everything, absent nothing. */
export const compileSelector = (
  selector: LabelSelector | undefined,
): ((labels: Labels | undefined) => boolean) => {
  if (selector === undefined) return () => false;
  const pairs = Object.entries(selector.matchLabels ?? {});
  const { matchExpressions = [] } = selector;
  return (labels) =>
    pairs.every(([key, value]) => labels?.[key] === value) && meetsAll(labels, matchExpressions);
};

export const selects = (selector: LabelSelector | undefined, labels: Labels | undefined): boolean =>
  compileSelector(selector)(labels);

const tokenPattern = /\s*(notin\b|in\b|[A-Za-z0-9][A-Za-z0-9_./-]*|==|!=|=|!|,|\(|\)|>|<|\S)/gy;

/** `a=b,c in (d,e),!f`: apimachinery's pkg/labels. Throws BadRequest. */
export const parseLabelSelector = (text: string): readonly Requirement[] => {
  const tokens = [...text.matchAll(tokenPattern)].flatMap((match) => match[1] ?? []);
  const requirements: Requirement[] = [];
  const wrong = (found: string | undefined, expected: string) =>
    badRequest(`unable to parse requirement: found '${found ?? ''}', expected: ${expected}`);
  const word = (expected: string): string => {
    const token = tokens.shift();
    if (token === undefined || !/^[A-Za-z0-9]/.test(token)) throw wrong(token, expected);
    return token;
  };
  const list = (): string[] => {
    const open = tokens.shift();
    if (open !== '(') throw badRequest(`unable to parse requirement: found '${open ?? ''}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      values.push(tokens[0] === ',' || tokens[0] === ')' ? '' : word("',', ')' or identifier"));
      const next = tokens.shift();
      if (next === ')') return values;
      if (next !== ',') throw wrong(next, "',' or ')'");
    }
  };
  /** A value may be left out: `a=` asks for the empty label. */
  const value = (): string => (tokens[0] === undefined || tokens[0] === ',' ? '' : word('identifier'));

  while (tokens.length > 0) {
    if (tokens[0] === '!') {
      tokens.shift();
      requirements.push({ key: word('identifier'), operator: 'DoesNotExist' });
    } else {
      const key = word("!, identifier, or ','");
      const operator = tokens[0] === undefined || tokens[0] === ',' ? undefined : tokens.shift();
      if (operator === undefined) requirements.push({ key, operator: 'Exists' });
      else if (operator === '=' || operator === '==') {
        requirements.push({ key, operator: 'In', values: [value()] });
      } else if (operator === '!=') requirements.push({ key, operator: 'NotIn', values: [value()] });
      else if (operator === 'in') requirements.push({ key, operator: 'In', values: list() });
      else if (operator === 'notin') requirements.push({ key, operator: 'NotIn', values: list() });
      else if (operator === '>') requirements.push({ key, operator: 'Gt', values: [value()] });
      else if (operator === '<') requirements.push({ key, operator: 'Lt', values: [value()] });
      else throw wrong(operator, 'in, notin, =, ==, !=, gt, lt');
    }
    const comma = tokens.shift();
    if (comma !== undefined && (comma !== ',' || tokens.length === 0))
      throw wrong(comma, "',' or 'end of string'");
  }
  return requirements;
};

export interface FieldRequirement {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/** Kinds of the core group with fields of their own word the refusal in their own way. */
const unsupported = (definition: ResourceDefinition, field: string) =>
  badRequest(
    definition.group === '' && definition.fields.length > 0
      ? `field label not supported: ${field}`
      : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );

/** `status.phase=Failed,metadata.name!=a`: apimachinery's pkg/fields. Throws BadRequest. */
export const parseFieldSelector = (
  text: string,
  definition: ResourceDefinition,
): readonly FieldRequirement[] =>
  text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const match = /^([^!=]+)(!=|==|=)(.*)$/.exec(term);
      if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = match;
      const known =
        field === 'metadata.name' ||
        (field === 'metadata.namespace' && definition.namespaced) ||
        definition.fields.includes(field);
      if (!known) throw unsupported(definition, field);
      return { field, value, equal: operator !== '!=' };
    });

/** The value at a dotted path as a field selector compares it: absent is empty. */
export const fieldOf = (object: KubeObject, path: string): string => {
  let value: unknown = object;
  for (const part of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  }
  if (path === 'spec.unschedulable') return String(value === true);
  return typeof value === 'string' ? value : '';
};

export const meetsFields = (object: KubeObject, requirements: readonly FieldRequirement[]): boolean =>
  requirements.every(({ field, value, equal }) => (fieldOf(object, field) === value) === equal);
