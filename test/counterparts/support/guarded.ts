import { fileURLToPath } from 'node:url';

const GUARDIAN = fileURLToPath(new URL('guardian.ts', import.meta.url));

/**
 * Arguments for Node to run a command under a guardian (guardian.ts says what that is), which needs a pipe as its standard
 * input. `niceness`: 0 to 19, how far the command gives way to others. `folder` goes with it where it is ended.
 */
export const guarded = (
  command: readonly string[],
  { niceness = 0, folder = '' }: { readonly niceness?: number; readonly folder?: string } = {},
): readonly string[] => [GUARDIAN, String(niceness), folder, ...command];
