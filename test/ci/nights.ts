import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../infra/load-config.ts';
import { drawNight } from '../../infra/local/night/draw.ts';
import { bundlesFor } from '../e2e/support/bundles.ts';
import type { SeedNight, SeedResult } from './seed-night.ts';

/**
 * For CI: twenty nights by their seeds, and one `npm start` for every bundle with that bundle replaced by a no-op,
 * which must end with exit 1 and name it. Prints a line each and a last one with the counts.
 */

const SEEDS = 20;
const AT_ONCE = 2;
const TIME_LIMIT_MS = 180_000;

const NO_OP = `const nothing = async () => ({ batchItemFailures: [], verdicts: [] });
export { nothing as handler, nothing as worker, nothing as findings, nothing as plan };
`;

/** A night with a bundle that does nothing. */
interface NoOpNight {
  readonly automation: string;
  readonly args: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'caretaker-nights-'));

const run = (
  script: string,
  args: readonly string[],
  timeout: number,
): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, script), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('close', (code) => resolve({ code, output }));
  });

const lastLinesOf = (output: string): string => output.split('\n').slice(-25).join('\n');

let passed = 0;
let failed = 0;
const tell = (name: string, trouble: string | undefined): void => {
  if (trouble === undefined) passed += 1;
  else failed += 1;
  process.stdout.write(
    `${trouble === undefined ? 'ok' : 'FAILED'}  ${name}${trouble === undefined ? '' : `: ${trouble}`}\n`,
  );
};

const resultsIn = (output: string): readonly SeedResult[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{"seed":'))
    .map((line) => JSON.parse(line) as SeedResult);

/** Nights one after the other, in a process of their own. */
const playSeeds = async (nights: readonly SeedNight[]): Promise<void> => {
  const script = 'test/ci/seeds.ts';
  const { code, output } = await run(script, [JSON.stringify(nights)], TIME_LIMIT_MS * nights.length);
  const results = new Map(resultsIn(output).map((result) => [result.seed, result]));
  for (const { seed } of nights) {
    const { expectations, unmet } = results.get(seed) ?? { expectations: 0, unmet: [] };
    const isWhole = expectations > 0 && unmet.length === 0;
    const why = unmet.length > 0 ? unmet.join('; ') : `exit ${code}\n${lastLinesOf(output)}`;
    tell(`the night of seed ${seed}`, isWhole ? undefined : why);
  }
};

/** `npm start` has to end with exit 1 and name the automation. */
const playNoOp = async ({ automation, args }: NoOpNight): Promise<void> => {
  const { code, output } = await run('infra/local/night/main.ts', args, TIME_LIMIT_MS);
  const sum = output.split('\n').find((line) => line.includes('expectations not met:')) ?? '';
  const isNamed = code === 1 && sum.includes(automation);
  const why = code === 1 ? `it is not named: ${sum}` : `exit ${code} instead of 1\n${lastLinesOf(output)}`;
  tell(`${automation} replaced by a no-op fails the night and is named`, isNamed ? undefined : why);
};

/** A night with its bundles: built once for all nights, configured for each. */
const prepare = async (seed: number, folder: string): Promise<SeedNight> => {
  const bundles = await bundlesFor(parseConfig(drawNight(seed).configText, 'the drawn caretaker.yaml'));
  const out = join(work, folder);
  mkdirSync(out, { recursive: true });
  return { seed, out, bundles };
};

const withNoOp = async (automation: string): Promise<NoOpNight> => {
  const night = await prepare(1, `no-op-${automation}`);
  const { seed, out } = night;
  const bundles = join(work, `bundles-without-${automation}`);
  cpSync(night.bundles, bundles, { recursive: true });
  writeFileSync(join(bundles, automation, 'index.mjs'), NO_OP);
  return { automation, args: ['--seed', String(seed), '--out', out, '--bundles', bundles] };
};

const automations = readdirSync(join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const hands: SeedNight[][] = Array.from({ length: AT_ONCE }, () => []);
for (let seed = 1; seed <= SEEDS; seed += 1) {
  hands[seed % AT_ONCE]?.push(await prepare(seed, `seed-${seed}`));
}
await Promise.all(hands.map(playSeeds));

const noOps = await Promise.all(automations.map(withNoOp));
const worker = async () => {
  for (let night = noOps.shift(); night !== undefined; night = noOps.shift()) await playNoOp(night);
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));

rmSync(work, { recursive: true, force: true });
process.stdout.write(`Nights: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
