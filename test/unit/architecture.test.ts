import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

/** Relative imports of a file as project paths, packages and node: modules as they are written. */
const importsOf = (file: string, source = readFileSync(join(root, file), 'utf8')): string[] =>
  [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) =>
    specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
  );

const automationOf = (file: string): string | undefined => /^functions\/([^/]+)\//.exec(file)?.[1];

/** Says why an import is not allowed, or undefined. */
const violation = (file: string, imported: string): string | undefined => {
  const isLocal = /^(functions|shared|infra|test)\//.test(imported);
  const isDecide = /^functions\/[^/]+\/decide[./]/.test(file);
  if (isLocal && imported.startsWith('test/')) return 'nothing imports from test';
  if (file.startsWith('shared/') && /^(functions|infra)\//.test(imported))
    return 'shared knows neither functions nor infra';
  if (file.startsWith('shared/core/') && isLocal && !imported.startsWith('shared/core/'))
    return 'core stands alone';
  if (file.startsWith('shared/drain/') && isLocal && !/^shared\/(core|drain)\//.test(imported))
    return 'drain knows core alone';
  if (file.startsWith('functions/') && imported.startsWith('infra/')) return 'functions do not know infra';
  if (
    file !== 'functions/index.ts' &&
    automationOf(file) !== undefined &&
    imported.startsWith('functions/') &&
    automationOf(imported) !== automationOf(file)
  )
    return 'one automation does not know another';
  if (file.startsWith('infra/') && automationOf(imported) !== undefined)
    return 'infra knows functions/index alone';
  if (isDecide && !isLocal && imported.startsWith('@aws-sdk')) return 'decide does no I/O';
  if (isDecide && imported.startsWith('node:') && imported !== 'node:crypto') return 'decide does no I/O';
  if (isDecide && isLocal && !/^(functions\/|shared\/(core|drain)\/)/.test(imported))
    return 'decide knows core and drain alone';
  if (isDecide && /\/(gather|apply|run|handler|manifest)\.ts$/.test(imported))
    return 'decide does not know what calls it';
  return undefined;
};

const allFiles = ['functions', 'shared', 'infra'].flatMap(filesBelow);

describe('the import arrows', () => {
  it('point one way in every source file', () => {
    expect(allFiles.length).toBeGreaterThan(30);
    const broken = allFiles.flatMap((file) =>
      importsOf(file).flatMap((imported) => {
        const reason = violation(file, imported);
        return reason === undefined ? [] : [`${file} -> ${imported}: ${reason}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it.each([
    ['shared/core/a.ts', 'functions/pod-cleanup/run.ts'],
    ['shared/core/a.ts', 'shared/aws/sns.ts'],
    ['shared/drain/a.ts', 'shared/kubernetes/client.ts'],
    ['functions/pod-cleanup/run.ts', 'infra/build.ts'],
    ['functions/pod-cleanup/run.ts', 'functions/spot-drain/decide.ts'],
    ['functions/pod-cleanup/decide.ts', 'shared/aws/sns.ts'],
    ['functions/pod-cleanup/decide/age.ts', '@aws-sdk/client-eks'],
    ['functions/pod-cleanup/decide.ts', 'node:fs'],
    ['infra/build.ts', 'functions/pod-cleanup/decide.ts'],
    ['infra/local/account.ts', 'test/fixtures/memory-store.ts'],
  ])('are broken by %s importing %s', (file, imported) => {
    expect(violation(file, imported)).toBeDefined();
  });

  it.each([
    ['functions/pod-cleanup/decide.ts', 'shared/drain/step.ts'],
    ['functions/pod-cleanup/run.ts', 'functions/pod-cleanup/decide.ts'],
    ['functions/index.ts', 'functions/pod-cleanup/manifest.ts'],
    ['infra/build.ts', 'functions/index.ts'],
  ])('allow %s to import %s', (file, imported) => {
    expect(violation(file, imported)).toBeUndefined();
  });
});

describe('the shape of the sources', () => {
  it('keeps every file at 400 lines or fewer', () => {
    const long = allFiles.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });

  // Node runs the sources as they are, so an import names the file. Biome's own rule for it reads all of
  // node_modules first, at every call.
  it('names every imported file with its .ts extension', () => {
    const unnamed = [...allFiles, ...filesBelow('test')].flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line) => /^(?:import|export|\} from) ?.*'(\.[^']+)';$/.exec(line)?.[1] ?? [])
        .filter((imported) => !/\.(ts|mjs|json)$/.test(imported))
        .map((imported) => `${file} -> ${imported}`),
    );
    expect(unnamed).toEqual([]);
  });

  it('reads the clock in shared/core/clock.ts alone', () => {
    const readers = ['functions', 'shared']
      .flatMap(filesBelow)
      .filter((file) => file !== 'shared/core/clock.ts')
      .filter((file) =>
        /new Date\(\)|Date\.now\(|\bset(Timeout|Interval)\(/.test(readFileSync(join(root, file), 'utf8')),
      );
    expect(readers).toEqual([]);
  });

  it('has one barrel file', () => {
    expect(allFiles.filter((file) => file.endsWith('/index.ts'))).toEqual(['functions/index.ts']);
  });
});
