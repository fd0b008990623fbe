import { writeFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';
import type { Config } from '../../../../../functions/index.ts';
import type { Account, AccountOptions } from '../../../../../infra/local/account.ts';
import { startAccount } from '../../../../../infra/local/account.ts';
import type { Entry } from '../../../../../shared/core/automation.ts';
import { temporaryFolder } from './folders.ts';
import { worldSpec } from './specs.ts';

export const everything = { actions: ['*'], resources: ['*'] };

/** An entry as a manifest would have it: manual, with every right. */
export const entryOf = (id: string, overrides: Partial<Entry> = {}): Entry => ({
  id,
  handler: 'handler',
  description: id,
  trigger: { kind: 'manual' },
  statements: [everything],
  kubernetesRules: [],
  uses: [],
  memoryMb: 128,
  timeoutSeconds: 60,
  ...overrides,
});

const bundled = (entryPoint: string, outfile: string, plugins: Plugin[] = []) =>
  build({
    entryPoints: [entryPoint],
    outfile,
    plugins,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    nodePaths: [`${process.cwd()}/node_modules`],
    banner: {
      js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
    },
    logLevel: 'silent',
  });

/** Packages beside the bundle, each made once: the sources of the tests are many and small, and what they import is not. */
const packagesBeside = (folder: string): Plugin => {
  const made = new Map<string, Promise<string>>();
  const make = async (name: string): Promise<string> => {
    const file = `${made.size}.mjs`;
    const source = `${folder}/package-${file}`;
    writeFileSync(source, `export * from ${JSON.stringify(name)};`);
    await bundled(source, `${folder}/packages/${file}`);
    return `../packages/${file}`;
  };
  return {
    name: 'packages-beside',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^@/ }, async ({ path: name }) => {
        const path = made.get(name) ?? make(name);
        made.set(name, path);
        return { path: await path, external: true };
      });
    },
  };
};

/** Starts accounts whose one bundle is the source given, and ends them. */
export const accountsOf = () => {
  const folder = temporaryFolder();
  const packages = packagesBeside(folder.path);
  let current: Account | undefined;
  return {
    start: async (
      source: string,
      entries: readonly Entry[],
      options: Partial<AccountOptions> = {},
    ): Promise<Account> => {
      await bundled(folder.write('source.mjs', source), `${folder.path}/pod-cleanup/index.mjs`, [packages]);
      current = await startAccount({
        spec: { ...worldSpec, clusters: [] },
        bundles: folder.path,
        config: {} as Config,
        schedules: false,
        entries: () => entries.map((entry) => ({ automation: 'pod-cleanup', entry })),
        ...options,
      });
      return current;
    },
    stop: async () => {
      await current?.close();
      current = undefined;
    },
    remove: folder.remove,
  };
};

/** Settings for an SDK client of the account's administrator. */
export const clientOf = ({ admin }: Account) => ({
  endpoint: admin.AWS_ENDPOINT_URL ?? '',
  region: admin.AWS_REGION ?? '',
  maxAttempts: 1,
  credentials: {
    accessKeyId: admin.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: admin.AWS_SECRET_ACCESS_KEY ?? '',
  },
});
