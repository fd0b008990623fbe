import type { Ref, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { member } from './report.ts';
import type { Value } from './scalars.ts';
import { fromText } from './scalars.ts';

/** Parameters such as `Filter.1.Value.2=x`, by their dots. */
interface Node {
  text?: string;
  readonly children: Map<string, Node>;
}

const treeOf = (form: URLSearchParams, report: Report): Node => {
  const root: Node = { children: new Map() };
  for (const [name, text] of form) {
    let node = root;
    for (const step of name.split('.')) {
      const next = node.children.get(step) ?? { children: new Map() };
      node.children.set(step, next);
      node = next;
    }
    if (node.text !== undefined) report.add(name, 'comes twice');
    node.text = text;
  }
  return root;
};

const capitalised = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** Reads the form of a query or EC2 request by the model. Source of the names: the protocols' pages of smithy.io. */
export const createFormReader = (model: ServiceModel, report: Report) => {
  const isEc2 = model.metadata.protocol === 'ec2';

  const wireName = (name: string, ref: Ref): string => {
    if (isEc2) return ref.queryName ?? capitalised(ref.locationName ?? name);
    return ref.locationName ?? name;
  };

  const read = (ref: Ref, node: Node, where: string): Value | undefined => {
    const shape = shapeOf(model, ref);
    switch (shape.type) {
      case 'structure':
        return structure(shape, node, where);
      case 'list':
        return list(shape, node, where);
      case 'map':
        return map(shape, node, where);
      default:
        if (node.text !== undefined && node.children.size === 0)
          return fromText(shape, node.text, { where, report, timestamp: 'iso8601' });
        report.add(where, `has parameters below it and is a ${shape.type}`);
        return undefined;
    }
  };

  /** The numbered parameters below a list or map, which have to be 1, 2, 3 and so on. */
  const numbered = (node: Node | undefined, where: string): readonly Node[] => {
    const sorted = [...(node?.children ?? [])].sort(([left], [right]) => Number(left) - Number(right));
    for (const [index, [key]] of sorted.entries())
      if (key !== String(index + 1)) report.add(member(where, key), `is not number ${index + 1} of the list`);
    return sorted.map(([, child]) => child);
  };

  /** The step that a protocol puts between a list or map and its numbers. */
  const below = (node: Node, step: string | undefined, where: string): Node | undefined => {
    if (step === undefined) return node;
    for (const key of node.children.keys())
      if (key !== step) report.add(member(where, key), `is unknown: the model has ${step} here`);
    return node.children.get(step);
  };

  const list = (shape: Shape, node: Node, where: string): Value => {
    const step = isEc2 || shape.flattened ? undefined : (shape.member?.locationName ?? 'member');
    return numbered(below(node, step, where), where).flatMap((item, index) => {
      const value = shape.member && read(shape.member, item, `${where}[${index}]`);
      return value === undefined ? [] : [value];
    });
  };

  const map = (shape: Shape, node: Node, where: string): Value => {
    const { key, value } = shape;
    if (key === undefined || value === undefined) throw new Error('a map of the model has no key or value');
    const step = shape.flattened ? undefined : 'entry';
    return Object.fromEntries(
      numbered(below(node, step, where), where).flatMap((entry) => {
        const name = entry.children.get(key.locationName ?? 'key')?.text;
        const found = entry.children.get(value.locationName ?? 'value');
        if (name === undefined || found === undefined) {
          report.add(where, 'has an entry without key or value');
          return [];
        }
        const item = read(value, found, `${where}[${JSON.stringify(name)}]`);
        return item === undefined ? [] : [[name, item]];
      }),
    );
  };

  const structure = (shape: Shape, node: Node, where: string): { readonly [name: string]: Value } => {
    const values: Record<string, Value> = {};
    const names = new Set<string>();
    for (const [name, ref] of membersOf(shape)) {
      const key = wireName(name, ref);
      names.add(key);
      const found = node.children.get(key);
      const value = found === undefined ? undefined : read(ref, found, member(where, name));
      if (value !== undefined) values[name] = value;
    }
    for (const key of node.children.keys())
      if (!names.has(key)) report.add(member(where, key), 'is no member of the model');
    return values;
  };

  return {
    /** The members of a request, without the protocol's own `Action` and `Version`. */
    members: (shape: Shape, form: URLSearchParams) => {
      const own = new URLSearchParams([...form].filter(([name]) => name !== 'Action' && name !== 'Version'));
      return structure(shape, treeOf(own, report), '');
    },
  };
};
