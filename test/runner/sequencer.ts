/**
 * The order of the test files: those that take long come first, so that at the end no worker is busy for a minute while
 * the others have nothing left. Jest itself goes by the times of an earlier run, which a fresh clone does not have.
 */

/** Parts of paths: what is killed at every call, what is deployed, what starts functions, what synthesises the stack. */
const LONG = [
  'kills.test.ts',
  '/deployment/',
  'faults.contract.ts',
  '/bundles/',
  '/clients/',
  '/e2e/',
  '/mutation/',
  '/test/infra/',
  '.laws.test.ts',
];

interface TestFile {
  readonly path: string;
}

const rankOf = ({ path }: TestFile): number => {
  const rank = LONG.findIndex((part) => path.includes(part));
  return rank === -1 ? LONG.length : rank;
};

/** What Jest asks of a `testSequencer`. */
class LongestFirst {
  sort<T extends TestFile>(files: readonly T[]): T[] {
    return [...files].sort((a, b) => rankOf(a) - rankOf(b));
  }

  shard<T extends TestFile>(files: readonly T[], part: { shardIndex: number; shardCount: number }): T[] {
    return this.sort(files).filter((_, index) => index % part.shardCount === part.shardIndex - 1);
  }

  allFailedTests<T extends TestFile>(files: readonly T[]): T[] {
    return [...files];
  }

  /** No times are kept. */
  cacheResults(): void {}
}

export default LongestFirst;
