import { isoTime } from '../../../shared/core/clock.ts';
import type { Finding, ImageIdentity, Severity, Workload } from '../../../shared/core/image-scans.ts';
import { atLeast, SEVERITIES } from '../../../shared/core/image-scans.ts';
import type { Notification } from '../../../shared/core/store.ts';
import type { FindingDiff } from './diff.ts';
import { severityChanges } from './diff.ts';

/** One CVE that is new in an image, with every package that it was found in. */
export interface News {
  readonly cve: string;
  readonly severity: Severity;
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly fixedIn?: string;
  }[];
  readonly uri?: string;
  /** `severity-raised`: known before, but rated below the minimum then. */
  readonly kind: 'new' | 'severity-raised';
}

const gravestFirst = (a: News, b: News): number =>
  SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || (a.cve < b.cve ? -1 : 1);

const worst = (findings: readonly Finding[]): Severity =>
  findings.reduce<Severity>(
    (gravest, { severity }) => (atLeast(severity, gravest) ? severity : gravest),
    'UNDEFINED',
  );

/** What people should hear of: each CVE once, the gravest first. A baseline has no diff and so no news. */
export const newsOf = (diff: FindingDiff, minimum: Severity): readonly News[] => {
  const raised = severityChanges(diff)
    .filter(({ before, after }) => !atLeast(before.severity, minimum) && atLeast(after.severity, minimum))
    .map(({ after }) => after);
  const added = diff.added.filter(({ severity }) => atLeast(severity, minimum));
  const byCve = Map.groupBy([...added, ...raised], ({ cve }) => cve);
  return [...byCve]
    .map(([cve, findings]): News => {
      const uri = findings.find((finding) => finding.uri !== undefined)?.uri;
      return {
        cve,
        severity: worst(findings),
        packages: findings.map(({ package: name, version, fixedIn }) => ({
          name,
          version,
          ...(fixedIn === undefined ? {} : { fixedIn }),
        })),
        ...(uri === undefined ? {} : { uri }),
        kind: findings.some((finding) => added.includes(finding)) ? 'new' : 'severity-raised',
      };
    })
    .sort(gravestFirst);
};

/** The image that news is about, with the labels and places that people know it by. */
export interface ImageStory {
  readonly identity: ImageIdentity;
  readonly tags: readonly string[];
  readonly workloads: readonly Workload[];
  /** Epoch ms. */
  readonly completedAt: number;
}

export const workloadName = ({ cluster, namespace, kind, name }: Workload): string =>
  `${cluster}/${namespace}/${kind}/${name}`;

/**
 * Under what a CVE counts as told: each workload that runs the image, and its repository. A CVE is told again
 * only when it turns up where it was not told for.
 */
export const toldUnits = (story: Pick<ImageStory, 'identity' | 'workloads'>): readonly string[] => [
  ...story.workloads.map((workload) => `workload/${workloadName(workload)}`),
  `repository/${story.identity.repository}`,
];

/** True where the CVE was told for all that matters: every workload, or the repository of an image that nobody runs. */
export const isTold = (units: readonly string[], told: (unit: string) => boolean): boolean => {
  const workloads = units.filter((unit) => unit.startsWith('workload/'));
  return (workloads.length > 0 ? workloads : units).every(told);
};

const nameOf = ({ identity, tags }: ImageStory): string =>
  `${identity.repository}${tags[0] === undefined ? `@${identity.digest.slice(0, 19)}` : `:${tags[0]}`}`;

const lineOf = ({ name, version, fixedIn }: News['packages'][number]): string =>
  `    ${name} ${version}${fixedIn === undefined ? '' : `, fix available: ${fixedIn}`}`;

const paragraphOf = (news: News): string =>
  [
    `${news.cve} ${news.severity}${news.kind === 'severity-raised' ? ' (rated higher than before)' : ''}`,
    ...news.packages.map(lineOf),
    ...(news.uri !== undefined && /^https?:\/\//.test(news.uri) ? [`    ${news.uri}`] : []),
  ].join('\n');

/** The message to people: what is new, in which image, and where that runs. */
export const newsMessage = (news: readonly News[], story: ImageStory, more = 0): Notification => {
  const [first] = news;
  const count = news.length + more;
  const clusters = new Set(story.workloads.map(({ cluster }) => cluster));
  const [cluster] = clusters;
  return {
    subject:
      first === undefined || count === 1
        ? `${first?.cve ?? ''} (${first?.severity ?? ''}) is new in ${nameOf(story)}`
        : `${count} CVEs (worst ${first.severity}) are new in ${nameOf(story)}`,
    text: [
      `A rescan found what the scan before did not know, in image\n${story.identity.repository}@${story.identity.digest}`,
      `Tags: ${story.tags.length === 0 ? 'none' : story.tags.join(', ')}\nScan completed: ${isoTime(story.completedAt)}`,
      story.workloads.length === 0
        ? 'No pod of the configured clusters ran it when they were last listed.'
        : ['Runs in:', ...story.workloads.map((workload) => `    ${workloadName(workload)}`)].join('\n'),
      ...news.map(paragraphOf),
      ...(more > 0 ? [`... and ${more} more; the stored result has them all.`] : []),
    ].join('\n\n'),
    ...(clusters.size === 1 && cluster !== undefined ? { cluster } : {}),
  };
};
