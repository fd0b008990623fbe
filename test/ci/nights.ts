import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../infra/load-config.ts';
import { drawNight } from '../../infra/local/night/draw.ts';
import { bundlesFor } from '../e2e/support/bundles.ts';

/**
 * For CI: twenty nights by their seeds, and one night for every bundle with that bundle replaced by a no-op,
 * which must end with exit 1 and name it. Prints a line each and a last one with the counts.
 */

const SEEDS = 20;
const AT_ONCE = 2;
const TIME_LIMIT_MS = 180_000;

const NO_OP = `const nothing = async () => ({ batchItemFailures: [], verdicts: [] });
export { nothing as handler, nothing as worker, nothing as findings, nothing as plan };
`;

interface Night {
  readonly name: string;
  readonly args: readonly string[];
  /** The automation that has to be named, where the night has to fail. */
  readonly mustName?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'caretaker-nights-'));
/** What has to go at the end. */
const folders = [work];

const run = (night: Night): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'infra/local/night/main.ts'), ...night.args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_LIMIT_MS,
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

/** Why the night did not end as it has to, or undefined. */
const complaint = (night: Night, result: { code: number | null; output: string }): string | undefined => {
  const last = result.output.split('\n').slice(-25).join('\n');
  if (night.mustName === undefined) return result.code === 0 ? undefined : `exit ${result.code}\n${last}`;
  if (result.code !== 1) return `exit ${result.code} instead of 1\n${last}`;
  const sum = result.output.split('\n').find((line) => line.includes('expectations not met:')) ?? '';
  return sum.includes(night.mustName) ? undefined : `it is not named: ${sum}`;
};

/** The arguments of the night of a seed, with its bundles: built once for all nights, configured for each. */
const argsOf = async (
  seed: number,
  folder: string,
): Promise<{ args: readonly string[]; bundles: string }> => {
  const bundles = await bundlesFor(parseConfig(drawNight(seed).configText, 'the drawn caretaker.yaml'));
  folders.push(bundles.folder);
  const out = join(work, folder);
  mkdirSync(out, { recursive: true });
  return {
    args: ['--seed', String(seed), '--out', out, '--bundles', bundles.folder],
    bundles: bundles.folder,
  };
};

const nightOfSeed = async (seed: number): Promise<Night> => {
  const { args } = await argsOf(seed, `seed-${seed}`);
  return { name: `the night of seed ${seed}`, args };
};

/** A night with one of its bundles doing nothing. */
const withNoOp = async (automation: string): Promise<Night> => {
  const { args, bundles } = await argsOf(1, `no-op-${automation}`);
  writeFileSync(join(bundles, automation, 'index.mjs'), NO_OP);
  return {
    name: `${automation} replaced by a no-op fails the night and is named`,
    args,
    mustName: automation,
  };
};

const automations = readdirSync(join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const nights: Night[] = [];
for (let seed = 1; seed <= SEEDS; seed += 1) nights.push(await nightOfSeed(seed));
for (const automation of automations) nights.push(await withNoOp(automation));

let passed = 0;
let failed = 0;
const queue = [...nights];
const worker = async () => {
  for (let night = queue.shift(); night !== undefined; night = queue.shift()) {
    const trouble = complaint(night, await run(night));
    if (trouble === undefined) passed += 1;
    else failed += 1;
    process.stdout.write(
      `${trouble === undefined ? 'ok' : 'FAILED'}  ${night.name}${trouble === undefined ? '' : `: ${trouble}`}\n`,
    );
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
process.stdout.write(`Nights: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
