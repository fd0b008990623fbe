import type { Snapshot } from './snapshot.ts';

export type CheckVerdict = 'pass' | 'warn' | 'block';

/** One question that is answered before anything is changed. */
export interface Check {
  /** Stable kebab-case code, for example `free-addresses`. */
  readonly check: string;
  readonly verdict: CheckVerdict;
  /** One sentence with the figures. */
  readonly summary: string;
  /** What does not pass, by name; cut to 50, the rest is counted. */
  readonly objects: readonly string[];
  readonly moreObjects?: number;
  /** What to do, where it does not pass. */
  readonly remedy?: string;
}

export type CheckRule = (snapshot: Snapshot) => Check;

const OBJECTS_NAMED = 50;

const named = (objects: readonly string[]): Pick<Check, 'objects' | 'moreObjects'> => {
  const sorted = objects.toSorted();
  return sorted.length <= OBJECTS_NAMED
    ? { objects: sorted }
    : { objects: sorted.slice(0, OBJECTS_NAMED), moreObjects: sorted.length - OBJECTS_NAMED };
};

export const pass = (check: string, summary: string): Check => ({
  check,
  verdict: 'pass',
  summary,
  objects: [],
});

interface Finding {
  readonly summary: string;
  readonly objects: readonly string[];
  readonly remedy: string;
}

const finding =
  (verdict: CheckVerdict) =>
  (check: string, { summary, objects, remedy }: Finding): Check => ({
    check,
    verdict,
    summary,
    ...named(objects),
    remedy,
  });

export const warn = finding('warn');
export const block = finding('block');
