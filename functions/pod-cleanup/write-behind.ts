import type { Settled } from './settle.ts';
import { settle, unsettle } from './settle.ts';

/** One piece of work at a time that goes on beside the work that it is about. */
export interface WriteBehind {
  /** Waits for the piece before, throws its failure, and begins this one. */
  begin(work: () => Promise<void>): Promise<void>;
  /** Waits for the last piece; throws its failure. */
  end(): Promise<void>;
}

/** The journal and the bus take as long for a page as its deletes: they are told of it while the next one is deleted. */
export const createWriteBehind = (): WriteBehind => {
  let last: Promise<Settled<void>> = Promise.resolve({ value: undefined });
  const end = async (): Promise<void> => {
    const settled = await last;
    last = Promise.resolve({ value: undefined });
    unsettle(settled);
  };
  return {
    begin: async (work) => {
      await end();
      last = settle(work());
    },
    end,
  };
};
