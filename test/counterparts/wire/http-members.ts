import type { Ref, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import type { Value } from './scalars.ts';
import { fromText } from './scalars.ts';

export type Members = Readonly<Record<string, Value>>;

type Headers = Readonly<Record<string, string>>;

/** Reads members that are no part of a body: of the path, the query string, the headers and the status. */
export const createHttpReader = (model: ServiceModel, report: Report) => {
  const headerValue = (ref: Ref, text: string, where: string): Value | undefined => {
    const shape = shapeOf(model, ref);
    if (shape.type !== 'list') return fromText(shape, text, { where, report, timestamp: 'rfc822' });
    const item = shape.member && shapeOf(model, shape.member);
    if (item === undefined) throw new Error('a list of the model has no member');
    return text
      .split(',')
      .flatMap((part) => fromText(item, part.trim(), { where, report, timestamp: 'rfc822' }) ?? []);
  };

  const headers = (shape: Shape, found: Headers): Members => {
    const values: Record<string, Value> = {};
    for (const [name, ref] of membersOf(shape)) {
      const wireName = (ref.locationName ?? name).toLowerCase();
      if (ref.location === 'header' && found[wireName] !== undefined) {
        const value = headerValue(ref, found[wireName], name);
        if (value !== undefined) values[name] = value;
      }
      if (ref.location === 'headers') {
        const own = Object.entries(found).filter(([header]) => header.startsWith(wireName));
        if (own.length > 0)
          values[name] = Object.fromEntries(
            own.map(([header, text]) => [header.slice(wireName.length), text]),
          );
      }
    }
    return values;
  };

  /** Names of headers, or beginnings of names, that the shape binds. */
  const bindsHeader = (shape: Shape | undefined, header: string): boolean =>
    shape !== undefined &&
    membersOf(shape).some(([name, { location, locationName = name }]) =>
      location === 'headers'
        ? header.startsWith(locationName.toLowerCase())
        : location === 'header' && header === locationName.toLowerCase(),
    );

  const labels = (shape: Shape, found: Readonly<Record<string, string>>): Members =>
    Object.fromEntries(
      membersOf(shape).flatMap(([name, ref]) => {
        const text = ref.location === 'uri' ? found[ref.locationName ?? name] : undefined;
        if (text === undefined) return [];
        const value = fromText(shapeOf(model, ref), text, { where: name, report, timestamp: 'iso8601' });
        return value === undefined ? [] : [[name, value]];
      }),
    );

  const queryValue = (ref: Ref, texts: readonly string[], where: string): Value | undefined => {
    const shape = shapeOf(model, ref);
    const item = shape.type === 'list' && shape.member ? shapeOf(model, shape.member) : shape;
    const values = texts.flatMap(
      (text) => fromText(item, text, { where, report, timestamp: 'iso8601' }) ?? [],
    );
    if (shape.type === 'list') return values;
    if (texts.length > 1) report.add(where, `comes ${texts.length} times in the query string`);
    return values[0];
  };

  /** `known` are parameters that are no members. */
  const query = (shape: Shape | undefined, found: URLSearchParams, known: ReadonlySet<string>): Members => {
    const values: Record<string, Value> = {};
    const names = new Set(known);
    for (const [name, ref] of shape === undefined ? [] : membersOf(shape)) {
      const wireName = ref.locationName ?? name;
      if (ref.location !== 'querystring' || known.has(wireName)) continue;
      names.add(wireName);
      const value = found.has(wireName) ? queryValue(ref, found.getAll(wireName), name) : undefined;
      if (value !== undefined) values[name] = value;
    }
    for (const name of new Set(found.keys()))
      if (!names.has(name)) report.add(`query ${name}`, 'is no member of the model');
    return values;
  };

  const status = (shape: Shape, code: number): Members =>
    Object.fromEntries(
      membersOf(shape).flatMap(([name, { location }]) => (location === 'statusCode' ? [[name, code]] : [])),
    );

  return { headers, bindsHeader, labels, query, status };
};
