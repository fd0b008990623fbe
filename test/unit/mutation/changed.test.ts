import { describe, expect, it } from '@jest/globals';
import { changedFiles, mutateFor } from '../../mutation/changed.ts';

describe('what is mutated after a change', () => {
  it.each([
    ['of a decision', ['functions/ecr-rescan/decide/due.ts'], ['functions/ecr-rescan/decide/due.ts']],
    [
      'of decisions in folders below',
      ['functions/cluster-upgrade/decide/checks/skew.ts'],
      ['functions/cluster-upgrade/decide/checks/skew.ts'],
    ],
    ['of the drain', ['shared/drain/step.ts'], ['shared/drain/step.ts']],
    [
      'of a test: everything beside it',
      ['test/unit/functions/ecr-rescan/decide/due.test.ts', 'functions/ecr-rescan/decide/due.ts'],
      ['functions/ecr-rescan/decide/**/*.ts'],
    ],
    [
      'of a test of the drain and of a decision elsewhere',
      ['test/unit/shared/drain/step.test.ts', 'functions/ecr-rescan/decide/due.ts'],
      ['functions/ecr-rescan/decide/due.ts', 'shared/drain/**/*.ts'],
    ],
    [
      'of anything else: nothing',
      [
        'README.md',
        'functions/ecr-rescan/run.ts',
        'functions/ecr-rescan/decide/README.md',
        'shared/core/store.ts',
        'test/unit/functions/ecr-rescan/run.test.ts',
        'test/e2e/shared/drain/x.ts',
      ],
      [],
    ],
  ])('%s', (_, changed, patterns) => {
    expect(mutateFor(changed)).toEqual(patterns);
  });
});

describe('the files that have changed', () => {
  const repository = (answers: Readonly<Record<string, string>>) => {
    const asked: string[] = [];
    const git = (...args: readonly string[]) => {
      asked.push(args.join(' '));
      return answers[args.join(' ')];
    };
    return { git, asked };
  };
  const listing = {
    'ls-files --others --exclude-standard': 'new.ts',
    'rev-parse HEAD': 'c3',
    'rev-parse --verify --quiet HEAD~1': 'c2',
  };

  it('are those since the branch left the main line, the ones not committed too', () => {
    const { git } = repository({
      ...listing,
      'merge-base HEAD origin/HEAD': 'c1',
      'diff --name-only --diff-filter=d c1': 'a.ts\nb.ts',
    });
    expect(changedFiles(git)).toEqual(['a.ts', 'b.ts', 'new.ts']);
  });

  it.each([
    ['on the main line itself', { 'merge-base HEAD origin/HEAD': 'c3' }],
    ['where there is no other line', {}],
  ])('are those of the last commit %s', (_, more) => {
    const { git } = repository({ ...listing, ...more, 'diff --name-only --diff-filter=d c2': 'a.ts' });
    expect(changedFiles(git)).toEqual(['a.ts', 'new.ts']);
  });

  it('are not known without an earlier commit', () => {
    const { git, asked } = repository({ 'rev-parse HEAD': 'c1' });
    expect(changedFiles(git)).toBeUndefined();
    expect(asked).not.toContainEqual(expect.stringContaining('diff'));
  });

  it('are asked of git itself', () => {
    expect(changedFiles()).toBeInstanceOf(Array);
  });
});
