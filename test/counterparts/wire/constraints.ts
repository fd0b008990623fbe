import type { Ref, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { member, shown } from './report.ts';
import type { Value } from './scalars.ts';
import { isMembers } from './scalars.ts';

const compiled = new Map<string, RegExp | undefined>();

/**
 * The model's pattern as AWS applies it, to the whole value. They are written for Java; undefined where it means
 * nothing to JavaScript.
 */
export const patternOf = (source: string): RegExp | undefined => {
  if (!compiled.has(source)) {
    const forms = ['u', ''].flatMap((flags) => {
      try {
        return [new RegExp(`^(?:${source})$`, flags)];
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return [];
      }
    });
    compiled.set(source, forms[0]);
  }
  return compiled.get(source);
};

const sizeOf = (value: Value): { readonly size: number; readonly unit: string } | undefined => {
  if (typeof value === 'number') return { size: value, unit: '' };
  if (typeof value === 'string') return { size: [...value].length, unit: ' characters' };
  if (value instanceof Uint8Array) return { size: value.length, unit: ' bytes' };
  if (Array.isArray(value)) return { size: value.length, unit: ' items' };
  return isMembers(value) ? { size: Object.keys(value).length, unit: ' entries' } : undefined;
};

/**
 * Reports what a value breaks of the model's rules: required members, enums, lengths, ranges, patterns.
 * With `mayBeEmpty` a list or map may have no items whatever its least: answers share shapes with requests, and AWS
 * sends them empty (`"UnprocessedItems": {}` in DynamoDB's API reference, BatchWriteItem, example 1; `"tags": {}` in
 * the EKS user guide's output of describe-nodegroup).
 */
export const createConstraintCheck = (
  model: ServiceModel,
  report: Report,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
) => {
  const bounds = (shape: Shape, value: Value, where: string): void => {
    const { size, unit } = sizeOf(value) ?? { size: 0, unit: '' };
    const bare = value instanceof Uint8Array ? '' : `${shown(value)} `;
    const given = unit === '' ? shown(value) : `${bare}has ${size}${unit} and`;
    const isCollection = shape.type === 'list' || shape.type === 'map';
    // What could not be read is not counted, so a list that has a problem already may seem too short.
    if (isCollection && ((size === 0 && mayBeEmpty) || report.has(where))) return;
    if (shape.min !== undefined && size < shape.min)
      report.add(where, `${given} is below the least, ${shape.min}`);
    if (shape.max !== undefined && size > shape.max)
      report.add(where, `${given} is above the most, ${shape.max}`);
  };

  const text = (shape: Shape, value: string, where: string): void => {
    if (shape.enum !== undefined && !shape.enum.includes(value))
      report.add(where, `${shown(value)} is not one of ${shape.enum.join(', ')}`);
    if (shape.pattern === undefined) return;
    const pattern = patternOf(shape.pattern);
    if (pattern === undefined) report.add(where, `the model's pattern ${shape.pattern} cannot be read`);
    else if (!pattern.test(value)) report.add(where, `${shown(value)} does not match ${shape.pattern}`);
  };

  const structure = (shape: Shape, value: { readonly [name: string]: Value }, where: string): void => {
    for (const name of shape.required ?? [])
      if (value[name] === undefined && !report.has(member(where, name)))
        report.add(member(where, name), 'is required and missing');
    if (shape.union && Object.keys(value).length !== 1)
      report.add(where, `is one of several by the model and has ${Object.keys(value).length} members`);
    for (const [name, ref] of membersOf(shape)) {
      const found = value[name];
      if (found !== undefined) check(ref, found, member(where, name));
    }
  };

  const check = (ref: Pick<Ref, 'shape'>, value: Value, where: string): void => {
    const shape = shapeOf(model, ref);
    if (shape.type === 'structure') {
      if (isMembers(value)) structure(shape, value, where);
      return;
    }
    if (!(value instanceof Date) && typeof value !== 'boolean') bounds(shape, value, where);
    if (typeof value === 'string') text(shape, value, where);
    if (Array.isArray(value) && shape.member !== undefined)
      for (const [index, item] of value.entries()) check(shape.member, item, `${where}[${index}]`);
    if (shape.type === 'map' && isMembers(value))
      for (const [key, item] of Object.entries(value)) {
        if (shape.key !== undefined) check(shape.key, key, `${where} key`);
        if (shape.value !== undefined) check(shape.value, item, `${where}[${JSON.stringify(key)}]`);
      }
  };

  return { check };
};
