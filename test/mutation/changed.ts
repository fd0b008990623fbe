import { spawnSync } from 'node:child_process';

/** Sources whose mutants are tested, and the tests that stand beside them. */
const SOURCE = /^(functions\/[^/]+\/decide\/|shared\/drain\/).*\.ts$/;
const TEST = /^test\/unit\/(functions\/[^/]+\/decide|shared\/drain)\//;

/**
 * What has to be mutated after a change of these files: changed sources, and of a changed test everything that it
 * stands beside (it may kill less than before). Patterns for Stryker.
 */
export const mutateFor = (changed: readonly string[]): readonly string[] => {
  const folders = changed.flatMap((path) => TEST.exec(path)?.[1] ?? []);
  const sources = changed.filter((path) => SOURCE.test(path));
  const alone = sources.filter((path) => !folders.some((folder) => path.startsWith(`${folder}/`)));
  return [...new Set([...folders.map((folder) => `${folder}/**/*.ts`), ...alone])].sort();
};

type Git = (...args: readonly string[]) => string | undefined;

/** Undefined where git refuses (no such commit, no repository) or is not there. */
const git: Git = (...args) => {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/** The commit to compare with: where the branch left the main line, or the one before. */
const baseOf = (ask: Git): string | undefined => {
  const head = ask('rev-parse', 'HEAD');
  const fork = ask('merge-base', 'HEAD', 'origin/HEAD');
  return fork !== undefined && fork !== head ? fork : ask('rev-parse', '--verify', '--quiet', 'HEAD~1');
};

/** Files that differ from the base and are there, those included that are not committed. Undefined without a base. */
export const changedFiles = (ask: Git = git): readonly string[] | undefined => {
  const base = baseOf(ask);
  if (base === undefined) return undefined;
  const listed = `${ask('diff', '--name-only', '--diff-filter=d', base) ?? ''}\n${ask('ls-files', '--others', '--exclude-standard') ?? ''}`;
  return listed.split('\n').filter((path) => path !== '');
};
