/** `npm run bench [-- NAME ...]`: a table on stdout, the rows in `out/bench.json`. A missed target is no failure. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../infra/build.ts';
import { describeError } from '../../shared/core/errors.ts';
import { coldStart } from './cold-start.ts';
import { podCleanup } from './pod-cleanup.ts';
import type { BenchRow } from './rows.ts';
import { formatRows } from './rows.ts';
import { spotDrain, spotDrainStorm } from './spot-drain.ts';

type Bench = (folder: string, progress: (text: string) => void) => Promise<readonly BenchRow[]>;

const benches: Readonly<Record<string, Bench>> = {
  'cold-start': coldStart,
  'spot-drain': spotDrain,
  'spot-drain-storm': spotDrainStorm,
  'pod-cleanup': podCleanup,
};

const main = async (names: readonly string[]): Promise<number> => {
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) {
    process.stderr.write(
      `no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}\n`,
    );
    return 1;
  }
  const out = join(projectRoot, 'out');
  const rows: BenchRow[] = [];
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    rows.push(...(await bench(join(out, 'bench'), (text) => process.stderr.write(`${text}\n`))));
  }
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'bench.json'), `${JSON.stringify(rows, null, 2)}\n`);
  process.stdout.write(`${formatRows(rows)}\n`);
  return 0;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`could not measure: ${describeError(error)}\n`);
  process.exitCode = 1;
}
