import type { Ref, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { member, shown } from './report.ts';
import type { Value } from './scalars.ts';
import { fromJsonScalar } from './scalars.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (json: unknown): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** An empty body is an empty object. */
export const parseObject = (body: Buffer, report: Report): JsonObject => {
  if (body.length === 0) return {};
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    if (isJsonObject(json)) return json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  report.add('body', `is not a JSON object: ${shown(body.toString('utf8'))}`);
  return {};
};

/** Reads JSON by the model; what the model does not know, and what has another type, is reported. */
export const createJsonReader = (model: ServiceModel, report: Report) => {
  const read = (ref: Pick<Ref, 'shape'>, json: unknown, where: string): Value | undefined => {
    const shape = shapeOf(model, ref);
    switch (shape.type) {
      case 'structure':
        return isJsonObject(json) ? structure(shape, json, where) : wrong(shape, json, where);
      case 'list':
        return Array.isArray(json) ? list(shape, json, where) : wrong(shape, json, where);
      case 'map':
        return isJsonObject(json) ? map(shape, json, where) : wrong(shape, json, where);
      default:
        return fromJsonScalar(shape, json, { where, report });
    }
  };

  const wrong = ({ type }: Shape, json: unknown, where: string): undefined => {
    report.add(where, `${shown(json)} is not a ${type}`);
    return undefined;
  };

  const structure = (shape: Shape, json: JsonObject, where: string): { readonly [name: string]: Value } => {
    const byWireName = new Map(
      membersOf(shape).flatMap(([name, ref]) =>
        ref.location === undefined ? [[ref.locationName ?? name, { name, ref }] as const] : [],
      ),
    );
    const values: Record<string, Value> = {};
    for (const [wireName, found] of Object.entries(json)) {
      const known = byWireName.get(wireName);
      if (known === undefined) {
        report.add(member(where, wireName), 'is no member of the model');
        continue;
      }
      const value = read(known.ref, found, member(where, known.name));
      if (value !== undefined) values[known.name] = value;
    }
    return values;
  };

  const list = (shape: Shape, json: readonly unknown[], where: string): Value =>
    json.flatMap((item, index) => {
      const value = shape.member && read(shape.member, item, `${where}[${index}]`);
      return value === undefined ? [] : [value];
    });

  const map = (shape: Shape, json: JsonObject, where: string): Value =>
    Object.fromEntries(
      Object.entries(json).flatMap(([key, item]) => {
        const value = shape.value && read(shape.value, item, `${where}[${JSON.stringify(key)}]`);
        return value === undefined ? [] : [[key, value]];
      }),
    );

  return { read, structure };
};
