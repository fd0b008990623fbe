import { expect } from 'expect';
import { fn } from 'jest-mock';

/**
 * What stands in for `@jest/globals` while mutants are tested: the tables and laws of the decisions are plain
 * functions, so they run within one process instead of a Jest run for each mutant (measured: 1.6 CPU seconds there,
 * milliseconds here). What is not here, such as `jest.unstable_mockModule`, cannot be imported, and the run says so.
 */

export interface CollectedTest {
  /** File, titles, number within the file. */
  readonly id: string;
  readonly file: string;
  /** Where the test stands, from 1 on: Stryker sees by it which tests have changed. */
  readonly startPosition?: { readonly line: number; readonly column: number };
  run(): Promise<void>;
}

export interface Collection {
  /** Relative to the project; set by whoever imports a test file. */
  file: string;
  readonly tests: CollectedTest[];
}

const collection = (): Collection => {
  const found: unknown = Reflect.get(globalThis, COLLECTION);
  if (found === undefined) throw new Error('a test file is imported outside of a mutation run');
  return found as Collection;
};

/** Where the runner keeps it: test files are imported again and again, this module with them. */
export const COLLECTION = Symbol.for('eks-caretaker.mutation.collection');

type Hook = () => unknown;
interface Block {
  readonly titles: readonly string[];
  readonly before: Hook[];
  readonly after: Hook[];
  readonly parent: Block | undefined;
}

let block: Block = { titles: [], before: [], after: [], parent: undefined };

const chain = (of: Block): readonly Block[] => (of.parent === undefined ? [of] : [...chain(of.parent), of]);

/** Laws walk through hundreds of cases, and are left out as `*.laws.test.ts` are. */
const LAWS = /^laws of /;

const addBlock = (title: string, body: () => void): void => {
  if (LAWS.test(title)) return;
  const outer = block;
  block = { titles: [...outer.titles, title], before: [], after: [], parent: outer };
  try {
    body();
  } finally {
    block = outer;
  }
};

/** Of the call in the test file that is on the stack now. */
const positionIn = (file: string): Pick<CollectedTest, 'startPosition'> => {
  const frame = new Error().stack?.split('\n').find((line) => line.includes(file));
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame ?? '') ?? [];
  return line === undefined ? {} : { startPosition: { line: Number(line), column: Number(column) } };
};

const addTest = (title: string, body: () => unknown): void => {
  const { file, tests } = collection();
  const blocks = chain(block);
  // Within its file: which other files are loaded differs from run to run.
  const number = tests.filter((known) => known.file === file).length + 1;
  tests.push({
    id: `${file} > ${[...block.titles, title].join(' > ')} #${number}`,
    file,
    ...positionIn(file),
    run: async () => {
      try {
        for (const { before } of blocks) for (const hook of before) await hook();
        await body();
      } finally {
        for (const { after } of blocks.toReversed()) for (const hook of after) await hook();
      }
    },
  });
};

type Body = (...values: readonly never[]) => unknown;

const each =
  (add: (title: string, body: () => unknown) => void) =>
  (table: readonly unknown[]) =>
  (title: string, body: Body): void => {
    for (const row of table) {
      const values = Array.isArray(row) ? row : [row];
      add(title, () => Reflect.apply(body, undefined, values));
    }
  };

export const describe = Object.assign(addBlock, { each: each(addBlock) });
export const it = Object.assign(addTest, { each: each(addTest) });
export const test = it;
export const beforeEach = (hook: Hook): void => void block.before.push(hook);
export const afterEach = (hook: Hook): void => void block.after.push(hook);
export const jest = { fn };
export { expect };
