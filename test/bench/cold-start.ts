import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildBundles } from '../../infra/build.ts';
import { exampleConfigFile } from '../../infra/cli/defaults.ts';
import { loadConfigFile } from '../../infra/load-config.ts';
import { bundleClientsOf } from './aws-clients.ts';
import type { BenchRow, Pair } from './rows.ts';
import { rowOfCount, rowOfPairs } from './rows.ts';

const BENCH = 'cold-start';
const PAIRS = 15;
/** What is aimed at, where a slow start costs what the function is for or most of a run. */
const TARGETS: Readonly<Record<string, number>> = { 'spot-drain': 1.3, 'pod-cleanup': 1.3 };
const PROBE = fileURLToPath(new URL('./import-time.ts', import.meta.url));

/** What the stack and Lambda set. Nothing is called: an import makes no request. */
const environment = {
  PATH: process.env.PATH ?? '',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'none',
  CARETAKER_TABLE: 'eks-caretaker',
  CARETAKER_BUCKET: 'eks-caretaker',
  CARETAKER_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111122223333:eks-caretaker',
  CARETAKER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/eks-caretaker',
  CARETAKER_WORKER: 'arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-spot-drain-worker',
};

const run = promisify(execFile);

const importMs = async (file: string): Promise<number> => {
  const { stdout } = await run(process.execPath, [PROBE, file], { env: environment, timeout: 60_000 });
  const ms = Number(stdout.trim().split('\n').at(-1));
  if (!(ms > 0)) throw new Error(`the import of ${file} answered ${JSON.stringify(stdout)}, no time`);
  return ms;
};

/** In turn, and every other time the other way round; the first pair only warms the disk's cache. */
const importPairs = async (ours: string, peer: string): Promise<readonly Pair[]> => {
  const pairs: Pair[] = [];
  for (let index = 0; index <= PAIRS; index++) {
    const first = await importMs(index % 2 === 0 ? ours : peer);
    const second = await importMs(index % 2 === 0 ? peer : ours);
    if (index > 0) {
      pairs.push(index % 2 === 0 ? { ours: first, peer: second } : { ours: second, peer: first });
    }
  }
  return pairs;
};

/** Init of each bundle in a fresh process against importing its AWS clients alone, and its size. */
export const coldStart = async (folder: string, progress: (text: string) => void): Promise<BenchRow[]> => {
  const built = await buildBundles({
    config: loadConfigFile(exampleConfigFile),
    out: join(folder, 'bundles'),
  });
  const rows: BenchRow[] = [];
  for (const { automation, directory, bytes } of built) {
    const target = TARGETS[automation];
    progress(`${BENCH}: ${automation}, ${PAIRS} pairs`);
    const bundle = join(directory, 'index.mjs');
    const clients = (name: string) => join(folder, 'clients', automation, name, 'index.mjs');
    const clientBytes = await bundleClientsOf(automation, clients('usual'), { importsBuiltins: true });
    await bundleClientsOf(automation, clients('same'), { importsBuiltins: false });
    const row = { bench: BENCH, unit: 'ms' };
    rows.push(
      rowOfPairs(
        {
          ...row,
          measure: `init ${automation}`,
          ...(target === undefined ? {} : { target }),
          note: 'import of index.mjs in a fresh process; peer: the same clients and commands of the AWS SDK alone, bundled as usual',
        },
        await importPairs(bundle, clients('usual')),
      ),
      rowOfPairs(
        {
          ...row,
          measure: `init ${automation} (same build)`,
          note: "the same; the peer too takes Node's own modules as `require` does, which spares undici",
        },
        await importPairs(bundle, clients('same')),
      ),
      rowOfCount(
        {
          bench: BENCH,
          measure: `size ${automation}`,
          unit: 'bytes',
          note: `index.mjs, minified; its AWS clients alone have ${clientBytes}`,
        },
        bytes,
      ),
    );
  }
  return rows;
};
