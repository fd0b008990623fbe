import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folder of one `npm run test:contract`, which goes with everything in it however the run ends. */
export const FOLDER_VARIABLE = 'CARETAKER_CONTRACT_FOLDER';

/** A folder of its own: of the run where there is one, of the system otherwise. Whoever asks for it removes it. */
export const temporaryFolder = (name: string): string => {
  const of = process.env[FOLDER_VARIABLE];
  return mkdtempSync(join(of === undefined || of === '' ? tmpdir() : of, `caretaker-${name}-`));
};
