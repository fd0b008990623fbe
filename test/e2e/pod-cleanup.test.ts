import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Pod } from '../../infra/local/kubernetes/objects.ts';
import { withoutVerb } from './support/rights.ts';
import type { Scene } from './support/scene.ts';
import { only, startScene, useScenes } from './support/scene.ts';
import { clusterSpec, failedPod, nodeGroup, START, workload } from './support/specs.ts';

useScenes();

const TICK = { trigger: 'tick' };
const CONFIG = only('podCleanup');

const clean = (scene: Scene, event: object = TICK) => scene.account.invoke('pod-cleanup', event);

const sceneWith = (
  pods: readonly ReturnType<typeof failedPod>[],
  config: string = CONFIG,
  more: Parameters<typeof clusterSpec>[0] = {},
): Promise<Scene> =>
  startScene({
    config,
    spec: { clusters: [clusterSpec({ nodeGroups: [nodeGroup()], failedPods: pods, ...more })] },
  });

const leftBehind = (count: number) =>
  Array.from({ length: count }, (_, index) => failedPod({ name: `cart-${String(index).padStart(4, '0')}` }));

const podsOf = (scene: Scene, cluster?: string) =>
  scene
    .kubernetes(cluster)
    .objects.list('pods', { filter: ({ status }) => status?.phase === 'Failed' })
    .map(({ metadata }) => metadata.name);

describe('a run of pod-cleanup', () => {
  it('deletes what a node shutdown left behind, page by page, and leaves the running pods alone', async () => {
    const scene = await sceneWith(leftBehind(520), CONFIG, { workloads: [workload()] });
    const running = scene.kubernetes().objects.list('pods').length - 520;
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(true);
    expect(payload).toMatchObject({ automation: 'pod-cleanup', mode: 'act' });
    expect(podsOf(scene)).toEqual([]);
    expect(scene.kubernetes().objects.list('pods')).toHaveLength(running);
    const verdicts = scene.verdicts();
    expect(verdicts).toHaveLength(520);
    expect(new Set(verdicts.map(({ action, reason }) => `${action}: ${reason}`))).toEqual(
      new Set(['delete: terminated']),
    );
  });

  it('says it in the log, the result, the journal and on the bus alike', async () => {
    const scene = await sceneWith([failedPod()]);
    const { payload } = await clean(scene);
    const [verdict] = scene.verdicts();
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
    expect(payload).toMatchObject({ verdicts: [verdict] });
    expect(await scene.items('journal#pod-cleanup#2026-11-20')).toMatchObject([{ verdicts: [verdict] }]);
    expect(scene.account.published).toMatchObject([
      { source: 'eks-caretaker', 'detail-type': 'pod-cleanup/delete', detail: verdict },
    ]);
  });

  it('keeps every pod that it has a reason to keep, and says which', async () => {
    const scene = await sceneWith([
      failedPod({ name: 'a-job', owner: { kind: 'Job', name: 'backup' } }),
      failedPod({ name: 'b-young', failedMinutesAgo: 9 }),
      failedPod({ name: 'c-evicted', reason: 'Evicted', message: 'The node was low on resource: memory.' }),
      failedPod({ name: 'd-killed', reason: 'OOMKilled', message: '' }),
      failedPod({ name: 'e-terminating' }),
      failedPod({ name: 'f-timeless' }),
      failedPod({
        name: 'g-refused',
        reason: 'NodeShutdown',
        message: 'Pod was rejected: node is shutting down',
      }),
      failedPod({ name: 'h-just-old-enough', failedMinutesAgo: 10 }),
    ]);
    const { objects } = scene.kubernetes();
    const change = (name: string, to: (pod: Pod) => Pod) => {
      const pod = objects.get('pods', 'shop', name);
      if (pod !== undefined) objects.update('pods', to(pod));
    };
    change('e-terminating', (pod) => ({
      ...pod,
      metadata: {
        ...pod.metadata,
        finalizers: ['example.com/slow'],
        deletionTimestamp: '2026-11-20T02:59:00Z',
        deletionGracePeriodSeconds: 30,
      },
    }));
    change('f-timeless', (pod) => ({
      ...pod,
      status: { ...pod.status, conditions: [], containerStatuses: [] },
    }));
    await clean(scene);
    expect([...scene.reasons()].sort()).toEqual([
      'pod/shop/a-job none: job-pod',
      'pod/shop/b-young none: too-young',
      'pod/shop/c-evicted none: not-a-shutdown',
      'pod/shop/d-killed none: not-a-shutdown',
      'pod/shop/e-terminating none: being-deleted',
      'pod/shop/f-timeless none: failure-time-unknown',
      'pod/shop/g-refused delete: node-shutdown',
      'pod/shop/h-just-old-enough delete: terminated',
    ]);
    expect(podsOf(scene)).toEqual([
      'a-job',
      'b-young',
      'c-evicted',
      'd-killed',
      'e-terminating',
      'f-timeless',
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
    expect(scene.reasons({ action: 'none' })).toEqual(['pod/shop/cart-0002 none: run-budget-used']);
    expect(podsOf(scene)).toEqual(['cart-0002']);
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
  });

  it('fires every 15 minutes by itself', async () => {
    const scene = await startScene({ config: CONFIG, schedules: true });
    await scene.pass(31 * 60);
    expect(scene.account.invocations.map(({ startedAt }) => new Date(startedAt).toISOString())).toEqual([
      '2026-11-20T03:15:00.000Z',
      '2026-11-20T03:30:00.000Z',
    ]);
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

describe('modes', () => {
  it('observe changes nothing but the journal', async () => {
    const scene = await sceneWith(leftBehind(3), only('podCleanup', [], { mode: 'observe' }));
    const { revision } = scene.kubernetes().objects;
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(scene.reasons({ mode: 'observe' })).toEqual([
      'pod/shop/cart-0000 delete: terminated',
      'pod/shop/cart-0001 delete: terminated',
      'pod/shop/cart-0002 delete: terminated',
    ]);
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(new Set(scene.exchanges.map(({ service, operation }) => `${service} ${operation}`))).toEqual(
      new Set(['dynamodb GetItem', 'dynamodb BatchWriteItem', 'eks DescribeCluster']),
    );
    expect(scene.account.published).toEqual([]);
    expect(await scene.items('')).toMatchObject([{ pk: 'journal#pod-cleanup#2026-11-20' }]);
  });

  it('off in the table makes a run do nothing', async () => {
    const scene = await sceneWith([failedPod()]);
    await scene.setModes({ automations: { 'pod-cleanup': 'off' } });
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(scene.reasons()).toEqual(['automation/pod-cleanup none: mode-off']);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });

  it('off in the table half way stops the run before its next page', async () => {
    const scene = await sceneWith(leftBehind(520));
    // One delete of the first page has to wait for 5 s, so that there is a half way.
    const kubernetes = scene.kubernetes();
    kubernetes.failNext(
      { verb: 'delete', name: 'cart-0007' },
      { status: 429, headers: { 'retry-after': '5' } },
    );
    const run = clean(scene);
    await scene.account.runUntilTrue(() => podsOf(scene).length === 21, 60);
    await scene.setModes({ clusters: { staging: 'off' } });
    await run;
    expect(podsOf(scene)).toHaveLength(20);
    expect(scene.reasons({ action: 'none' })).toEqual(['cluster/staging none: mode-off']);
  });
});

describe('a cluster that does not answer', () => {
  const two = () =>
    startScene({
      config: only('podCleanup', [], { clusters: ['dev', 'staging'] }),
      schedules: true,
      spec: {
        clusters: ['dev', 'staging'].map((name) =>
          clusterSpec({ name, nodeGroups: [nodeGroup()], failedPods: [failedPod()] }),
        ),
      },
    });

  it('is named, stops no other, and makes the run fail and be tried again', async () => {
    const scene = await two();
    await scene.kubernetes('dev').close();
    await scene.pass(14 * 60 + 59);
    expect(scene.account.invocations).toEqual([]);
    await scene.pass(5 * 60);
    const runs = scene.invocationsOf('pod-cleanup');
    expect(runs.map(({ startedAt, ok }) => [new Date(startedAt).toISOString().slice(11, 16), ok])).toEqual([
      ['03:15', false],
      ['03:16', false],
      ['03:18', false],
    ]);
    expect(runs[0]?.error?.errorType).toBe('PartialFailureError');
    expect(podsOf(scene, 'staging')).toEqual([]);
    expect(scene.reasons({ cluster: 'staging' })).toEqual(['pod/shop/cart-left-behind delete: terminated']);
    expect(scene.reasons({ cluster: 'dev' })).toEqual(Array(3).fill('cluster/dev none: cluster-unreachable'));
  });

  it('is done by the next attempt once it answers again', async () => {
    const scene = await two();
    const dev = scene.kubernetes('dev');
    // Longer than the client's own attempts.
    dev.failNext({ verb: 'list', resource: 'pods' }, 'hang', 4);
    await scene.pass(20 * 60);
    expect(scene.reasons({ cluster: 'dev' })).toEqual([
      'cluster/dev none: cluster-unreachable',
      'pod/shop/cart-left-behind delete: terminated',
    ]);
    expect(scene.invocationsOf('pod-cleanup').map(({ ok }) => ok)).toEqual([false, true]);
    expect(podsOf(scene, 'dev')).toEqual([]);
  });
});

describe('an API server that struggles', () => {
  it('is given the time that it asks for', async () => {
    const scene = await sceneWith(leftBehind(3));
    const busy = { status: 429, headers: { 'retry-after': '2' } };
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, busy, 2);
    scene.kubernetes().failNext({ verb: 'delete' }, busy, 3);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.account.clock.now()).toBe(START + 6_000);
  });

  it.each([
    ['answers 503', { status: 503 }],
    ['breaks the connection', 'reset' as const],
  ])('and %s is asked again for the list', async (_what, fault) => {
    const scene = await sceneWith([failedPod()]);
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, fault, 3);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
  });

  it.each([
    ['answers 500 to', { status: 500 }, 'delete: terminated'],
    ['breaks the connection of', 'reset' as const, 'delete: terminated'],
    ['never answers', 'hang' as const, 'delete: terminated'],
    ['loses its answer to', 'reset-after-apply' as const, undefined],
  ])('and %s a delete has it done by the next attempt, the others at once', async (_what, fault, second) => {
    const scene = await sceneWith(leftBehind(3), CONFIG, {});
    scene.kubernetes().failNext({ verb: 'delete', name: 'cart-0001' }, fault);
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(scene.reasons({ action: 'none' })).toEqual(['pod/shop/cart-0001 none: delete-failed']);
    expect(scene.verdicts({ action: 'delete' })).toHaveLength(2);
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.reasons({ target: 'pod/shop/cart-0001' }).slice(1)).toEqual(
      second === undefined ? [] : [`pod/shop/cart-0001 ${second}`],
    );
  });

  it('never deletes a pod that changed after it was looked at', async () => {
    const scene = await sceneWith([failedPod()]);
    const kubernetes = scene.kubernetes();
    kubernetes.failNext({ verb: 'delete' }, { status: 429, headers: { 'retry-after': '5' } });
    const run = clean(scene);
    await scene.pass(2);
    const pod = kubernetes.objects.get('pods', 'shop', 'cart-left-behind');
    if (pod === undefined) throw new Error('the pod is gone too early');
    kubernetes.objects.update('pods', {
      ...pod,
      metadata: { ...pod.metadata, annotations: { 'example.com/keep': 'yes' } },
    });
    await run;
    expect(scene.reasons()).toEqual(['pod/shop/cart-left-behind none: changed-meanwhile']);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });
});

describe('rights', () => {
  it.each([
    ['delete', 'pod/shop/cart-left-behind'],
    ['list', 'cluster/staging'],
  ])('without %s on pods the verdict names it and the run fails', async (verb, target) => {
    const scene = await sceneWith([failedPod()]);
    withoutVerb(scene, { entryId: 'pod-cleanup', resource: 'pods', verb });
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(scene.verdicts()).toMatchObject([
      { target, action: 'none', reason: 'missing-right', detail: { verb, resource: 'pods' } },
    ]);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });
});

describe('the bundle', () => {
  it('goes to the endpoint that the configuration names, without DescribeCluster', async () => {
    const scene = await sceneWith([failedPod()]);
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
    const scene = await sceneWith([failedPod()]);
    spoil(join(scene.folder, 'pod-cleanup', 'config.json'));
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(false);
    expect(payload).toMatchObject({
      errorType: 'ConfigurationError',
      errorMessage: expect.stringContaining(words),
    });
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });
});
