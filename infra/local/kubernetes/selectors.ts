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

const textOf = ({ key, operator, values = [] }: Requirement): string => {
  const list = `(${values.toSorted().join(',')})`;
  switch (operator) {
    case 'In':
      return `${key} in ${list}`;
    case 'NotIn':
      return `${key} notin ${list}`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
};

/** As a label selector is written in a query, by key. */
export const selectorText = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map((one) => ({ key: one.key, text: textOf(one) })),
  ]
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ text }) => text)
    .join(',');

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
      const match = /^([^!=]*)(!=|==|=)(.*)$/.exec(term);
      if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = match;
      const known =
        field === 'metadata.name' ||
        (field === 'metadata.namespace' && definition.namespaced) ||
        definition.fields.includes(field);
      if (!known) throw unsupported(definition, field);
      return { field, value, equal: operator !== '!=' };
    });

/** Who reported an event: the old field, or the new one where that is empty. */
const sourceOf = (event: KubeObject): string =>
  fieldOf(event, 'source.component') || fieldOf(event, 'reportingComponent');

/** The value at a dotted path as a field selector compares it: absent is empty. */
export const fieldOf = (object: KubeObject, path: string): string => {
  if (path === 'source' && object.kind === 'Event') return sourceOf(object);
  let value: unknown = object;
  for (const part of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  }
  if (path === 'spec.unschedulable' || path === 'spec.hostNetwork') return String(value === true);
  return typeof value === 'string' ? value : '';
};

export const meetsFields = (object: KubeObject, requirements: readonly FieldRequirement[]): boolean =>
  requirements.every(({ field, value, equal }) => (fieldOf(object, field) === value) === equal);
