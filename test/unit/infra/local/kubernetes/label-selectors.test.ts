import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseLabelSelector } from '../../../../../infra/local/kubernetes/label-selectors.ts';
import type { Requirement } from '../../../../../infra/local/kubernetes/objects.ts';
import { meetsAll, selectorText } from '../../../../../infra/local/kubernetes/selectors.ts';

const message = (text: string): string => {
  try {
    parseLabelSelector(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${text} was not refused`);
};

describe('a label selector', () => {
  it.each<[string, readonly Requirement[]]>([
    ['', []],
    ['a', [{ key: 'a', operator: 'Exists' }]],
    ['!a', [{ key: 'a', operator: 'DoesNotExist' }]],
    ['a=b', [{ key: 'a', operator: 'In', values: ['b'] }]],
    [
      ' a == b , c != d ',
      [
        { key: 'a', operator: 'In', values: ['b'] },
        { key: 'c', operator: 'NotIn', values: ['d'] },
      ],
    ],
    ['a=', [{ key: 'a', operator: 'In', values: [''] }]],
    ['a in (b, c,b)', [{ key: 'a', operator: 'In', values: ['b', 'c'] }]],
    ['a in (,b)', [{ key: 'a', operator: 'In', values: ['', 'b'] }]],
    ['a notin (b,)', [{ key: 'a', operator: 'NotIn', values: ['b', ''] }]],
    ['a>5', [{ key: 'a', operator: 'Gt', values: ['5'] }]],
    ['in in (in)', [{ key: 'in', operator: 'In', values: ['in'] }]],
    ['example.com/a=b', [{ key: 'example.com/a', operator: 'In', values: ['b'] }]],
  ])('%j reads as %j', (text, expected) => {
    expect(parseLabelSelector(text)).toEqual(expected);
  });

  it.each([
    ['a,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a=(b)', "unable to parse requirement: found '(', expected: identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'a>b',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('%j is refused: %s', (text, why) => {
    expect(message(text)).toBe(why);
  });

  it.each([
    ['a=b$', 'values[0][a]: Invalid value: "b$": a valid label must be'],
    ['-a=b', '<nil>: Invalid value: "-a": name part must consist of'],
    ['a/b/c=d', '<nil>: Invalid value: "a/b/c": a valid label key must consist of'],
    ['/a=d', '<nil>: Invalid value: "/a": prefix part must be non-empty'],
  ])('%j is refused for what it names', (text, why) => {
    expect(message(text)).toContain(why);
  });

  it('reads what it writes of matchLabels and matchExpressions', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const selector = fc.record({
      matchLabels: fc.dictionary(word, word, { maxKeys: 3 }),
      matchExpressions: fc.array(
        fc.record({
          key: word,
          operator: fc.constantFrom('In', 'NotIn'),
          values: fc.array(word, { minLength: 1, maxLength: 3 }),
        }),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(selector, fc.dictionary(word, word), (wanted, labels) => {
        const requirements = [
          ...Object.entries(wanted.matchLabels).map(([key, value]) => ({
            key,
            operator: 'In',
            values: [value],
          })),
          ...wanted.matchExpressions,
        ];
        for (const some of [labels, wanted.matchLabels, { ...labels, ...wanted.matchLabels }]) {
          expect(meetsAll(some, parseLabelSelector(selectorText(wanted)))).toBe(meetsAll(some, requirements));
        }
      }),
    );
  });
});
