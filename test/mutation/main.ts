/**
 * `npm run mutate [-- FILES... | --changed] [--force]`: changes the decisions and the drain in small ways (Stryker), one at a time,
 * and sees whether a test notices. Exit code 1 where fewer than 85 % are noticed, in all or in one area.
 * `--changed`: only what differs from the main line, or from the commit before. `--force`: also what is known from
 * an earlier run.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changedFiles, mutateFor } from './changed.ts';
import type { Report, Score } from './survivors.ts';
import { readReasons, reasonFor, scoresOf, survivorsOf } from './survivors.ts';

const LEAST_PERCENT = 85;
const REPORT = 'out/mutation/report.json';
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Patterns to mutate: `everything`, or nothing at all to do. */
const chosen = (): readonly string[] | 'everything' => {
  if (!values.changed) return positionals.length === 0 ? 'everything' : positionals;
  const changed = changedFiles();
  if (changed !== undefined) return mutateFor(changed);
  say('mutate: there is no earlier commit to compare with, so everything is mutated');
  return 'everything';
};

const stryker = (patterns: readonly string[] | 'everything'): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      'stryker',
      [
        'run',
        here('stryker.config.json'),
        '--incremental',
        ...(values.force ? ['--force'] : []),
        ...(patterns === 'everything' ? [] : ['--mutate', patterns.join(',')]),
      ],
      { stdio: 'inherit' },
    );
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  });

const line = (area: string, { killed, survived, percent }: Score): string =>
  `${area.padEnd(20)} ${percent.toFixed(1).padStart(5)} %  ${killed} noticed, ${survived} not`;

/**
 * Everything mutated: 85 % of all mutants have to be noticed. A few files mutated: 85 % of those that can be, for a
 * small file may hold little else than what cannot.
 */
const judge = (report: Report, whole: boolean): boolean => {
  const reasons = readReasons(here('reasons.json'));
  const survivors = survivorsOf(report);
  const unexplained = survivors.filter((survivor) => reasonFor(survivor, reasons) === undefined);
  say('\nmutants');
  const scores = scoresOf(report);
  for (const [area, score] of scores) say(line(area, score));
  for (const { file, line: at, mutator, original, replacement } of unexplained)
    say(`not noticed, and no reason is known: ${file}:${at} ${mutator}\n  - ${original}\n  + ${replacement}`);
  say(
    `${survivors.length - unexplained.length} others cannot be noticed, for reasons in test/mutation/reasons.json`,
  );
  const counted = whole ? scores : scoresOf(report, unexplained);
  const low = [...counted].filter(([, { percent }]) => percent < LEAST_PERCENT);
  for (const [area, { percent }] of low)
    say(`mutate: only ${percent.toFixed(1)} % are noticed in ${area}, ${LEAST_PERCENT} % are wanted`);
  return low.length === 0;
};

const patterns = chosen();
if (patterns.length === 0) say('mutate: no decision and no part of the drain has changed');
else {
  const code = await stryker(patterns);
  if (code === 0)
    process.exitCode = judge(JSON.parse(readFileSync(REPORT, 'utf8')) as Report, patterns === 'everything')
      ? 0
      : 1;
  else process.exitCode = 1;
}
