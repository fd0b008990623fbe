import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  clean,
  leftBehind,
  POD_CLEANUP,
  podsOf,
  reportOf,
  saidOf,
  sceneWith,
} from './support/pod-cleanup.ts';
import { only, startScene, useScenes } from './support/scene.ts';
import { clusterSpec, failedPod, nodeGroup, workload } from './support/specs.ts';

useScenes();

describe('a run of pod-cleanup', () => {
  it('deletes what a node shutdown left behind, page by page, 2,000 pods a run, and leaves the running ones alone', async () => {
    const scene = await sceneWith(leftBehind(2_010), POD_CLEANUP, { workloads: [workload()] });
    const running = scene.kubernetes().objects.list('pods').length - 2_010;
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(true);
    expect(payload).toMatchObject({ automation: 'pod-cleanup', mode: 'act' });
    expect(podsOf(scene)).toHaveLength(10);
    expect(scene.kubernetes().objects.list('pods')).toHaveLength(running + 10);
    expect(saidOf(scene)).toHaveLength(2_010);
    expect(scene.verdicts({ action: 'delete', reason: 'terminated' })).toHaveLength(2_000);
    expect(reportOf(scene)).toMatchObject({ deleted: 2_000, postponed: 10 });
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
  }, 120_000);

  it('says it in the log, the result, the journal and on the bus alike', async () => {
    const scene = await sceneWith([failedPod()]);
    const { payload } = await clean(scene);
    const [verdict, report] = scene.verdicts();
    expect(verdict).toEqual({
      automation: 'pod-cleanup',
      cluster: 'staging',
      target: 'pod/shop/cart-left-behind',
      action: 'delete',
      reason: 'terminated',
      mode: 'act',
      at: '2026-11-20T03:00:00.000Z',
      detail: {
        podReason: 'Terminated',
        owner: expect.stringMatching(/^ReplicaSet\/cart-/),
        failedAt: '2026-11-20T02:00:00.000Z',
      },
    });
    expect(payload).toMatchObject({ verdicts: [report, verdict] });
    expect(await scene.items('journal#pod-cleanup#2026-11-20')).toMatchObject([
      { verdicts: [verdict, report] },
    ]);
    expect(scene.account.published).toMatchObject([
      { source: 'eks-caretaker', 'detail-type': 'pod-cleanup/delete', detail: verdict },
    ]);
  });

  it('sums up what became of the pods, by reason and by namespace, in a verdict and in metrics', async () => {
    const scene = await sceneWith([
      ...leftBehind(3),
      failedPod({ name: 'young', failedMinutesAgo: 1 }),
      failedPod({ name: 'job', namespace: 'batch', owner: { kind: 'Job', name: 'backup' } }),
    ]);
    await clean(scene);
    expect(reportOf(scene)).toMatchObject({
      listed: 5,
      deleted: 3,
      kept: 2,
      refused: 0,
      postponed: 0,
      failed: 0,
      reasons: { terminated: 3, 'too-young': 1, 'job-pod': 1 },
      namespaces: { shop: { deleted: 3, kept: 1 }, batch: { kept: 1 } },
    });
    const metrics = scene
      .logs()
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
      .filter((line) => '_aws' in line && 'PodsDeleted' in line);
    expect(metrics).toMatchObject([
      {
        cluster: 'staging',
        service: 'pod-cleanup',
        PodsListed: 5,
        PodsDeleted: 3,
        PodsKept: 2,
        PodsRefused: 0,
        PodsPostponed: 0,
        PodsFailed: 0,
        _aws: { CloudWatchMetrics: [{ Namespace: 'eks-caretaker', Dimensions: [['service', 'cluster']] }] },
      },
    ]);
  });

  it('finds nothing to do a second time', async () => {
    const scene = await sceneWith([failedPod()]);
    await clean(scene);
    const { revision } = scene.kubernetes().objects;
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(true);
    expect(payload).toMatchObject({ verdicts: [] });
    expect(scene.kubernetes().objects.revision).toBe(revision);
  });

  it('stops at its budget, and the next run goes on', async () => {
    const scene = await sceneWith(leftBehind(3), only('podCleanup', ['maximumDeletesPerRun: 2']));
    await clean(scene);
    expect(saidOf(scene).filter((line) => line.includes('none:'))).toEqual([
      'pod/shop/cart-0002 none: run-budget-used',
    ]);
    expect(podsOf(scene)).toEqual(['cart-0002']);
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
  });

  it.each([
    ['what is no tick', { trigger: 'tock' }, 'MalformedEventError'],
    ['a cluster that is not configured', { trigger: 'tick', cluster: 'production' }, 'MalformedEventError'],
  ])('refuses %s', async (_what, event, errorType) => {
    const scene = await sceneWith([failedPod()]);
    const { ok, payload } = await clean(scene, event);
    expect(ok).toBe(false);
    expect(payload).toMatchObject({ errorType });
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });
});

describe('the ticks', () => {
  const ticksOf = async (config: string, minutes: number, clusters: readonly string[]) => {
    const scene = await startScene({
      config,
      schedules: true,
      spec: { clusters: clusters.map((name) => clusterSpec({ name })) },
    });
    await scene.pass(minutes * 60);
    return scene
      .invocationsOf('pod-cleanup')
      .map(({ startedAt, event }) => [
        new Date(startedAt).toISOString().slice(11, 16),
        (event as { cluster?: string }).cluster,
      ]);
  };

  it('come every 15 minutes for the one cluster', async () => {
    expect(await ticksOf(POD_CLEANUP, 31, ['staging'])).toEqual([
      ['03:15', 'staging'],
      ['03:30', 'staging'],
    ]);
  });

  it('are spread over the time between two of them, a cluster at a time, as often as is configured', async () => {
    const clusters = ['dev', 'staging', 'test'];
    const config = only('podCleanup', ['everyMinutes: 30'], { clusters });
    expect(await ticksOf(config, 61, clusters)).toEqual([
      ['03:10', 'staging'],
      ['03:20', 'test'],
      ['03:30', 'dev'],
      ['03:40', 'staging'],
      ['03:50', 'test'],
      ['04:00', 'dev'],
    ]);
  });
});

describe('modes', () => {
  const pods = [
    ...leftBehind(3),
    failedPod({ name: 'young', failedMinutesAgo: 1 }),
    failedPod({ name: 'evicted', reason: 'Evicted', message: 'The node was low on resource: memory.' }),
  ];

  it('observe changes nothing but the journal, and prints the very plan that act carries out', async () => {
    const scene = await sceneWith(pods, only('podCleanup', [], { mode: 'observe' }));
    const { revision } = scene.kubernetes().objects;
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(scene.verdicts({ mode: 'observe', action: 'delete' })).toHaveLength(3);
    expect(reportOf(scene)).toMatchObject({ wouldDelete: 3, kept: 2 });
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(new Set(scene.exchanges.map(({ service, operation }) => `${service} ${operation}`))).toEqual(
      new Set(['dynamodb GetItem', 'dynamodb BatchWriteItem', 'eks DescribeCluster']),
    );
    expect(scene.account.published).toEqual([]);
    expect(await scene.items('')).toMatchObject([{ pk: 'journal#pod-cleanup#2026-11-20' }]);

    const acting = await sceneWith(pods);
    await clean(acting);
    expect([...saidOf(acting)].sort()).toEqual([...saidOf(scene)].sort());
  });

  it('off in the table makes a run do nothing', async () => {
    const scene = await sceneWith([failedPod()]);
    await scene.setModes({ automations: { 'pod-cleanup': 'off' } });
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(scene.reasons()).toEqual(['automation/pod-cleanup none: mode-off']);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });

  it('off in the table half way stops the run before its next delete', async () => {
    const scene = await sceneWith(leftBehind(520));
    // A delete of the first page makes all of them wait for 5 s, so that there is a half way.
    scene
      .kubernetes()
      .failNext({ verb: 'delete', name: 'cart-0300' }, { status: 429, headers: { 'retry-after': '5' } });
    const run = clean(scene);
    await scene.pass(2);
    const left = podsOf(scene);
    expect(left.length).toBeGreaterThan(100);
    await scene.setModes({ clusters: { staging: 'off' } });
    await run;
    expect(podsOf(scene)).toEqual(left);
    expect(scene.verdicts({ reason: 'mode-changed' })).toHaveLength(left.length - 20);
    expect(saidOf(scene).at(-1)).toBe('cluster/staging none: mode-off');
    // What was deleted before was deleted.
    expect(reportOf(scene)).toMatchObject({
      listed: 500,
      deleted: 520 - left.length,
      postponed: left.length - 20,
    });
    expect(reportOf(scene)).not.toHaveProperty('wouldDelete');
  });
});

describe('the bundle', () => {
  const sceneWithOwnBundles = () =>
    startScene({
      config: POD_CLEANUP,
      spec: { clusters: [clusterSpec({ nodeGroups: [nodeGroup()], failedPods: [failedPod()] })] },
      ownBundles: true,
    });

  it('goes to the endpoint that the configuration names, without DescribeCluster', async () => {
    const scene = await sceneWithOwnBundles();
    const { endpoint, certificateAuthority } = scene.kubernetes();
    const file = join(scene.folder, 'pod-cleanup', 'config.json');
    const config: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
    const clusters = [{ name: 'staging', endpoint, certificateAuthority }];
    writeFileSync(file, JSON.stringify({ ...config, clusters }));
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.exchanges.filter(({ service }) => service === 'eks')).toEqual([]);
  });

  it.each([
    ['is missing', (file: string) => rmSync(file), 'missing or no JSON'],
    ['is broken', (file: string) => writeFileSync(file, '{"version": 1,'), 'missing or no JSON'],
    [
      'is not valid',
      (file: string) =>
        writeFileSync(file, '{"version":1,"clusters":[{"name":"a"}],"podCleanup":{"minimumAgeMinutes":-1}}'),
      'podCleanup.minimumAgeMinutes',
    ],
  ])('fails at init where its configuration %s', async (_what, spoil, words) => {
    const scene = await sceneWithOwnBundles();
    spoil(join(scene.folder, 'pod-cleanup', 'config.json'));
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(false);
    expect(payload).toMatchObject({
      errorType: 'ConfigurationError',
      errorMessage: expect.stringContaining(words),
    });
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });

  it('cleans up two clusters in one invocation, each with its own report', async () => {
    const scene = await startScene({
      config: only('podCleanup', [], { clusters: ['dev', 'staging'] }),
      spec: {
        clusters: ['dev', 'staging'].map((name) =>
          clusterSpec({ name, nodeGroups: [nodeGroup()], failedPods: leftBehind(2) }),
        ),
      },
    });
    await clean(scene);
    expect([...podsOf(scene, 'dev'), ...podsOf(scene, 'staging')]).toEqual([]);
    expect([reportOf(scene, 'dev'), reportOf(scene)]).toMatchObject([{ deleted: 2 }, { deleted: 2 }]);
  });
});
