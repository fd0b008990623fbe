import { matchesGlob } from 'node:path';
import type { Reason, Report, Score } from './survivors.ts';
import { areaOf, reasonFor, scoresOf, survivorsOf } from './survivors.ts';
import { TIME_OVER } from './until.ts';

export const LEAST_PERCENT = 85;

export interface Judgement {
  readonly isGood: boolean;
  readonly lines: readonly string[];
}

const line = (area: string, { killed, survived, percent }: Score): string =>
  `${area.padEnd(20)} ${percent.toFixed(1).padStart(5)} %  ${killed} noticed, ${survived} not`;

/** A pattern may name lines: `decide.ts:10-20`. */
const pathsOf = (pattern: string): string => pattern.replace(/:\d+.*$/, '');

/** An earlier run has left what it knows of other files in the report. */
const within = (report: Report, patterns: readonly string[]): Report => ({
  files: Object.fromEntries(
    Object.entries(report.files).filter(([file]) =>
      patterns.some((pattern) => matchesGlob(file, pathsOf(pattern))),
    ),
  ),
});

const countUntested = (report: Report): number =>
  Object.values(report.files)
    .flatMap(({ mutants }) => mutants)
    .filter(({ statusReason }) => statusReason === TIME_OVER).length;

/** Files of which all was tested: of the others nobody knows what is noticed. */
const completed = (report: Report): Report => ({
  files: Object.fromEntries(
    Object.entries(report.files).filter(([file, found]) => countUntested({ files: { [file]: found } }) === 0),
  ),
});

/**
 * Everything mutated: 85 % of the mutants have to be noticed, in all and in each area, and every reason is needed.
 * Some files mutated: 85 % in each file of those that can be noticed, for a small file may hold little else than what
 * cannot. A file of which not all was tested in time is not judged.
 */
export const judge = (run: {
  readonly report: Report;
  readonly reasons: readonly Reason[];
  readonly patterns: readonly string[] | 'everything';
}): Judgement => {
  const { reasons, patterns } = run;
  const isWhole = patterns === 'everything';
  const report = isWhole ? run.report : within(run.report, patterns);
  const survivors = survivorsOf(report);
  const reasonOf = new Map(survivors.map((survivor) => [survivor, reasonFor(survivor, reasons)]));
  const unexplained = survivors.filter((survivor) => reasonOf.get(survivor) === undefined);
  const untested = countUntested(report);
  const idle =
    isWhole && untested === 0 ? reasons.filter((reason) => ![...reasonOf.values()].includes(reason)) : [];
  const counted = isWhole
    ? scoresOf(report, { by: areaOf })
    : scoresOf(completed(report), {
        by: (file) => file,
        survivors: unexplained.filter(({ file }) => file in completed(report).files),
      });
  const low = [...counted].filter(
    ([, { killed, survived, percent }]) => killed + survived > 0 && percent < LEAST_PERCENT,
  );
  return {
    isGood: low.length === 0 && idle.length === 0,
    lines: [
      '\nmutants',
      ...[...scoresOf(report, { by: areaOf })].map(([area, score]) => line(area, score)),
      ...unexplained.map(
        ({ file, line: at, mutator, original, replacement }) =>
          `not noticed, and no reason is known: ${file}:${at} ${mutator}\n  - ${original}\n  + ${replacement}`,
      ),
      `${survivors.length - unexplained.length} others cannot be noticed, for reasons in test/mutation/reasons.json`,
      ...(untested === 0 ? [] : [`${untested} were not tested: the time was over`]),
      ...idle.map((reason) => `mutate: this reason is not needed any more: ${JSON.stringify(reason)}`),
      ...low.map(
        ([where, { percent }]) =>
          `mutate: only ${percent.toFixed(1)} % are noticed in ${where}, ${LEAST_PERCENT} % are wanted`,
      ),
    ],
  };
};
