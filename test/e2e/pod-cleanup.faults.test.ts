import { describe, expect, it } from '@jest/globals';
import {
  annotate,
  changePod,
  clean,
  leftBehind,
  podsOf,
  reportOf,
  saidOf,
  sceneWith,
} from './support/pod-cleanup.ts';
import { withoutVerb } from './support/rights.ts';
import type { Scene } from './support/scene.ts';
import { only, startScene, useScenes } from './support/scene.ts';
import { clusterSpec, failedPod, nodeGroup, START } from './support/specs.ts';

useScenes();

const clockTimes = (scene: Scene) =>
  scene
    .invocationsOf('pod-cleanup')
    .map(({ startedAt, ok, event }) => [
      new Date(startedAt).toISOString().slice(11, 16),
      (event as { cluster?: string }).cluster,
      ok,
    ]);

describe('an API server that is down', () => {
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

  it('is named, stops no other, and makes its own runs fail and be tried again', async () => {
    const scene = await two();
    await scene.kubernetes('dev').close();
    await scene.pass(20 * 60);
    expect(clockTimes(scene)).toEqual([
      ['03:07', 'staging', true],
      ['03:15', 'dev', false],
      ['03:16', 'dev', false],
      ['03:18', 'dev', false],
    ]);
    const failed = scene.invocationsOf('pod-cleanup').filter(({ ok }) => !ok);
    expect(failed[0]?.error?.errorType).toBe('PartialFailureError');
    expect(podsOf(scene, 'staging')).toEqual([]);
    expect(scene.reasons({ cluster: 'dev' })).toEqual(Array(3).fill('cluster/dev none: cluster-unreachable'));
  });

  it('in one invocation for all clusters does not keep the others from being cleaned up', async () => {
    const scene = await two();
    await scene.kubernetes('dev').close();
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(podsOf(scene, 'staging')).toEqual([]);
    expect(scene.reasons({ cluster: 'dev' })).toEqual(['cluster/dev none: cluster-unreachable']);
  });

  it('is done by the next attempt once it answers again', async () => {
    const scene = await two();
    // More often than the client's own attempts.
    scene.kubernetes('dev').failNext({ verb: 'list', resource: 'pods' }, 'reset', 4);
    await scene.pass(20 * 60);
    expect(scene.reasons({ cluster: 'dev' })).toEqual([
      'cluster/dev none: cluster-unreachable',
      'pod/shop/cart-left-behind delete: terminated',
      'cluster/dev none: report',
    ]);
    expect(clockTimes(scene).filter(([, cluster]) => cluster === 'dev')).toEqual([
      ['03:15', 'dev', false],
      ['03:16', 'dev', true],
    ]);
    expect(podsOf(scene, 'dev')).toEqual([]);
  });

  it('while pods are deleted is left alone after a while, and the next run goes on', async () => {
    const scene = await sceneWith(leftBehind(120));
    scene.kubernetes().failNext({ verb: 'delete' }, { status: 503 }, 200);
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(saidOf(scene).at(-1)).toBe('cluster/staging none: cluster-unreachable');
    expect(podsOf(scene)).toHaveLength(120);
    expect(scene.account.clock.now() - START).toBeLessThan(10_000);
    expect(reportOf(scene)).toMatchObject({ deleted: 0, failed: 120 });
  });
});

describe('a list that fails', () => {
  it.each([
    ['503', { status: 503 }],
    ['500', { status: 500 }],
    ['a connection that breaks', 'reset' as const],
    ['an answer that is lost', 'reset-after-apply' as const],
  ])('with %s is asked for again', async (_what, fault) => {
    const scene = await sceneWith([failedPod()]);
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, fault, 3);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
  });

  it('with silence is given up after 15 s and asked for again', async () => {
    const scene = await sceneWith([failedPod()]);
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, 'hang');
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
  }, 60_000);

  it('in the middle with 410 begins again, and every pod is deleted once', async () => {
    const scene = await sceneWith(leftBehind(1_020));
    const kubernetes = scene.kubernetes();
    let armed = false;
    // The first delete comes when the second page is on its way: the third is the one that fails.
    kubernetes.objects.watch(({ type, resource }) => {
      if (armed || resource !== 'pods' || type !== 'DELETED') return;
      armed = true;
      const body = {
        kind: 'Status',
        status: 'Failure',
        reason: 'Expired',
        code: 410,
        message: 'The provided continue parameter is too old',
      };
      kubernetes.failNext({ verb: 'list', resource: 'pods' }, { status: 410, body });
    });
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(armed).toBe(true);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.verdicts({ action: 'delete' })).toHaveLength(1_020);
  }, 60_000);
});

describe('a list that begins again', () => {
  const EXPIRED = {
    status: 410,
    body: {
      kind: 'Status',
      status: 'Failure',
      reason: 'Expired',
      code: 410,
      message: 'The provided continue parameter is too old',
    },
  };

  /** The second page of pods is asked for in vain. */
  const expireOnce = (scene: Awaited<ReturnType<typeof sceneWith>>): (() => boolean) => {
    let expired = false;
    scene.kubernetes().onRequest(({ verb, resource, code }) => {
      if (expired || verb !== 'list' || resource !== 'pods' || code !== 200) return;
      expired = true;
      scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, EXPIRED);
    });
    return () => expired;
  };

  it('tells of each pod once in observe', async () => {
    const scene = await sceneWith(leftBehind(520), only('podCleanup', [], { mode: 'observe' }));
    const isExpired = expireOnce(scene);
    const { ok } = await clean(scene);
    expect([ok, isExpired()]).toEqual([true, true]);
    expect(reportOf(scene)).toMatchObject({ listed: 520, wouldDelete: 520 });
    expect(scene.verdicts({ action: 'delete' })).toHaveLength(520);
  }, 60_000);

  it('counts each pod once towards the share of its namespace', async () => {
    const scene = await sceneWith(leftBehind(520), only('podCleanup', ['maximumNamespacePercent: 99']));
    const isExpired = expireOnce(scene);
    const { ok } = await clean(scene);
    expect([ok, isExpired()]).toEqual([true, true]);
    expect(scene.verdicts({ reason: 'namespace-share-exceeded', target: 'namespace/shop' })).toMatchObject([
      { detail: { wouldDelete: 520 } },
    ]);
  }, 60_000);
});

describe('a list whose tokens expire again and again', () => {
  it('is given up and named, and the next attempt begins anew', async () => {
    const scene = await sceneWith(leftBehind(520), only('podCleanup', [], { mode: 'observe' }));
    const kubernetes = scene.kubernetes();
    const body = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old' };
    let lists = 0;
    const stop = kubernetes.onRequest(({ verb, resource, code }) => {
      if (verb !== 'list' || resource !== 'pods') return;
      lists += 1;
      if (code === 200) kubernetes.failNext({ verb: 'list', resource: 'pods' }, { status: 410, body });
    });
    const { ok } = await clean(scene);
    stop();
    expect(ok).toBe(false);
    expect(lists).toBe(18);
    expect(scene.reasons({ target: 'cluster/staging' })).toContain(
      'cluster/staging none: cluster-unreachable',
    );
    expect((await clean(scene)).ok).toBe(true);
  }, 60_000);
});

describe('a delete that fails', () => {
  it.each([
    ['with 500', { status: 500 }],
    ['with 504', { status: 504 }],
    ['by a broken connection', 'reset' as const],
    ['by a lost answer', 'reset-after-apply' as const],
  ])('%s is sent again at once, and every pod is deleted once', async (_what, fault) => {
    const scene = await sceneWith(leftBehind(3));
    const deleted: string[] = [];
    scene.kubernetes().objects.watch(({ type, resource, object }) => {
      if (resource === 'pods' && type === 'DELETED') deleted.push(object.metadata.name);
    });
    scene.kubernetes().failNext({ verb: 'delete', name: 'cart-0001' }, fault, 2);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(deleted.sort()).toEqual(['cart-0000', 'cart-0001', 'cart-0002']);
    expect(scene.verdicts({ target: 'pod/shop/cart-0001' })).toMatchObject([
      // The second fault of a lost answer meets a pod that is gone.
      { action: 'delete', reason: 'terminated', detail: { lostAnswers: expect.any(Number) } },
    ]);
  });

  it('by a lost answer, and a new pod has its name when it is sent again: the new one stays, the old one was deleted', async () => {
    const scene = await sceneWith([failedPod({ name: 'web-0' })]);
    const kubernetes = scene.kubernetes();
    const pod = kubernetes.objects.get('pods', 'shop', 'web-0');
    if (pod === undefined) throw new Error('there is no pod web-0');
    kubernetes.objects.watch(({ type, resource }) => {
      if (resource !== 'pods' || type !== 'DELETED') return;
      const { uid: _uid, resourceVersion: _version, ...metadata } = pod.metadata;
      kubernetes.objects.create('pods', { ...pod, metadata });
    });
    kubernetes.failNext({ verb: 'delete', name: 'web-0' }, 'reset-after-apply');
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual(['web-0']);
    expect(scene.verdicts({ target: 'pod/shop/web-0' })).toMatchObject([
      { action: 'delete', reason: 'terminated', detail: { lostAnswers: 1 } },
    ]);
    expect(reportOf(scene)).toMatchObject({ deleted: 1, postponed: 0 });
  });

  it('because a policy does not want it is no failure, and the others go', async () => {
    const scene = await sceneWith(leftBehind(3));
    const message = 'admission webhook "keep.example.com" denied the request: it is evidence';
    const body = { kind: 'Status', status: 'Failure', message, reason: 'Forbidden', code: 403 };
    scene.kubernetes().failNext({ verb: 'delete', name: 'cart-0001' }, { status: 403, body });
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual(['cart-0001']);
    expect(scene.verdicts({ target: 'pod/shop/cart-0001' })).toMatchObject([
      { action: 'none', reason: 'delete-denied', detail: { error: expect.stringContaining(message) } },
    ]);
    expect(reportOf(scene)).toMatchObject({ deleted: 2, kept: 1, failed: 0 });
  });

  it('by silence is given up after 10 s and sent again', async () => {
    const scene = await sceneWith(leftBehind(2));
    scene.kubernetes().failNext({ verb: 'delete', name: 'cart-0001' }, 'hang');
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
  }, 60_000);

  it('four times is left to the next attempt, the others are done', async () => {
    const scene = await sceneWith(leftBehind(3));
    scene.kubernetes().failNext({ verb: 'delete', name: 'cart-0001' }, 'reset', 4);
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(saidOf(scene).filter((line) => line.includes('none:'))).toEqual([
      'pod/shop/cart-0001 none: delete-failed',
    ]);
    expect(podsOf(scene)).toEqual(['cart-0001']);
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
  });

  it('because the pod changed after it was looked at leaves it alone', async () => {
    const scene = await sceneWith([failedPod()]);
    const kubernetes = scene.kubernetes();
    kubernetes.failNext({ verb: 'delete' }, { status: 429, headers: { 'retry-after': '5' } });
    const run = clean(scene);
    await scene.pass(2);
    changePod(scene, 'cart-left-behind', (pod) => annotate(pod, { 'example.com/keep': 'yes' }));
    const { ok } = await run;
    expect(ok).toBe(true);
    expect(saidOf(scene)).toEqual(['pod/shop/cart-left-behind none: changed-meanwhile']);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });

  it('because the pod is gone already is no failure', async () => {
    const scene = await sceneWith([failedPod()]);
    const kubernetes = scene.kubernetes();
    kubernetes.failNext({ verb: 'delete' }, { status: 429, headers: { 'retry-after': '5' } });
    const run = clean(scene);
    await scene.pass(2);
    kubernetes.objects.remove('pods', 'shop', 'cart-left-behind');
    const { ok } = await run;
    expect(ok).toBe(true);
    expect(saidOf(scene)).toEqual(['pod/shop/cart-left-behind none: already-gone']);
  });
});

describe('an API server that asks to slow down', () => {
  const busy = { status: 429, headers: { 'retry-after': '2' } };

  it('is given the time that it asks for', async () => {
    const scene = await sceneWith(leftBehind(3));
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, busy, 2);
    scene.kubernetes().failNext({ verb: 'delete' }, busy, 3);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.account.clock.now()).toBe(START + 6_000);
  });

  it('for longer than the function has: the list is left to the next run, and that is no failure', async () => {
    const scene = await sceneWith([failedPod()]);
    const long = { status: 429, headers: { 'retry-after': '600' } };
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, long);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(scene.reasons()).toEqual(['cluster/staging none: server-busy']);
    expect(scene.account.clock.now()).toBe(START);
  });

  it('again and again: the pod is left to the next run, and that is no failure', async () => {
    const scene = await sceneWith(leftBehind(2));
    scene.kubernetes().failNext({ verb: 'delete', name: 'cart-0001' }, busy, 4);
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(saidOf(scene)).toContain('pod/shop/cart-0001 none: server-busy');
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
  });
});

describe('a token that is refused', () => {
  const refused = { status: 401 };

  it('in the middle of a run is signed anew', async () => {
    const scene = await sceneWith(leftBehind(30));
    scene.kubernetes().failNext({ verb: 'list', resource: 'pods' }, refused);
    for (const name of ['cart-0003', 'cart-0004', 'cart-0029']) {
      scene.kubernetes().failNext({ verb: 'delete', name }, refused);
    }
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toEqual([]);
    expect(scene.verdicts({ action: 'delete' })).toHaveLength(30);
  });

  it('whatever token is shown: the cluster is named, and the run fails', async () => {
    const scene = await sceneWith([failedPod()]);
    scene.kubernetes().failNext({ verb: 'list' }, refused, 10);
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(scene.reasons()).toEqual(['cluster/staging none: cluster-unreachable']);
    expect(scene.logs().join('')).not.toContain('k8s-aws-v1.');
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
    expect(scene.verdicts({ reason: 'missing-right' })).toMatchObject([
      { target, action: 'none', detail: { verb, resource: 'pods' } },
    ]);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });
});

describe('the end of the function’s time', () => {
  it('in the middle of a run: it leaves in time, says so, and the next run goes on', async () => {
    const scene = await sceneWith(leftBehind(40), only('podCleanup', ['concurrentDeletes: 1']));
    // 30 s between every two deletes: the function has 300.
    const kubernetes = scene.kubernetes();
    kubernetes.objects.watch(({ type, resource }) => {
      if (resource === 'pods' && type === 'DELETED') {
        kubernetes.failNext({ verb: 'delete' }, { status: 429, headers: { 'retry-after': '30' } });
      }
    });
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(true);
    const deleted = scene.verdicts({ action: 'delete' }).length;
    expect(deleted).toBe(10);
    expect(podsOf(scene)).toHaveLength(30);
    expect(scene.verdicts({ reason: 'out-of-time' })).toHaveLength(30);
    expect(reportOf(scene)).toMatchObject({ deleted: 10, postponed: 30 });
    expect(payload).toMatchObject({
      verdicts: expect.arrayContaining([expect.objectContaining({ reason: 'report' })]),
    });
    expect(scene.account.clock.now() - START).toBeLessThan(300_000);
    expect(await scene.items('journal#pod-cleanup')).toMatchObject([{ verdicts: expect.any(Array) }]);
  });
});

describe('our own table', () => {
  it('that does not answer in the middle of a run stops it: without the mode nothing is deleted', async () => {
    const scene = await sceneWith([failedPod()]);
    let asked = 0;
    scene.account.onExchange(({ operation }) => {
      asked += operation === 'GetItem' ? 1 : 0;
      // Of the run, of the cluster; the third is that of the first page.
      if (asked === 2)
        scene.account.failNext('dynamodb', 'GetItem', { code: 'InternalServerError', status: 500 }, 3);
    });
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(scene.reasons()).toEqual(['cluster/staging none: interrupted']);
    expect(podsOf(scene)).toEqual(['cart-left-behind']);
  });

  it('that does not answer for one cluster keeps that one from being touched, and no other', async () => {
    const clusters = ['dev', 'staging'];
    const scene = await startScene({
      config: only('podCleanup', [], { clusters }),
      spec: {
        clusters: clusters.map((name) =>
          clusterSpec({ name, nodeGroups: [nodeGroup()], failedPods: [failedPod()] }),
        ),
      },
    });
    let asked = 0;
    scene.account.onExchange(({ operation }) => {
      asked += operation === 'GetItem' ? 1 : 0;
      // Both clusters ask at once, three times each: five of six are refused, so one has no answer in the end.
      if (asked === 1 && operation === 'GetItem')
        scene.account.failNext('dynamodb', 'GetItem', { code: 'InternalServerError', status: 500 }, 5);
    });
    const { ok, payload } = await clean(scene);
    expect(ok).toBe(false);
    expect(payload).toMatchObject({ errorType: 'PartialFailureError' });
    const [interrupted, ...more] = scene.verdicts({ reason: 'interrupted' });
    expect(more).toEqual([]);
    const [other = ''] = clusters.filter((name) => name !== interrupted?.cluster);
    expect(podsOf(scene, interrupted?.cluster)).toEqual(['cart-left-behind']);
    expect(podsOf(scene, other)).toEqual([]);
    expect(reportOf(scene, other)).toMatchObject({ deleted: 1 });
  });

  it('that does not take the journal makes the run fail; what was deleted is, and is in the log', async () => {
    const scene = await sceneWith([failedPod()]);
    scene.account.failNext('dynamodb', 'BatchWriteItem', { code: 'InternalServerError', status: 500 }, 3);
    const { ok } = await clean(scene);
    expect(ok).toBe(false);
    expect(podsOf(scene)).toEqual([]);
    expect(saidOf(scene)).toEqual(['pod/shop/cart-left-behind delete: terminated']);
  });
});
