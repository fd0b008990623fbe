import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changedFiles, gitIn, mutateFor } from '../../mutation/changed.ts';

describe('what is mutated after a change', () => {
  it.each<[string, readonly string[], readonly string[]]>([
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
        'test/unit/shared/drain/step.laws.test.ts',
        'test/e2e/shared/drain/x.ts',
      ],
      [],
    ],
  ])('%s', (_, there, patterns) => {
    expect(mutateFor({ there, deleted: [] })).toEqual(patterns);
  });

  it('is everything beside a test that was deleted, and nothing of a source that was', () => {
    const deleted = ['test/unit/shared/drain/step.test.ts', 'functions/ecr-rescan/decide/due.ts'];
    expect(mutateFor({ there: [], deleted })).toEqual(['shared/drain/**/*.ts']);
  });
});

describe('the files that have changed', () => {
  let folder: string;
  const git = (repository: string, ...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: join(folder, repository),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  const write = (repository: string, path: string, text = path) => {
    mkdirSync(dirname(join(folder, repository, path)), { recursive: true });
    writeFileSync(join(folder, repository, path), text);
  };
  const commit = (repository: string, message: string) => {
    git(repository, 'add', '-A');
    git(repository, 'commit', '-q', '-m', message);
    return git(repository, 'rev-parse', 'HEAD');
  };
  const clone = (name: string, ...options: readonly string[]) =>
    git('.', 'clone', '-q', ...options, pathToFileURL(join(folder, 'main')).href, name);
  const changedIn = (repository: string, since?: string) =>
    changedFiles({ since, ask: gitIn(join(folder, repository)) });

  let first: string;
  let last: string;

  /** Three commits: both sources, then b changes and a goes, then c comes. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'caretaker-changed-'));
    mkdirSync(join(folder, 'main'));
    git('main', 'init', '-q', '-b', 'main');
    write('main', 'a.ts');
    write('main', 'b.ts');
    first = commit('main', 'first');
    rmSync(join(folder, 'main', 'a.ts'));
    write('main', 'b.ts', 'changed');
    commit('main', 'second');
    write('main', 'c.ts');
    last = commit('main', 'third');
    clone('fresh');
    clone('headless');
    git('headless', 'remote', 'set-head', 'origin', '--delete');
    clone('shallow', '--depth', '1');
    clone('branch');
    git('branch', 'checkout', '-q', '-b', 'topic', first);
    write('branch', 'd.ts');
    commit('branch', 'fourth');
    write('branch', 'e.ts');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['main', 'fresh', 'headless'])(
    'are those of the last commit on the main line (%s)',
    (repository) => {
      expect(changedIn(repository)).toMatchObject({ there: ['c.ts'], deleted: [] });
    },
  );

  it('are those since the branch left the main line, the ones not committed too', () => {
    expect(changedIn('branch')).toEqual({ base: first, there: ['d.ts', 'e.ts'], deleted: [] });
  });

  it('are those since a commit that is named', () => {
    expect(changedIn('fresh', first)).toEqual({ base: first, there: ['b.ts', 'c.ts'], deleted: ['a.ts'] });
  });

  it('are those since the branch left the line of a commit that is named', () => {
    expect(changedIn('branch', last)).toMatchObject({ base: first });
  });

  it('are those of the last commit where nobody knows the one that is named', () => {
    expect(changedIn('fresh', '0'.repeat(40))).toMatchObject({ there: ['c.ts'] });
  });

  it.each(['shallow', '.'])('are not known without an earlier commit (%s)', (repository) => {
    expect(changedIn(repository)).toBeUndefined();
  });
});
