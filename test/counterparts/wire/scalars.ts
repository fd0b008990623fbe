import type { Shape } from './model.ts';
import type { Report } from './report.ts';
import { shown } from './report.ts';

/** A value by the model, in the model's member names. */
export type Value =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | readonly Value[]
  | { readonly [name: string]: Value };

export const isMembers = (value: Value | undefined): value is { readonly [name: string]: Value } =>
  typeof value === 'object' &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array);

export type TimestampFormat = NonNullable<Shape['timestampFormat']>;

const TEXT_FORMS: Readonly<Record<TimestampFormat, RegExp>> = {
  iso8601: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  rfc822: /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  unixTimestamp: /^\d+(\.\d+)?$/,
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const timestampIn = (text: string, format: TimestampFormat): Date | undefined => {
  if (!TEXT_FORMS[format].test(text)) return undefined;
  const date = new Date(format === 'unixTimestamp' ? Number(text) * 1000 : text);
  return Number.isNaN(date.getTime()) ? undefined : date;
};

const readers: Readonly<Record<string, (text: string, format: TimestampFormat) => Value | undefined>> = {
  string: (text) => text,
  character: (text) => text,
  integer: (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  long: (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  float: (text) => (text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)),
  double: (text) => (text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)),
  boolean: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
  blob: (text) => (BASE64.test(text) ? Buffer.from(text, 'base64') : undefined),
  timestamp: timestampIn,
};

/** A scalar written as text: in XML, a form, a header, a path or a query string. */
export const fromText = (
  shape: Shape,
  text: string,
  options: { readonly where: string; readonly report: Report; readonly timestamp: TimestampFormat },
): Value | undefined => {
  const value = readers[shape.type]?.(text, shape.timestampFormat ?? options.timestamp);
  if (value === undefined) options.report.add(options.where, `${shown(text)} is not a ${shape.type}`);
  return value;
};

/** A scalar in JSON. Timestamps are numbers there: seconds since 1970, with a fraction. */
export const fromJsonScalar = (shape: Shape, json: unknown, at: { where: string; report: Report }) => {
  const wrong = (): undefined => {
    at.report.add(at.where, `${shown(json)} is not a ${shape.type}`);
    return undefined;
  };
  const { type, timestampFormat = 'unixTimestamp' } = shape;
  switch (type) {
    case 'boolean':
      return typeof json === 'boolean' ? json : wrong();
    case 'integer':
    case 'long':
      return typeof json === 'number' && Number.isInteger(json) ? json : wrong();
    case 'float':
    case 'double':
      return typeof json === 'number' ? json : wrong();
    case 'timestamp': {
      const isText = typeof json === 'string' && timestampFormat !== 'unixTimestamp';
      const isNumber = typeof json === 'number' && timestampFormat === 'unixTimestamp';
      return isText || isNumber
        ? fromText(shape, String(json), { ...at, timestamp: timestampFormat })
        : wrong();
    }
    default:
      return typeof json === 'string' ? fromText(shape, json, { ...at, timestamp: 'iso8601' }) : wrong();
  }
};
