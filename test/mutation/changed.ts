import { spawnSync } from 'node:child_process';

/** Sources whose mutants are tested, and the tests that stand beside them. */
const SOURCE = /^(functions\/[^/]+\/decide\/|shared\/drain\/).*\.ts$/;
const TEST = /^test\/unit\/(functions\/[^/]+\/decide|shared\/drain)\/(?!.*\.laws\.test\.ts$)/;

/** Paths below the project. */
export interface Changed {
  /** New or different. */
  readonly there: readonly string[];
  readonly deleted: readonly string[];
}

/**
 * What has to be mutated after a change: changed sources, and of a changed or deleted test everything that it stands
 * beside (it may kill less than before). Patterns for Stryker.
 */
export const mutateFor = ({ there, deleted }: Changed): readonly string[] => {
  const folders = [...there, ...deleted].flatMap((path) => TEST.exec(path)?.[1] ?? []);
  const sources = there.filter((path) => SOURCE.test(path));
  const alone = sources.filter((path) => !folders.some((folder) => path.startsWith(`${folder}/`)));
  return [...new Set([...folders.map((folder) => `${folder}/**/*.ts`), ...alone])].sort();
};

type Git = (...args: readonly string[]) => string | undefined;

/** Undefined where git refuses (no such commit, no repository) or is not there. */
export const gitIn =
  (folder: string): Git =>
  (...args) => {
    const { status, stdout } = spawnSync('git', args, { encoding: 'utf8', cwd: folder });
    return status === 0 ? stdout.trim() : undefined;
  };

const commit = (ask: Git, name: string): string | undefined =>
  ask('rev-parse', '--verify', '--quiet', `${name}^{commit}`);

/**
 * The commit to compare with: the one that is named, or else where the branch left the main line, or else the one
 * before. A clone may lack each of them: of a clone of one commit none is there.
 */
const baseOf = (ask: Git, since: string | undefined): string | undefined => {
  const named = since === undefined ? undefined : commit(ask, since);
  if (named !== undefined) return ask('merge-base', 'HEAD', named) ?? named;
  const fork = ask('merge-base', 'HEAD', 'origin/HEAD');
  return fork !== undefined && fork !== commit(ask, 'HEAD') ? fork : commit(ask, 'HEAD~1');
};

const lines = (text: string | undefined): readonly string[] =>
  (text ?? '').split('\n').filter((path) => path !== '');

/** The files that differ from the base, those included that are not committed. Undefined without a base. */
export const changedFiles = (
  options: { readonly since?: string | undefined; readonly ask?: Git } = {},
): (Changed & { readonly base: string }) | undefined => {
  const { since, ask = gitIn('.') } = options;
  const base = baseOf(ask, since);
  if (base === undefined) return undefined;
  const differing = (filter: string) =>
    lines(ask('diff', '--name-only', '--no-renames', `--diff-filter=${filter}`, base));
  return {
    base,
    there: [...differing('d'), ...lines(ask('ls-files', '--others', '--exclude-standard'))],
    deleted: differing('D'),
  };
};
