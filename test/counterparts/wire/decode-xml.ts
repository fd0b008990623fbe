import type { Ref, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { member, shown } from './report.ts';
import type { Value } from './scalars.ts';
import { fromText } from './scalars.ts';
import type { XmlElement } from './xml-tree.ts';

/** Reads XML by the model: query, EC2 and S3 answers. */
export const createXmlReader = (model: ServiceModel, report: Report) => {
  const isFlattened = (ref: Ref): boolean => ref.flattened ?? shapeOf(model, ref).flattened ?? false;

  /** Name of a member's element; the items of a flattened list stand in the member's place. */
  const elementName = (name: string, ref: Ref): string => {
    const item = isFlattened(ref) ? shapeOf(model, ref).member?.locationName : undefined;
    return item ?? ref.locationName ?? name;
  };

  const one = (elements: readonly XmlElement[], where: string): XmlElement | undefined => {
    if (elements.length > 1) report.add(where, `comes ${elements.length} times`);
    return elements[0];
  };

  const noText = ({ text }: XmlElement, where: string): void => {
    if (text.trim() !== '') report.add(where, `has text between its elements: ${shown(text)}`);
  };

  const read = (ref: Ref, elements: readonly XmlElement[], where: string): Value | undefined => {
    const shape = shapeOf(model, ref);
    if (shape.type === 'list')
      return items(shape, isFlattened(ref) ? elements : unwrapped(shape, elements, where), where);
    if (shape.type === 'map')
      return entries(shape, isFlattened(ref) ? elements : (one(elements, where)?.children ?? []), where);
    const element = one(elements, where);
    if (element === undefined) return undefined;
    if (shape.type === 'structure') {
      noText(element, where);
      return structure(shape, element.children, where);
    }
    if (element.children.length === 0)
      return fromText(shape, element.text, { where, report, timestamp: 'iso8601' });
    report.add(where, `has elements in it and is a ${shape.type}`);
    return undefined;
  };

  const unwrapped = (shape: Shape, elements: readonly XmlElement[], where: string): readonly XmlElement[] => {
    const itemName = shape.member?.locationName ?? 'member';
    const element = one(elements, where);
    const children = element?.children ?? [];
    if (element !== undefined) noText(element, where);
    for (const child of children)
      if (child.name !== itemName)
        report.add(member(where, child.name), `is no item: the model calls them ${itemName}`);
    return children.filter(({ name }) => name === itemName);
  };

  const items = (shape: Shape, elements: readonly XmlElement[], where: string): Value =>
    elements.flatMap((element, index) => {
      const value = shape.member && read(shape.member, [element], `${where}[${index}]`);
      return value === undefined ? [] : [value];
    });

  const entries = (shape: Shape, elements: readonly XmlElement[], where: string): Value => {
    const { key, value } = shape;
    if (key === undefined || value === undefined) throw new Error('a map of the model has no key or value');
    const part = (element: XmlElement, name: string) =>
      element.children.filter((child) => child.name === name);
    return Object.fromEntries(
      elements.flatMap((element) => {
        const keyRead = read(key, part(element, key.locationName ?? 'key'), `${where} key`);
        const valueRead = read(
          value,
          part(element, value.locationName ?? 'value'),
          `${where}[${String(keyRead)}]`,
        );
        return typeof keyRead === 'string' && valueRead !== undefined ? [[keyRead, valueRead]] : [];
      }),
    );
  };

  /** `known` are further element names of the protocol itself. */
  const structure = (
    shape: Shape,
    elements: readonly XmlElement[],
    where: string,
    known: readonly string[] = [],
  ): { readonly [name: string]: Value } => {
    const values: Record<string, Value> = {};
    const names = new Set(known);
    for (const [name, ref] of membersOf(shape)) {
      if (ref.location !== undefined) continue;
      const wireName = elementName(name, ref);
      names.add(wireName);
      const found = elements.filter((element) => element.name === wireName);
      const value = found.length === 0 ? undefined : read(ref, found, member(where, name));
      if (value !== undefined) values[name] = value;
    }
    for (const element of elements)
      if (!names.has(element.name)) report.add(member(where, element.name), 'is no member of the model');
    return values;
  };

  return { structure };
};
