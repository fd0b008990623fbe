import { readFileSync } from 'node:fs';
import { TIME_OVER } from './until.ts';

/** A part of Stryker's report (mutation-testing-report-schema). */
export interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>
  >;
}

export interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly statusReason?: string;
  /** Active while its module loads. */
  readonly static?: boolean;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  /** From 1 on, both. */
  readonly line: number;
  readonly column: number;
}

/** A mutant that no test tells from the original, told by its text: lines move, texts stay. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  readonly mutator: string;
  /** The line it is in, and what stands there instead. */
  readonly code: string;
  readonly original: string;
  readonly replacement: string;
}

/** Why mutants of a kind survive. Everything that is given has to match. */
export interface Reason {
  /** Path, or the beginning of one. */
  readonly file?: string;
  readonly mutator?: string;
  /** Regular expressions. */
  readonly code?: string;
  readonly original?: string;
  readonly replacement?: string;
  readonly why: string;
}

export interface Score {
  readonly killed: number;
  readonly survived: number;
  /** Percent of all mutants that could be tested. */
  readonly percent: number;
}

const KILLED = ['Killed', 'Timeout'];
const SURVIVED = ['Survived', 'NoCoverage'];

const cut = (source: string, { start, end }: ReportedMutant['location']): string => {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
    )
    .join('\n');
};

export const survivorsOf = (report: Report): readonly Survivor[] =>
  Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => SURVIVED.includes(status))
      .map((mutant) => ({
        file,
        line: mutant.location.start.line,
        mutator: mutant.mutatorName,
        code: (source.split('\n')[mutant.location.start.line - 1] ?? '').trim(),
        original: cut(source, mutant.location),
        replacement: mutant.replacement ?? '',
      })),
  );

const holds = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || new RegExp(pattern, 's').test(text);

export const reasonFor = (survivor: Survivor, reasons: readonly Reason[]): Reason | undefined =>
  reasons.find(
    (reason) =>
      (reason.file === undefined || survivor.file.startsWith(reason.file)) &&
      (reason.mutator === undefined || reason.mutator === survivor.mutator) &&
      holds(reason.code, survivor.code) &&
      holds(reason.original, survivor.original) &&
      holds(reason.replacement, survivor.replacement),
  );

/** `functions/ecr-rescan/decide/due.ts` belongs to `ecr-rescan`, `shared/drain/step.ts` to `drain`. */
export const areaOf = (file: string): string => file.split('/')[1] ?? file;

/** By what `by` makes of a path, and of `all`. Only `survivors` count as not noticed. */
export const scoresOf = (
  report: Report,
  options: { readonly by: (file: string) => string; readonly survivors?: readonly Survivor[] },
): ReadonlyMap<string, Score> => {
  const { by, survivors = survivorsOf(report) } = options;
  const scores = new Map<string, Score>();
  const add = (file: string, killed: number, survived: number) => {
    for (const key of [by(file), 'all']) {
      const before = scores.get(key) ?? { killed: 0, survived: 0 };
      const sum = { killed: before.killed + killed, survived: before.survived + survived };
      scores.set(key, { ...sum, percent: (100 * sum.killed) / Math.max(1, sum.killed + sum.survived) });
    }
  };
  for (const [file, { mutants }] of Object.entries(report.files))
    add(file, mutants.filter(({ status }) => KILLED.includes(status)).length, 0);
  for (const { file } of survivors) add(file, 0, 1);
  return scores;
};

const isDoubtful = ({ status, statusReason, static: isStatic }: ReportedMutant): boolean =>
  statusReason === TIME_OVER || (isStatic === true && SURVIVED.includes(status));

/**
 * The report without what the next run has to test again: mutants for which there was no time, and survivors of what is
 * worked out while a module loads, for Stryker does not see that there are new tests for them.
 */
export const withoutUntested = (report: Report): Report => ({
  ...report,
  files: Object.fromEntries(
    Object.entries(report.files).map(([path, file]) => [
      path,
      { ...file, mutants: file.mutants.filter((mutant) => !isDoubtful(mutant)) },
    ]),
  ),
});

export const readReasons = (path: string): readonly Reason[] =>
  JSON.parse(readFileSync(path, 'utf8')) as Reason[];
