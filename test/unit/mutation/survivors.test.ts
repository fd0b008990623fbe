import { describe, expect, it } from '@jest/globals';
import type { Reason, Report, ReportedMutant } from '../../mutation/survivors.ts';
import {
  areaOf,
  readReasons,
  reasonFor,
  scoresOf,
  survivorsOf,
  withoutUntested,
} from '../../mutation/survivors.ts';
import { TIME_OVER } from '../../mutation/until.ts';

const source = "const a = one ? 'x' : '';\nconst b =\n  two;\n";
const mutant = (status: string, more: Partial<ReportedMutant> = {}): ReportedMutant => ({
  mutatorName: 'StringLiteral',
  replacement: '"Stryker was here!"',
  status,
  location: { start: { line: 1, column: 23 }, end: { line: 1, column: 25 } },
  ...more,
});
const report = (mutants: Readonly<Record<string, readonly ReportedMutant[]>>): Report => ({
  files: Object.fromEntries(Object.entries(mutants).map(([file, list]) => [file, { source, mutants: list }])),
});

describe('survivors', () => {
  it('are mutants that no test noticed or ran, told by their text', () => {
    const found = survivorsOf(
      report({
        'functions/a/decide/x.ts': [
          mutant('Killed'),
          mutant('Timeout'),
          mutant('Ignored'),
          mutant('RuntimeError'),
          mutant('Survived'),
          mutant('NoCoverage', {
            replacement: '',
            location: { start: { line: 2, column: 7 }, end: { line: 3, column: 6 } },
          }),
        ],
      }),
    );
    expect(found).toEqual([
      {
        file: 'functions/a/decide/x.ts',
        line: 1,
        mutator: 'StringLiteral',
        code: "const a = one ? 'x' : '';",
        original: "''",
        replacement: '"Stryker was here!"',
      },
      {
        file: 'functions/a/decide/x.ts',
        line: 2,
        mutator: 'StringLiteral',
        code: 'const b =',
        original: 'b =\n  two',
        replacement: '',
      },
    ]);
  });

  const [survivor] = survivorsOf(report({ 'functions/a/decide/x.ts': [mutant('Survived')] }));
  it.each<[Omit<Reason, 'why'>, boolean]>([
    [{}, true],
    [{ file: 'functions/a/' }, true],
    [{ file: 'functions/b/' }, false],
    [{ mutator: 'StringLiteral' }, true],
    [{ mutator: 'String' }, false],
    [{ code: "one \\? 'x'" }, true],
    [{ code: 'two' }, false],
    [{ original: "^''$" }, true],
    [{ original: "^'x'$" }, false],
    [{ replacement: 'was here' }, true],
    [{ replacement: '^$' }, false],
    [{ file: 'functions/a/', original: "^'x'$" }, false],
  ])('are explained by %j: %s', (pattern, explained) => {
    if (survivor === undefined) throw new Error('no survivor');
    const reason = { ...pattern, why: 'it is so' };
    expect(reasonFor(survivor, [{ file: 'nowhere', why: 'no' }, reason])).toBe(
      explained ? reason : undefined,
    );
  });
});

describe('scores', () => {
  const found = report({
    'functions/a/decide/x.ts': [mutant('Killed'), mutant('Timeout'), mutant('Killed'), mutant('Survived')],
    'functions/a/decide/y.ts': [mutant('NoCoverage')],
    'shared/drain/z.ts': [mutant('Killed'), mutant('CompileError')],
  });

  it('are those of each area, and of all', () => {
    expect(Object.fromEntries(scoresOf(found, { by: areaOf }))).toEqual({
      a: { killed: 3, survived: 2, percent: 60 },
      drain: { killed: 1, survived: 0, percent: 100 },
      all: { killed: 4, survived: 2, percent: (100 * 4) / 6 },
    });
  });

  it('leave out survivors that are not to count', () => {
    const [first] = survivorsOf(found);
    expect(scoresOf(found, { by: areaOf, survivors: first === undefined ? [] : [first] }).get('a')).toEqual({
      killed: 3,
      survived: 1,
      percent: 75,
    });
  });

  it('are no numbers where there is nothing to test', () => {
    expect(scoresOf(report({ 'shared/drain/z.ts': [] }), { by: areaOf }).get('all')?.percent).toBe(0);
  });
});

it('what was not tested in time is taken out of what is known', () => {
  const late = mutant('RuntimeError', { statusReason: TIME_OVER });
  const known = [mutant('Killed'), mutant('RuntimeError', { statusReason: 'it does not load' })];
  const path = 'shared/drain/z.ts';
  const fixed = mutant('Survived', { static: true });
  expect(withoutUntested(report({ [path]: [...known, late, fixed] }))).toEqual(report({ [path]: known }));
});

it('the reasons that are written down can be read', () => {
  const reasons = readReasons('test/mutation/reasons.json');
  expect(reasons.length).toBeGreaterThan(0);
  for (const { why, ...pattern } of reasons) {
    expect(why.length).toBeGreaterThan(20);
    expect(Object.keys(pattern).length).toBeGreaterThan(0);
    for (const text of [pattern.code, pattern.original, pattern.replacement])
      if (text !== undefined) expect(() => new RegExp(text, 's')).not.toThrow();
  }
});
