import { describe, expect, it } from '@jest/globals';
import LongestFirst from '../../runner/sequencer.ts';

const files = (...names: string[]) => names.map((name) => ({ path: `/project/${name}` }));
const SOME = files(
  'test/unit/shared/a.test.ts',
  'test/infra/stack.test.ts',
  'test/e2e/spot-drain.test.ts',
  'test/unit/shared/b.test.ts',
  'test/e2e/spot-drain.kills.test.ts',
);

describe('the order of test files', () => {
  it('begins with those that take long, and keeps the others as they came', () => {
    expect(new LongestFirst().sort(SOME)).toEqual(
      files(
        'test/e2e/spot-drain.kills.test.ts',
        'test/e2e/spot-drain.test.ts',
        'test/infra/stack.test.ts',
        'test/unit/shared/a.test.ts',
        'test/unit/shared/b.test.ts',
      ),
    );
  });

  it('gives each file to one part', () => {
    const parts = [1, 2].map((shardIndex) => new LongestFirst().shard(SOME, { shardIndex, shardCount: 2 }));
    expect(parts.flat()).toHaveLength(SOME.length);
    expect(new Set(parts.flat())).toEqual(new Set(SOME));
  });
});
