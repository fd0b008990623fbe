import { expect } from '@jest/globals';
import { row } from '../support/results.ts';
import type { Case } from './cases/case.ts';
import { inShort, judge } from './comparison.ts';
import type { Outcome } from './lanes.ts';

/** The verdict on a case: a row of the table, or a failed test. */
export const expectSame = (one: Case, { embedded, counterpart }: Outcome): void => {
  const { unexplained, stale, verdict } = judge(embedded, counterpart, one);
  expect(unexplained).toEqual([]);
  // A known difference that is none any more has to go from the list.
  expect(stale).toEqual([]);
  row({
    suite: 'kubernetes',
    behaviour: one.behaviour,
    embedded: inShort(embedded),
    counterpart: inShort(counterpart),
    verdict,
  });
};

/** What `it.each` takes: the sentence, and where the case is in the list. */
export const byName = (cases: readonly Case[]): readonly (readonly [string, number])[] =>
  cases.map((one, index) => [one.behaviour, index]);

export const caseAt = (cases: readonly Case[], index: number): Case => {
  const one = cases[index];
  if (one === undefined) throw new Error(`there is no case ${index}`);
  return one;
};
