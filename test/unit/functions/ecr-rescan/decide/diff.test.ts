import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyDiff,
  diffFindings,
  findingKey,
  newFixes,
  severityChanges,
  toFindingSet,
} from '../../../../../functions/ecr-rescan/decide/diff.ts';
import type { Finding } from '../../../../../shared/core/image-scans.ts';
import { SEVERITIES } from '../../../../../shared/core/image-scans.ts';
import { finding } from '../../../../fixtures/images.ts';

const anyFinding: fc.Arbitrary<Finding> = fc
  .record({
    cve: fc.constantFrom('CVE-1', 'CVE-2', 'CVE-3'),
    package: fc.constantFrom('openssl', 'zlib', 'a","b'),
    version: fc.constantFrom('1', '2'),
    severity: fc.constantFrom(...SEVERITIES),
    fixedIn: fc.option(fc.constantFrom('3', '4'), { nil: undefined }),
    uri: fc.option(fc.constantFrom('https://one', 'https://two'), { nil: undefined }),
  })
  .map(({ fixedIn, uri, ...rest }) => ({
    ...rest,
    ...(fixedIn === undefined ? {} : { fixedIn }),
    ...(uri === undefined ? {} : { uri }),
  }));
const anyResult = fc.array(anyFinding, { maxLength: 15 });

describe('the diff of any two reports', () => {
  it('a result differs from itself in nothing', () => {
    fc.assert(
      fc.property(anyResult, (findings) => {
        const set = toFindingSet(findings);
        expect(diffFindings(set, set)).toEqual({ added: [], removed: [], changed: [] });
      }),
    );
  });

  it('the later result comes out of the earlier one and the diff', () => {
    fc.assert(
      fc.property(anyResult, anyResult, (first, second) => {
        const [before, after] = [toFindingSet(first), toFindingSet(second)];
        expect(applyDiff(before, diffFindings(before, after))).toEqual(after);
      }),
    );
  });

  it('the order and the doubles of the pages do not matter', () => {
    const shuffled = anyResult.chain((findings) =>
      fc.tuple(
        fc.constant(findings),
        fc.shuffledSubarray([...findings, ...findings], {
          minLength: findings.length * 2,
          maxLength: findings.length * 2,
        }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([findings, mixed]) => {
        expect(JSON.stringify(toFindingSet(mixed))).toBe(JSON.stringify(toFindingSet(findings)));
      }),
    );
  });

  it('every key is added, removed, changed or the same, and never two of these', () => {
    fc.assert(
      fc.property(anyResult, anyResult, (first, second) => {
        const [before, after] = [toFindingSet(first), toFindingSet(second)];
        const { added, removed, changed } = diffFindings(before, after);
        const keys = [...added, ...removed, ...changed.map((change) => change.after)].map(findingKey);
        expect(new Set(keys).size).toBe(keys.length);
        const unchanged = after.length - added.length - changed.length;
        expect(before.length).toBe(unchanged + removed.length + changed.length);
      }),
    );
  });

  it('backwards, what was added is what is removed', () => {
    fc.assert(
      fc.property(anyResult, anyResult, (first, second) => {
        const [before, after] = [toFindingSet(first), toFindingSet(second)];
        const [forth, back] = [diffFindings(before, after), diffFindings(after, before)];
        expect(back.removed).toEqual(forth.added);
        expect(back.added).toEqual(forth.removed);
        expect(back.changed).toHaveLength(forth.changed.length);
      }),
    );
  });
});

describe('what a diff tells', () => {
  const before = toFindingSet([
    finding('CVE-1'),
    finding('CVE-2', { severity: 'LOW' }),
    finding('CVE-3'),
    finding('CVE-4'),
  ]);
  const after = toFindingSet([
    finding('CVE-1'),
    finding('CVE-2', { severity: 'CRITICAL' }),
    finding('CVE-3', { fixedIn: '3.0.2' }),
    finding('CVE-5'),
    finding('CVE-1', { package: 'libssl' }),
  ]);
  const diff = diffFindings(before, after);

  it('the same CVE in another package is another finding', () => {
    expect(diff.added.map(({ cve, package: name }) => [cve, name])).toEqual([
      ['CVE-1', 'libssl'],
      ['CVE-5', 'openssl'],
    ]);
  });

  it('what is no longer reported', () => {
    expect(diff.removed.map(({ cve }) => cve)).toEqual(['CVE-4']);
  });

  it('what is rated otherwise, and what has a fix now', () => {
    expect(severityChanges(diff).map((change) => [change.before.severity, change.after.severity])).toEqual([
      ['LOW', 'CRITICAL'],
    ]);
    expect(newFixes(diff).map((change) => [change.after.cve, change.after.fixedIn])).toEqual([
      ['CVE-3', '3.0.2'],
    ]);
  });

  it('tells no fix as new that was known, even another one, or that went', () => {
    const known = toFindingSet([finding('CVE-1', { fixedIn: '1' }), finding('CVE-2', { fixedIn: '1' })]);
    const later = toFindingSet([finding('CVE-1', { fixedIn: '2' }), finding('CVE-2')]);
    expect(newFixes(diffFindings(known, later))).toEqual([]);
  });

  it('holds what is known of a finding and nothing else', () => {
    expect(toFindingSet([finding('CVE-1')])).toStrictEqual([
      { cve: 'CVE-1', package: 'openssl', version: '3.0.1', severity: 'HIGH' },
    ]);
  });

  it('puts findings in the order of their keys', () => {
    const found = toFindingSet([
      finding('CVE-2'),
      finding('CVE-1', { package: 'zlib' }),
      finding('CVE-3'),
      finding('CVE-1', { package: 'openssl' }),
    ]);
    expect(found.map(({ cve, package: name }) => `${cve} ${name}`)).toEqual([
      'CVE-1 openssl',
      'CVE-1 zlib',
      'CVE-2 openssl',
      'CVE-3 openssl',
    ]);
  });

  it.each<[string, Partial<Finding>, Partial<Finding>]>([
    ['with a fix', { fixedIn: '2' }, {}],
    ['with the greater fix', { fixedIn: '3' }, { fixedIn: '2', uri: 'https://z' }],
    ['with a link', { uri: 'https://a' }, {}],
    ['with a fix rather than a link', { fixedIn: '2' }, { uri: 'https://z' }],
    ['with the greater link', { fixedIn: '2', uri: 'https://b' }, { fixedIn: '2', uri: 'https://a' }],
  ])('of two findings with one key and severity the one %s counts', (_, better, other) => {
    const kept = finding('CVE-1', better);
    expect(toFindingSet([kept, finding('CVE-1', other)])).toEqual([kept]);
    expect(toFindingSet([finding('CVE-1', other), kept])).toEqual([kept]);
  });

  it('of two ratings of one finding the graver counts', () => {
    expect(
      toFindingSet([finding('CVE-1', { severity: 'LOW' }), finding('CVE-1', { severity: 'CRITICAL' })]),
    ).toEqual([finding('CVE-1', { severity: 'CRITICAL' })]);
  });
});
