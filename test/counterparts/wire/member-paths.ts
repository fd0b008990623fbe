import type { Ref, ServiceModel } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Value } from './scalars.ts';
import { isMembers } from './scalars.ts';

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** Every member below a shape: `Reservations.Instances.State.Name`. Lists and maps add nothing to a path. */
export const modelPaths = (model: ServiceModel, ref: Pick<Ref, 'shape'>): readonly string[] => {
  const walk = (inner: Pick<Ref, 'shape'>, path: string, within: readonly string[]): readonly string[] => {
    const shape = shapeOf(model, inner);
    // A shape inside of itself (DynamoDB's values) is gone into once.
    if (within.includes(inner.shape)) return [];
    const inside = [...within, inner.shape];
    const items = [shape.member, shape.value].flatMap((item) => (item ? walk(item, path, inside) : []));
    const members = membersOf(shape).flatMap(([name, next]) => [
      join(path, name),
      ...walk(next, join(path, name), inside),
    ]);
    return [...items, ...members];
  };
  return walk(ref, '', []);
};

/** The members that a value has, by the same names. */
export const valuePaths = (
  model: ServiceModel,
  ref: Pick<Ref, 'shape'>,
  value: Value,
): ReadonlySet<string> => {
  const paths = new Set<string>();
  const walk = (inner: Pick<Ref, 'shape'>, found: Value, path: string): void => {
    const shape = shapeOf(model, inner);
    const { member: item, value: entry } = shape;
    if (item !== undefined && Array.isArray(found)) for (const one of found) walk(item, one, path);
    if (!isMembers(found)) return;
    if (entry !== undefined) for (const one of Object.values(found)) walk(entry, one, path);
    for (const [name, next] of membersOf(shape)) {
      const one = found[name];
      if (one === undefined) continue;
      paths.add(join(path, name));
      walk(next, one, join(path, name));
    }
  };
  walk(ref, value, '');
  return paths;
};
