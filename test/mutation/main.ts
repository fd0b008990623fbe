/**
 * `npm run mutate [-- FILES... | --changed [--since COMMIT]] [--within SECONDS] [--force]`: changes the decisions and
 * the drain in small ways (Stryker), one at a time, and sees whether a test notices. Exit code 1 where too few are
 * noticed (`judge.ts`).
 * `--changed`: only what differs from the main line, or from the commit before. `--since`: from that commit.
 * `--within`: mutants that come later than that are not tested. `--force`: also what is known from an earlier run.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changedFiles, mutateFor } from './changed.ts';
import { judge } from './judge.ts';
import type { Report } from './survivors.ts';
import { readReasons, withoutUntested } from './survivors.ts';
import { UNTIL_VARIABLE } from './until.ts';

const REPORT = 'out/mutation/report.json';
const KNOWN = 'out/mutation/incremental.json';
/** The last mutants may have begun in time, and the report is written when all is over. */
const ENDS_WITHIN_SECONDS = 60;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'boolean', default: false },
    since: { type: 'string' },
    within: { type: 'string' },
    force: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Patterns to mutate: `everything`, or nothing at all to do. */
const chosen = (): readonly string[] | 'everything' => {
  if (!values.changed) return positionals.length === 0 ? 'everything' : positionals;
  const changed = changedFiles({ since: values.since });
  if (changed === undefined) {
    say('mutate: there is no earlier commit to compare with, so everything is mutated');
    return 'everything';
  }
  const patterns = mutateFor(changed);
  const what = patterns.length === 0 ? 'no decision and no part of the drain' : patterns.join(', ');
  say(`mutate: since ${changed.base.slice(0, 12)} changed: ${what}`);
  return patterns;
};

/** Of the patterns that were given by hand; behind a colon may stand lines of a file. */
const withoutFiles = (): readonly string[] =>
  positionals.filter((pattern) => globSync(pattern.replace(/^!|:\d.*$/g, '')).length === 0);

const withinSeconds = (): number | undefined => {
  if (values.within === undefined) return undefined;
  const seconds = Number(values.within);
  if (seconds > 0) return seconds;
  throw new Error(`--within ${values.within}: a number of seconds is wanted`);
};

/** 0 where Stryker came to its end, whatever it found. */
const stryker = (patterns: readonly string[] | 'everything', seconds: number | undefined): Promise<number> =>
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
      {
        stdio: 'inherit',
        env: {
          ...process.env,
          ...(seconds === undefined ? {} : { [UNTIL_VARIABLE]: String(Date.now() + seconds * 1000) }),
        },
      },
    );
    const late =
      seconds === undefined
        ? undefined
        : setTimeout(
            () => {
              say(`mutate: Stryker has not ended ${ENDS_WITHIN_SECONDS} s after its time was over`);
              child.kill('SIGKILL');
            },
            (seconds + ENDS_WITHIN_SECONDS) * 1000,
          );
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(late);
      resolve(code ?? 1);
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  });

/** What was not tested is not known: the next run begins with it. */
const forgetUntested = (): void => {
  if (!existsSync(KNOWN)) return;
  const known = JSON.parse(readFileSync(KNOWN, 'utf8')) as Report;
  writeFileSync(KNOWN, JSON.stringify(withoutUntested(known)));
};

const run = async (): Promise<number> => {
  const seconds = withinSeconds();
  const unknown = withoutFiles();
  if (unknown.length > 0) {
    say(`mutate: there is no file ${unknown.join(', ')}`);
    return 1;
  }
  const patterns = chosen();
  if (patterns.length === 0) return 0;
  rmSync(REPORT, { force: true });
  const code = await stryker(patterns, seconds);
  if (code !== 0) return 1;
  if (!existsSync(REPORT)) {
    say('mutate: Stryker wrote no report');
    return 1;
  }
  forgetUntested();
  const { isGood, lines } = judge({
    report: JSON.parse(readFileSync(REPORT, 'utf8')) as Report,
    reasons: readReasons(here('reasons.json')),
    patterns,
  });
  for (const line of lines) say(line);
  return isGood ? 0 : 1;
};

process.exitCode = await run();
