import { afterEach, describe, expect, it } from '@jest/globals';
import type { FindingSpec, ImageSpec } from '../../infra/local/world/spec.ts';
import { invoke } from './support/invoke.ts';
import type { Scene } from './support/scene.ts';
import { endScenes, only, startScene } from './support/scene.ts';
import { clusterSpec, MINUTE_MS, nodeGroup, START } from './support/specs.ts';

/** Lists of which what counts stands on the second page: EKS gives 100 a page, ECR 1,000 where it is asked to. */

afterEach(endScenes);

const DAY_SECONDS = 24 * 3_600;

const numbered = <T>(count: number, make: (number: string) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(String(index).padStart(4, '0')));

/** For each call of that operation: what was asked for, and whether that was all. */
const pagesOf = ({ exchanges }: Scene, operation: string): readonly string[] =>
  exchanges
    .filter((exchange) => exchange.operation === operation)
    .map(({ input, output = {} }) => {
      const asked = 'nextToken' in input ? 'from there on' : 'from the start';
      return `${asked}: ${'nextToken' in output ? 'there is more' : 'that is all'}`;
    });
const TWO_PAGES = ['from the start: there is more', 'from there on: that is all'];

describe('a cluster with 101 node groups', () => {
  it('has the last of them put to sleep by its tag', async () => {
    const evening = Date.parse('2026-11-19T19:00:00Z');
    const scene = await startScene({
      spec: {
        startAt: evening - 5 * MINUTE_MS,
        clusters: [
          clusterSpec({
            nodeGroups: [
              ...numbered(100, (number) => nodeGroup({ name: `group-${number}`, desired: 0 })),
              nodeGroup({
                name: 'web',
                spot: false,
                desired: 1,
                tags: { 'eks-caretaker/schedule': 'office' },
              }),
            ],
          }),
        ],
      },
      config: only('nodeGroupSchedule', [
        'schedules:',
        '  office: { timeZone: Europe/Berlin, awake: ["Mon-Fri 07:00-20:00"] }',
      ]),
    });
    await scene.account.runUntil(evening);
    const { reasons } = await invoke(scene, 'node-group-schedule', { trigger: 'tick' });
    expect(pagesOf(scene, 'ListNodegroups')).toEqual(TWO_PAGES);
    expect(reasons).toContain('node-group/web sleep: resize-requested');
    expect(reasons.filter((words) => words.startsWith('node-group/group-'))).toEqual([]);
    await scene.pass(300);
    expect(scene.account.world.cluster('staging').nodeGroups.get('web')?.scaling.desired).toBe(0);
  });

  it('is not upgraded while the last node group, add-on or insight of them all says no', async () => {
    const scene = await startScene({
      spec: {
        clusters: [
          clusterSpec({
            nodeGroups: [
              ...numbered(100, (number) => nodeGroup({ name: `group-${number}`, desired: 0 })),
              nodeGroup({ name: 'web', desired: 0 }),
            ],
            addons: [
              ...numbered(100, (number) => ({ name: `agent-${number}`, version: 'v1.0.0-eksbuild.1' })),
              {
                name: 'vpc-cni',
                version: 'v1.20.4-eksbuild.1',
                configurationValues: '{"env":{"WARM_IP_TARGET":"2"}}',
              },
            ],
            insights: [
              ...numbered(100, (number) => ({
                name: `Insight ${number}`,
                status: 'PASSING' as const,
                reason: 'None in use.',
              })),
              {
                name: 'Deprecated APIs removed in Kubernetes v1.35',
                status: 'ERROR',
                reason: 'Deprecated API usage found.',
              },
            ],
          }),
        ],
      },
      config: only('clusterUpgrade'),
    });
    const cluster = scene.account.world.cluster('staging');
    const issue = (code: string, message: string) => ({ code, message, resourceIds: ['subnet-1'] });
    cluster.issues.push(issue('Ec2SubnetNotFound', 'a subnet is gone'));
    cluster.nodeGroups.get('web')?.issues.push(issue('AsgInstanceLaunchFailures', 'no capacity'));
    cluster.addons.get('vpc-cni')?.issues.push(issue('AccessDenied', 'the role is gone'));

    const { ok, verdicts } = await invoke(scene, 'cluster-upgrade-plan', {
      action: 'plan',
      cluster: 'staging',
      version: '1.35',
    });
    expect([ok, verdicts.map(({ reason }) => reason)]).toEqual([true, ['blocked']]);
    for (const operation of ['ListNodegroups', 'ListAddons', 'ListInsights'])
      expect([operation, pagesOf(scene, operation)]).toEqual([operation, TWO_PAGES]);
    const { checks = [] } = (verdicts[0]?.detail ?? {}) as {
      checks?: readonly { readonly check: string; readonly objects: readonly string[] }[];
    };
    const named = (check: string) => checks.find((one) => one.check === check)?.objects;
    expect(named('cluster-health')).toEqual(['cluster/staging: Ec2SubnetNotFound: a subnet is gone']);
    expect(named('node-group-health')).toEqual(['node-group/web: AsgInstanceLaunchFailures: no capacity']);
    expect(named('add-on-health')).toEqual(['add-on/vpc-cni: AccessDenied: the role is gone']);
    expect(named('insights')).toEqual([expect.stringContaining('Deprecated APIs removed')]);
  });
});

describe('a registry', () => {
  const digestOf = (number: string): string => `sha256:${number.padStart(64, '0')}`;
  const image = (number: string, findings: readonly FindingSpec[] = []): ImageSpec => ({
    digest: digestOf(number),
    tags: [number],
    pushedAt: START - 40 * 24 * 3_600_000,
    findings,
  });
  const start = (repositories: readonly { name: string; images: readonly ImageSpec[] }[]): Promise<Scene> =>
    startScene({
      spec: { repositories: repositories.map((repository) => ({ ...repository, scanOnPush: false })) },
      config: only('ecrRescan', ['repositories: ["shop/*"]', 'imagesPerTick: 1']),
    });
  const tick = async (scene: Scene): Promise<readonly string[]> => {
    const { reasons } = await invoke(scene, 'ecr-rescan', { trigger: 'tick' });
    await scene.pass(600);
    return reasons;
  };

  it('with 1,001 repositories has the last one scanned, and of 1,001 images the last one', async () => {
    // Images are scanned by digest, and the last one of the list has the smallest.
    const images = [...numbered(1_000, (number) => image(`1${number}`)), image('7')];
    const scene = await start([
      ...numbered(1_000, (number) => ({ name: `other/${number}`, images: [] })),
      { name: 'shop/cart', images },
    ]);
    const reasons = await tick(scene);
    expect(pagesOf(scene, 'DescribeRepositories')).toEqual(TWO_PAGES);
    expect(pagesOf(scene, 'DescribeImages')).toEqual(TWO_PAGES);
    expect(reasons).toEqual([
      `image/shop/cart@${digestOf('7')} start-scan: never-scanned`,
      'inventory/images none: pass-continues',
    ]);
  });

  it('that finds 1,001 CVEs in an image tells of the last one when it is new', async () => {
    const finding = (name: string, knownFrom = 0): FindingSpec => ({
      name,
      severity: 'HIGH',
      packageName: 'openssl',
      packageVersion: '3.0.1',
      knownFrom,
    });
    const scene = await start([
      {
        name: 'shop/cart',
        images: [
          image('7', [
            ...numbered(1_000, (number) => finding(`CVE-2025-1${number}`)),
            finding('CVE-2026-50001', START + MINUTE_MS),
          ]),
        ],
      },
    ]);
    await tick(scene);
    expect(scene.account.notifications).toEqual([]);
    await scene.pass(DAY_SECONDS);
    const before = scene.exchanges.length;
    await tick(scene);
    const findings = { ...scene, exchanges: scene.exchanges.slice(before) };
    expect(pagesOf(findings, 'DescribeImageScanFindings').slice(-2)).toEqual(TWO_PAGES);
    expect(scene.account.notifications.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('CVE-2026-50001 (HIGH) is new in shop/cart'),
    ]);
  });
});
