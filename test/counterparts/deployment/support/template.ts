import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface TemplateResource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** What the CDK synthesised. */
export interface Template {
  readonly resources: ReadonlyMap<string, TemplateResource>;
  /** Folder of a function's code, by function name. */
  assetOf(functionName: string): string;
  /** Functions by name that have the property. */
  functionsWith(property: string): readonly string[];
  /** Types of what is kept when the stack goes, sorted. */
  readonly retained: readonly string[];
}

export const readTemplate = (cdkOut: string, stackName: string): Template => {
  const text = readFileSync(join(cdkOut, `${stackName}.template.json`), 'utf8');
  const { Resources } = JSON.parse(text) as { Resources: Record<string, TemplateResource> };
  const resources = new Map(Object.entries(Resources));
  const functions = [...resources.values()].filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return {
    resources,
    functionsWith: (property) =>
      functions
        .filter(({ Properties }) => Properties?.[property] !== undefined)
        .map(({ Properties }) => String(Properties?.FunctionName)),
    retained: [...resources.values()]
      .filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain')
      .map(({ Type }) => Type)
      .sort(),
    assetOf: (functionName) => {
      const found = functions.find(({ Properties }) => Properties?.FunctionName === functionName);
      const path = found?.Metadata?.['aws:asset:path'];
      if (typeof path !== 'string') throw new Error(`the template has no function ${functionName}`);
      return join(cdkOut, path);
    },
  };
};

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
