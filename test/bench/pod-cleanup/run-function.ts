import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Config } from '../../../functions/index.ts';
import { bundleOptions, projectRoot } from '../../../infra/build.ts';
import { parseConfig } from '../../../infra/load-config.ts';
import type { Account } from '../../../infra/local/account.ts';
import { startAccount } from '../../../infra/local/account.ts';
import { worldSpec } from '../../e2e/support/specs.ts';
import type { FunctionRun } from './function-process.ts';

const PROCESS = fileURLToPath(new URL('function-process.ts', import.meta.url));
const LONGEST_MS = 900_000;

/** The API server that the function is to clean up. */
export interface Target {
  readonly endpoint: string;
  readonly caPem: string;
}

/** The bundle, and an account that gives it its table and its bus. */
export interface CleanupFunction {
  readonly account: Account;
  /** One invocation in a process of its own. Rejects where the handler failed. */
  run(target: Target): Promise<FunctionRun & { readonly report: Report }>;
  close(): Promise<void>;
}

/** Of the verdict that sums up a run. */
export interface Report {
  readonly listed: number;
  readonly deleted: number;
  readonly seconds: number;
}

/** Budget and refusal share are out of the way; everything else is the default. */
const configText = (target?: Target): string =>
  JSON.stringify({
    version: 1,
    mode: 'act',
    clusters: [
      target === undefined
        ? { name: 'staging' }
        : {
            name: 'staging',
            endpoint: target.endpoint,
            certificateAuthority: Buffer.from(target.caPem).toString('base64'),
          },
    ],
    notifications: { topic: false },
    nodeGroupSchedule: { mode: 'off' },
    ecrRescan: { mode: 'off' },
    spotDrain: { mode: 'off' },
    clusterUpgrade: { mode: 'off' },
    podCleanup: { maximumDeletesPerRun: 100_000, maximumNamespacePercent: 100, verifyGoneNodes: false },
  });

const configOf = (target?: Target): Config =>
  parseConfig(configText(target), 'the configuration of the benchmark');

const reportIn = (result: unknown): Report => {
  const { verdicts = [] } = (result ?? {}) as { verdicts?: { reason: string; detail?: unknown }[] };
  const report = verdicts.find(({ reason }) => reason === 'report')?.detail as Report | undefined;
  if (report === undefined)
    throw new Error(`the run reported nothing: ${JSON.stringify(result).slice(0, 300)}`);
  return report;
};

const invoke = (file: string, environment: Readonly<Record<string, string>>): Promise<FunctionRun> =>
  new Promise((resolve, reject) => {
    // Logs go where nobody reads them, as fast as they are written; 512 MB as the manifest has it.
    const child = fork(PROCESS, [file, 'handler', '{"trigger":"tick"}'], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    });
    let told: FunctionRun | undefined;
    child.once('message', (message) => {
      told = message as FunctionRun;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (told === undefined) reject(new Error(`the function's process ended with ${code} and told nothing`));
      else if (told.error !== undefined) reject(new Error(`the handler failed: ${told.error}`));
      else resolve(told);
    });
  });

/** Bundles pod-cleanup as it is deployed, and starts an account beside it. `folder` is emptied by nobody. */
export const startCleanupFunction = async (folder: string): Promise<CleanupFunction> => {
  const file = join(folder, 'pod-cleanup', 'index.mjs');
  mkdirSync(dirname(file), { recursive: true });
  await build({
    ...bundleOptions,
    entryPoints: [join(projectRoot, 'functions', 'pod-cleanup', 'handler.ts')],
    absWorkingDir: projectRoot,
    outfile: file,
  });
  const account = await startAccount({
    spec: worldSpec({ startAt: Date.now() }),
    bundles: folder,
    config: configOf(),
    schedules: false,
    time: 'running',
  });
  return {
    account,
    run: async (target) => {
      writeFileSync(join(dirname(file), 'config.json'), JSON.stringify(configOf(target)));
      const ran = await invoke(file, account.environment('pod-cleanup'));
      return { ...ran, report: reportIn(ran.result) };
    },
    close: account.close,
  };
};
