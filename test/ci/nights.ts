import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce } from '../e2e/support/bundles.ts';
import { layOut } from './night-bundles.ts';
import type { SeedNights, SeedResult } from './seed-night.ts';

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
const playSeeds = async (plan: SeedNights): Promise<void> => {
  const { nights } = plan;
  const script = 'test/ci/seeds.ts';
  const { code, output } = await run(script, [JSON.stringify(plan)], TIME_LIMIT_MS * nights.length);
  const results = new Map(resultsIn(output).map((result) => [result.seed, result]));
  for (const { seed } of nights) {
    const { expectations, unmet } = results.get(seed) ?? { expectations: 0, unmet: [] };
    const isWhole = expectations > 0 && unmet.length === 0;
    const why = unmet.length > 0 ? unmet.join('; ') : `exit ${code}\n${lastLinesOf(output)}`;
    tell(`the night of seed ${seed}`, isWhole ? undefined : why);
  }
};

/** `npm start` with a bundle that does nothing has to end with exit 1 and name the automation. */
const playNoOp = async (automation: string, bundles: string): Promise<void> => {
  await layOut(1, bundles);
  writeFileSync(join(bundles, automation, 'index.mjs'), NO_OP);
  const args = ['--seed', '1', '--out', outOf(`no-op-${automation}`), '--bundles', bundles];
  const { code, output } = await run('infra/local/night/main.ts', args, TIME_LIMIT_MS);
  const sum = output.split('\n').find((line) => line.includes('expectations not met:')) ?? '';
  const isNamed = code === 1 && sum.includes(automation);
  const why = code === 1 ? `it is not named: ${sum}` : `exit ${code} instead of 1\n${lastLinesOf(output)}`;
  tell(`${automation} replaced by a no-op fails the night and is named`, isNamed ? undefined : why);
};

const outOf = (name: string): string => {
  const out = join(work, name);
  mkdirSync(out, { recursive: true });
  return out;
};

const automations = readdirSync(join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const hands = Array.from({ length: AT_ONCE }, (_, hand) => ({
  hand,
  bundles: join(work, `bundles-${hand}`),
}));
const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1);

await buildOnce();
await Promise.all(
  hands.map(async ({ hand, bundles }) => {
    const mine = seeds.filter((seed) => seed % AT_ONCE === hand);
    await playSeeds({ bundles, nights: mine.map((seed) => ({ seed, out: outOf(`seed-${seed}`) })) });
  }),
);
await Promise.all(
  hands.map(async ({ bundles }) => {
    for (let next = automations.shift(); next !== undefined; next = automations.shift())
      await playNoOp(next, bundles);
  }),
);

rmSync(work, { recursive: true, force: true });
process.stdout.write(`Nights: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
