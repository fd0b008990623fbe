import { configJsonSchema } from './schema.ts';

interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  /** What stands under keys of the user's own. */
  readonly additionalProperties?: Part | boolean;
  readonly items?: Part;
}

const partAt = (part: Part | undefined, segment: string | number): Part | undefined => {
  if (typeof segment === 'number') return part?.items;
  const { properties = {}, additionalProperties } = part ?? {};
  if (Object.hasOwn(properties, segment)) return properties[segment];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
};

/** The keys that may stand at a path of caretaker.yaml, in the order of the schema; none where it names none. */
export const allowedKeysAt = (path: readonly (string | number)[]): readonly string[] =>
  Object.keys(path.reduce<Part | undefined>(partAt, configJsonSchema())?.properties ?? {});
