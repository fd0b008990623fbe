import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of the table in test/counterparts/README.md. */
export interface Row {
  readonly suite: string;
  readonly behaviour: string;
  /** What either side did, in words that stay the same from run to run: no ports, ids or times. */
  readonly embedded: string;
  readonly counterpart: string;
  /** Why they differ comes with the source that says which one is right. */
  readonly verdict: 'same' | { readonly differs: string };
}

/** Folder that the rows of a run are collected in; set by main.ts. */
export const ROWS_VARIABLE = 'CARETAKER_CONTRACT_ROWS';

/** Hands a row to the run that this suite is part of. Outside of a run (one suite by hand) it is dropped. */
export const row = (result: Row): void => {
  const folder = process.env[ROWS_VARIABLE];
  if (folder === undefined || folder === '') return;
  appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify(result)}\n`);
};
