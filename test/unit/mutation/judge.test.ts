import { describe, expect, it } from '@jest/globals';
import { judge } from '../../mutation/judge.ts';
import type { Reason, ReportedMutant } from '../../mutation/survivors.ts';
import { TIME_OVER } from '../../mutation/until.ts';

const STEP = 'shared/drain/step.ts';
const LOOP = 'shared/drain/loop.ts';
const DUE = 'functions/ecr-rescan/decide/due.ts';

const mutant = (status: string, mutatorName = 'StringLiteral'): ReportedMutant => ({
  mutatorName,
  replacement: '""',
  status,
  ...(status === 'RuntimeError' ? { statusReason: TIME_OVER } : {}),
  location: { start: { line: 1, column: 1 }, end: { line: 1, column: 4 } },
});
/** So many that were noticed, were not, or were not tested. */
const file = (noticed: number, not = 0, untested = 0) => ({
  source: 'abc\n',
  mutants: [
    ...Array(noticed).fill(mutant('Killed')),
    ...Array(not).fill(mutant('Survived')),
    ...Array(untested).fill(mutant('RuntimeError')),
  ],
});
const WHY: Reason = { file: STEP, why: 'nobody can' };

type Case = readonly [
  what: string,
  files: Readonly<Record<string, ReturnType<typeof file>>>,
  patterns: readonly string[] | 'everything',
  reasons: readonly Reason[],
];

describe('a run is good', () => {
  it.each<Case>([
    ['with 85 % noticed in each area', { [STEP]: file(85, 15), [DUE]: file(1) }, 'everything', []],
    [
      'with one file below that, where its area is not and everything was mutated',
      { [STEP]: file(1, 1), [LOOP]: file(20) },
      'everything',
      [],
    ],
    ['with 85 % noticed in each file of some', { [STEP]: file(85, 15) }, [STEP], []],
    ['with fewer in a file where the others cannot be noticed', { [STEP]: file(1, 9) }, [STEP], [WHY]],
    [
      'whatever an earlier run found in other files',
      { [STEP]: file(1), [LOOP]: file(0, 9) },
      [`${STEP}:1-9`],
      [],
    ],
    ['where no mutant was tested in time', { [STEP]: file(0, 0, 9) }, ['shared/drain/**/*.ts'], []],
    [
      'where not all of a file was tested in time',
      { [STEP]: file(0, 1, 9), [LOOP]: file(9) },
      [STEP, LOOP],
      [],
    ],
    ['where a file has no mutants', { [STEP]: file(0) }, [STEP], []],
    ['without a reason that may yet be needed', { [STEP]: file(9, 0, 1) }, 'everything', [WHY]],
  ])('%s', (_, files, patterns, reasons) => {
    expect(judge({ report: { files }, patterns, reasons })).toMatchObject({ isGood: true });
  });
});

describe('a run is not good', () => {
  it.each<[...Case, string]>([
    [
      'with fewer in all',
      { [STEP]: file(84, 16) },
      'everything',
      [],
      'mutate: only 84.0 % are noticed in drain, 85 % are wanted',
    ],
    [
      'with fewer in one area, though there are reasons',
      { [STEP]: file(84, 16), [DUE]: file(900) },
      'everything',
      [WHY],
      'mutate: only 84.0 % are noticed in drain, 85 % are wanted',
    ],
    [
      'with fewer in one file of some',
      { [STEP]: file(84, 16), [LOOP]: file(900) },
      ['shared/drain/**/*.ts'],
      [],
      `mutate: only 84.0 % are noticed in ${STEP}, 85 % are wanted`,
    ],
    [
      'with a reason that no mutant needs',
      { [STEP]: file(9) },
      'everything',
      [WHY],
      `mutate: this reason is not needed any more: ${JSON.stringify(WHY)}`,
    ],
  ])('%s, and says so', (_, files, patterns, reasons, said) => {
    const { isGood, lines } = judge({ report: { files }, patterns, reasons });
    expect(isGood).toBe(false);
    expect(lines).toContain(said);
  });
});

it('says what nobody noticed, and how many were not tested', () => {
  const { lines } = judge({ report: { files: { [STEP]: file(9, 1, 3) } }, patterns: [STEP], reasons: [] });
  expect(lines).toEqual([
    '\nmutants',
    'drain                 90.0 %  9 noticed, 1 not',
    'all                   90.0 %  9 noticed, 1 not',
    `not noticed, and no reason is known: ${STEP}:1 StringLiteral\n  - abc\n  + ""`,
    '0 others cannot be noticed, for reasons in test/mutation/reasons.json',
    '3 were not tested: the time was over',
  ]);
});
