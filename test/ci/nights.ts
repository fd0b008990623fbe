import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundles } from '../../infra/build.ts';
import { parseConfig } from '../../infra/load-config.ts';
import { drawNight } from '../../infra/local/night/draw.ts';

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

/** The bundles of a night with one of them doing nothing. */
const withNoOp = async (automation: string): Promise<Night> => {
  const bundles = join(work, `no-op-${automation}`);
  await buildBundles({
    config: parseConfig(drawNight(1).configText, 'the drawn caretaker.yaml'),
    out: bundles,
  });
  writeFileSync(join(bundles, automation, 'index.mjs'), NO_OP);
  const out = join(work, `out-no-op-${automation}`);
  return {
    name: `${automation} replaced by a no-op fails the night and is named`,
    args: ['--seed', '1', '--out', out, '--bundles', bundles],
    mustName: automation,
  };
};

const automations = readdirSync(join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const nights: Night[] = Array.from({ length: SEEDS }, (_, index) => {
  const out = join(work, `seed-${index + 1}`);
  mkdirSync(out, { recursive: true });
  return { name: `the night of seed ${index + 1}`, args: ['--seed', String(index + 1), '--out', out] };
});
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
process.stdout.write(`Nights: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
