import type { Finding } from '../../../shared/core/image-scans.ts';
import { atLeast } from '../../../shared/core/image-scans.ts';

/** Findings of one image, each key (CVE, package, version) once, in the order of the keys. */
export type FindingSet = readonly Finding[];

export interface FindingChange {
  readonly before: Finding;
  readonly after: Finding;
}

export interface FindingDiff {
  readonly added: readonly Finding[];
  /** No longer reported. Nobody says that they were fixed. */
  readonly removed: readonly Finding[];
  /** Same key, but severity, fix or link differ. */
  readonly changed: readonly FindingChange[];
}

export const findingKey = ({ cve, package: name, version }: Finding): string =>
  JSON.stringify([cve, name, version]);

const byKey = (a: Finding, b: Finding): number => {
  const [first, second] = [findingKey(a), findingKey(b)];
  return first < second ? -1 : first > second ? 1 : 0;
};

/** Of two findings with one key the graver; between equals the one with a fix, then by text, so that order never matters. */
const preferred = (a: Finding, b: Finding): Finding => {
  if (a.severity !== b.severity) return atLeast(a.severity, b.severity) ? a : b;
  const rank = ({ fixedIn, uri }: Finding) => JSON.stringify([fixedIn ?? '', uri ?? '']);
  return rank(a) >= rank(b) ? a : b;
};

/** Sorts and drops doubles, so that equal results are equal texts whatever order ECR's pages had. */
export const toFindingSet = (findings: Iterable<Finding>): FindingSet => {
  const set = new Map<string, Finding>();
  for (const { cve, package: name, version, severity, fixedIn, uri } of findings) {
    const finding: Finding = {
      cve,
      package: name,
      version,
      severity,
      ...(fixedIn === undefined ? {} : { fixedIn }),
      ...(uri === undefined ? {} : { uri }),
    };
    const known = set.get(findingKey(finding));
    set.set(findingKey(finding), known === undefined ? finding : preferred(known, finding));
  }
  return [...set.values()].sort(byKey);
};

const same = (a: Finding, b: Finding): boolean =>
  a.severity === b.severity && a.fixedIn === b.fixedIn && a.uri === b.uri;

/** What differs between two results of one image. */
export const diffFindings = (before: FindingSet, after: FindingSet): FindingDiff => {
  const old = new Map(before.map((finding) => [findingKey(finding), finding]));
  const current = new Set(after.map(findingKey));
  const added: Finding[] = [];
  const changed: FindingChange[] = [];
  for (const finding of after) {
    const known = old.get(findingKey(finding));
    if (known === undefined) added.push(finding);
    else if (!same(known, finding)) changed.push({ before: known, after: finding });
  }
  return { added, removed: before.filter((finding) => !current.has(findingKey(finding))), changed };
};

export const severityChanges = (diff: FindingDiff): readonly FindingChange[] =>
  diff.changed.filter(({ before, after }) => before.severity !== after.severity);

/** A fix became available. */
export const newFixes = (diff: FindingDiff): readonly FindingChange[] =>
  diff.changed.filter(({ before, after }) => before.fixedIn === undefined && after.fixedIn !== undefined);

/** The later result again, from the earlier one and the difference. */
export const applyDiff = (before: FindingSet, diff: FindingDiff): FindingSet => {
  const result = new Map(before.map((finding) => [findingKey(finding), finding]));
  for (const finding of diff.removed) result.delete(findingKey(finding));
  for (const finding of diff.added) result.set(findingKey(finding), finding);
  for (const { after } of diff.changed) result.set(findingKey(after), after);
  return [...result.values()].sort(byKey);
};
