import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Report } from './report.ts';
import { shown } from './report.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const ATTRIBUTES = ':@';
const TEXT = '#text';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
});

/** As the parser gives them with `preserveOrder`: one key that is the element's name, and one for its attributes. */
type Parsed = Readonly<Record<string, unknown>>;

const elementsOf = (parsed: readonly Parsed[]): readonly XmlElement[] =>
  parsed.flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES);
    if (name === undefined || name === TEXT) return [];
    const content = node[name] as readonly Parsed[];
    return [
      {
        name,
        attributes: (node[ATTRIBUTES] ?? {}) as Readonly<Record<string, string>>,
        children: elementsOf(content),
        text: content.map((part) => (TEXT in part ? String(part[TEXT]) : '')).join(''),
      },
    ];
  });

/** The root of a document; reports what is no XML. */
export const parseXml = (body: Buffer, report: Report): XmlElement | undefined => {
  const text = body.toString('utf8');
  const root =
    XMLValidator.validate(text) === true ? elementsOf(parser.parse(text) as readonly Parsed[])[0] : undefined;
  if (root === undefined) report.add('body', `is not XML: ${shown(text)}`);
  return root;
};

export const childOf = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((child) => child.name === name);
