import { describe, expect, it } from '@jest/globals';
import { diffFindings, toFindingSet } from '../../../../../functions/ecr-rescan/decide/diff.ts';
import { isTold, newsMessage, newsOf, toldUnits } from '../../../../../functions/ecr-rescan/decide/news.ts';
import type { Finding } from '../../../../../shared/core/image-scans.ts';
import { digest, finding, image, workload } from '../../../../fixtures/images.ts';

const news = (before: readonly Finding[], after: readonly Finding[], minimum: Finding['severity'] = 'HIGH') =>
  newsOf(diffFindings(toFindingSet(before), toFindingSet(after)), minimum);

describe('what people hear of', () => {
  it('each new CVE once, with all its packages, the gravest first', () => {
    expect(
      news(
        [],
        [
          finding('CVE-1', { package: 'libssl' }),
          finding('CVE-1', { package: 'openssl', fixedIn: '3.0.2', uri: 'https://cve/1' }),
          finding('CVE-2', { severity: 'CRITICAL' }),
        ],
      ),
    ).toEqual([
      { cve: 'CVE-2', severity: 'CRITICAL', kind: 'new', packages: [{ name: 'openssl', version: '3.0.1' }] },
      {
        cve: 'CVE-1',
        severity: 'HIGH',
        kind: 'new',
        uri: 'https://cve/1',
        packages: [
          { name: 'libssl', version: '3.0.1' },
          { name: 'openssl', version: '3.0.1', fixedIn: '3.0.2' },
        ],
      },
    ]);
  });

  it.each<[string, readonly Finding[], readonly Finding[], readonly string[]]>([
    ['nothing below the minimum', [], [finding('CVE-1', { severity: 'MEDIUM' })], []],
    ['nothing that was there before', [finding('CVE-1')], [finding('CVE-1')], []],
    ['nothing that went away', [finding('CVE-1')], [], []],
    [
      'what is rated above the minimum now',
      [finding('CVE-1', { severity: 'LOW' })],
      [finding('CVE-1')],
      ['CVE-1'],
    ],
    [
      'nothing that was above it already',
      [finding('CVE-1')],
      [finding('CVE-1', { severity: 'CRITICAL' })],
      [],
    ],
    ['nothing that only got a fix', [finding('CVE-1')], [finding('CVE-1', { fixedIn: '9' })], []],
  ])('%s', (_name, before, after, cves) => {
    expect(news(before, after).map(({ cve }) => cve)).toEqual(cves);
  });
});

describe('one CVE in several packages', () => {
  it('is as grave as the gravest, and new where one of them is', () => {
    const before = [finding('CVE-1', { package: 'a', severity: 'LOW' })];
    const after = [
      finding('CVE-1', { package: 'a', severity: 'CRITICAL' }),
      finding('CVE-1', { package: 'b' }),
    ];
    expect(news(before, after)).toStrictEqual([
      {
        cve: 'CVE-1',
        severity: 'CRITICAL',
        kind: 'new',
        packages: [
          { name: 'b', version: '3.0.1' },
          { name: 'a', version: '3.0.1' },
        ],
      },
    ]);
  });

  it('is rated higher where it was known in all of them', () => {
    const rated = (severity: Finding['severity']) => [
      finding('CVE-1', { package: 'a', severity }),
      finding('CVE-1', { package: 'b', severity }),
    ];
    expect(news(rated('LOW'), rated('HIGH')).map(({ kind }) => kind)).toEqual(['severity-raised']);
  });

  it('comes in the order of names among equals', () => {
    const found = ['CVE-3', 'CVE-1', 'CVE-2'].map((cve) => finding(cve));
    const diff = { added: found, removed: [], changed: [] };
    expect(newsOf(diff, 'HIGH').map(({ cve }) => cve)).toEqual(['CVE-1', 'CVE-2', 'CVE-3']);
  });
});

describe('the message', () => {
  const story = {
    identity: image('shop/web', 1),
    tags: ['1.4', 'latest'],
    workloads: [workload('web'), workload('batch', { kind: 'StatefulSet', namespace: 'jobs' })],
    completedAt: Date.parse('2026-11-20T01:02:03Z'),
  };

  it('names the CVE, the image with its tags, and where it runs', () => {
    const message = newsMessage(
      news([], [finding('CVE-2026-1', { severity: 'CRITICAL', fixedIn: '3.0.2', uri: 'https://cve/1' })]),
      story,
    );
    expect(message).toEqual({
      subject: 'CVE-2026-1 (CRITICAL) is new in shop/web:1.4',
      cluster: 'staging',
      text: [
        `A rescan found what the scan before did not know, in image\nshop/web@${digest(1)}`,
        'Tags: 1.4, latest\nScan completed: 2026-11-20T01:02:03.000Z',
        'Runs in:\n    staging/shop/Deployment/web\n    staging/jobs/StatefulSet/batch',
        'CVE-2026-1 CRITICAL\n    openssl 3.0.1, fix available: 3.0.2\n    https://cve/1',
      ].join('\n\n'),
    });
  });

  it('counts several, the ones it does not hold too, and says where no pod runs the image', () => {
    const message = newsMessage(
      news([], [finding('CVE-1'), finding('CVE-2', { severity: 'CRITICAL' })]),
      {
        ...story,
        tags: [],
        workloads: [],
      },
      3,
    );
    expect(message.subject).toBe(`5 CVEs (worst CRITICAL) are new in shop/web@${digest(1).slice(0, 19)}`);
    expect(message.text).toContain('No pod of the configured clusters ran it');
    expect(message.text).toContain('... and 3 more');
    expect(message).not.toHaveProperty('cluster');
  });

  it.each([
    ['https://cve/1', '\n    https://cve/1'],
    ['http://cve/1', '\n    http://cve/1'],
    ['javascript:alert(1)', ''],
    ['see https://cve/1', ''],
    [undefined, ''],
  ])('links %s as "%s": only what is http or https', (uri, line) => {
    const found = finding('CVE-1', uri === undefined ? {} : { uri });
    const { text } = newsMessage(news([], [found]), story);
    expect(text.split('\n\n').at(-1)).toBe(`CVE-1 HIGH\n    openssl 3.0.1${line}`);
  });

  it('says that a CVE is rated higher than before, and what has no tag', () => {
    const raised = news([finding('CVE-1', { severity: 'LOW' })], [finding('CVE-1')]);
    const { text } = newsMessage(raised, { ...story, tags: [], workloads: [] });
    expect(text.split('\n\n').slice(1)).toEqual([
      'Tags: none\nScan completed: 2026-11-20T01:02:03.000Z',
      'No pod of the configured clusters ran it when they were last listed.',
      'CVE-1 HIGH (rated higher than before)\n    openssl 3.0.1',
    ]);
  });

  it('ends with how many more there are, and with nothing where there are none', () => {
    const found = news([], [finding('CVE-1')]);
    expect(newsMessage(found, story, 2).text.split('\n\n').at(-1)).toBe(
      '... and 2 more; the stored result has them all.',
    );
    expect(newsMessage(found, story, 2).subject).toBe('3 CVEs (worst HIGH) are new in shop/web:1.4');
  });

  it.each([
    [[], undefined],
    [['staging'], 'staging'],
    [['staging', 'staging'], 'staging'],
    [['staging', 'production'], undefined],
  ])('is for the one cluster that runs the image: %j, %s', (clusters, cluster) => {
    const workloads = clusters.map((name) => workload('web', { cluster: name }));
    const message = newsMessage(news([], [finding('CVE-1')]), { ...story, workloads });
    expect(message.cluster).toBe(cluster);
    expect('cluster' in message).toBe(cluster !== undefined);
  });

  it('is empty of names where there is nothing to tell', () => {
    expect(newsMessage([], story).subject).toBe(' () is new in shop/web:1.4');
  });
});

describe('a CVE is told once for each workload, or for the repository of an image that nobody runs', () => {
  const units = toldUnits({ identity: image('shop/web', 1), workloads: [workload('web'), workload('api')] });
  const idle = toldUnits({ identity: image('shop/web', 2), workloads: [] });
  it.each([
    ['nothing told', units, [], false],
    ['one of two workloads told', units, ['workload/staging/shop/Deployment/web'], false],
    ['only the repository told', units, ['repository/shop/web'], false],
    [
      'both workloads told',
      units,
      ['workload/staging/shop/Deployment/web', 'workload/staging/shop/Deployment/api'],
      true,
    ],
    ['an image that nobody runs, repository told', idle, ['repository/shop/web'], true],
    ['an image that nobody runs, nothing told', idle, [], false],
  ])('%s', (_name, all, told, expected) => {
    expect(isTold(all, (unit) => told.includes(unit))).toBe(expected);
  });
});
