import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionDefinition } from '../../../../../infra/local/runtime/function.ts';

export const START = Date.UTC(2026, 10, 20, 22);

/** A folder for bundles of one test file. */
export const temporaryFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'caretaker-test-'));
  return {
    path: folder,
    write: (path: string, source: string): string => {
      const file = join(folder, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, source);
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** A function as the account would deploy it, from one file. */
export const functionOf = (
  entryId: string,
  file: string,
  overrides: Partial<FunctionDefinition> = {},
): FunctionDefinition => ({
  entryId,
  name: `eks-caretaker-${entryId}`,
  arn: `arn:aws:lambda:eu-central-1:123456789012:function:eks-caretaker-${entryId}`,
  description: entryId,
  file,
  handler: 'handler',
  memoryMb: 128,
  timeoutSeconds: 300,
  environment: {},
  ...overrides,
});
