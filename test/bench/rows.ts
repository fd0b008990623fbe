import pc from 'picocolors';
import { renderTable } from '../../infra/cli/table.ts';

/** One row of `out/bench.json`. */
export interface BenchRow {
  readonly bench: string;
  readonly measure: string;
  /** Median over the runs, in `unit`. */
  readonly ours: number;
  /** The same of the peer; 1, or the limit that the note states, where there is none. */
  readonly peer: number;
  readonly unit: string;
  /** ours / peer: the median over pairs that ran in turn, so that a slow moment of the machine meets both. */
  readonly ratio: number;
  /** The ratio that is aimed at; null where none is set. */
  readonly target: number | null;
  readonly runs: number;
  readonly note: string;
}

/** What was measured of ours and of the peer, one after the other. */
export interface Pair {
  readonly ours: number;
  readonly peer: number;
}

/** Throws RangeError for nothing at all. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values to take a median of');
  return (lower + upper) / 2;
};

type What = Pick<BenchRow, 'bench' | 'measure' | 'unit' | 'note'> & { readonly target?: number };

export const rowOfPairs = (what: What, pairs: readonly Pair[]): BenchRow => ({
  bench: what.bench,
  measure: what.measure,
  ours: rounded(median(pairs.map(({ ours }) => ours))),
  peer: rounded(median(pairs.map(({ peer }) => peer))),
  unit: what.unit,
  ratio: rounded(median(pairs.map(({ ours, peer }) => ours / peer))),
  target: what.target ?? null,
  runs: pairs.length,
  note: what.note,
});

/** A count that is the same in every run; `limit` is the peer where the note states one. */
export const rowOfCount = (what: What, count: number, limit = 1): BenchRow =>
  rowOfPairs(what, [{ ours: count, peer: limit }]);

/** Four significant digits; whole numbers stay as they are. */
const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));

const verdict = ({ ratio, target }: BenchRow): string => {
  if (target === null) return '';
  return ratio <= target ? `at most ${target}: met` : `at most ${target}: missed`;
};

export const formatRows = (rows: readonly BenchRow[]): string =>
  renderTable(
    { colors: pc.createColors(false) },
    ['bench', 'measure', 'ours', 'peer', 'unit', 'ratio', 'target', 'runs'],
    rows.map((row) => [
      row.bench,
      row.measure,
      String(row.ours),
      String(row.peer),
      row.unit,
      String(row.ratio),
      verdict(row),
      String(row.runs),
    ]),
  );
