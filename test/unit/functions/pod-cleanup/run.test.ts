import { describe, expect, it } from '@jest/globals';
import type { CleanupReport } from '../../../../functions/pod-cleanup/decide/report.ts';
import { runPodCleanup } from '../../../../functions/pod-cleanup/run.ts';
import { ClusterUnreachableError, MalformedEventError } from '../../../../shared/core/errors.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import type { Store } from '../../../../shared/core/store.ts';
import { KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import type { FakeClock } from '../../../fixtures/fake-clock.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';
import type { FakeCluster, FakeClusterOptions } from './fake-cluster.ts';
import { apiError, createFakeCluster, forbidden } from './fake-cluster.ts';
import { configOf, podOf, terminated } from './support.ts';

const names = (count: number, prefix = 'p') =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);
const leftBehind = (list: readonly string[], namespace = 'shop') =>
  list.map((name) => podOf({ ...terminated, namespace, name, uid: `uid-${name}` }));

interface Scene {
  readonly clusters?: Readonly<Record<string, FakeClusterOptions | FakeCluster>>;
  readonly modes?: (cluster: string | undefined, reads: number) => Mode;
  readonly section?: object;
  readonly remainingMs?: number;
  readonly unreachable?: readonly string[];
  readonly cluster?: string;
  readonly clock?: FakeClock;
  /** Instead of the parts of the store in memory. */
  readonly store?: Partial<Store>;
}

/** Runs one tick over the clusters, whose API servers are in memory. */
const run = async (scene: Scene) => {
  const clock = scene.clock ?? createFakeClock();
  const call = createTestCall({
    automation: 'pod-cleanup',
    clock,
    store: { ...createMemoryStore(clock), ...scene.store },
    ...(scene.remainingMs === undefined ? {} : { remainingMs: scene.remainingMs }),
  });
  const clusters = Object.fromEntries(
    Object.entries(scene.clusters ?? {}).map(([name, given]) => [
      name,
      'api' in given ? given : createFakeCluster({ name, ...given }),
    ]),
  );
  const config = configOf({
    clusters: Object.keys(clusters).map((name) => ({ name })),
    podCleanup: { namespaceOptOut: false, ...scene.section },
  });
  const published: { cluster: string; mode: Mode; report: CleanupReport }[] = [];
  let reads = 0;
  await runPodCleanup(
    {
      config,
      section: config.podCleanup,
      clock,
      clusters: {
        connect: async (cluster) => {
          if (scene.unreachable?.includes(cluster)) throw new ClusterUnreachableError(cluster, 'no address');
          return clusters[cluster]?.api ?? createFakeCluster().api;
        },
      },
      readMode: async (cluster) => {
        reads += 1;
        return scene.modes?.(cluster, reads) ?? 'act';
      },
      metrics: { publish: (cluster, mode, report) => void published.push({ cluster, mode, report }) },
    },
    { trigger: 'tick', ...(scene.cluster === undefined ? {} : { cluster: scene.cluster }) },
    call,
  );
  const others = call.verdicts.filter(({ reason }) => reason !== 'report');
  return {
    call,
    clusters,
    clock,
    published,
    said: others.map(({ target, action, reason }) => `${action} ${target} ${reason}`),
    reports: call.verdicts.filter(({ reason }) => reason === 'report'),
  };
};

const only = (options: FakeClusterOptions, scene: Omit<Scene, 'clusters'> = {}) =>
  run({ ...scene, clusters: { staging: options } });

describe('in mode act', () => {
  it('lists failed pods in pages of 500 and deletes with UID and resourceVersion', async () => {
    const { clusters, said } = await only({ pods: leftBehind(['cart-0']) });
    const staging = clusters.staging as FakeCluster;
    expect(staging.lists).toMatchObject([{ fieldSelector: 'status.phase=Failed', limit: 500 }]);
    expect(staging.deletes).toMatchObject([
      {
        namespace: 'shop',
        name: 'cart-0',
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          preconditions: { uid: 'uid-cart-0', resourceVersion: '41' },
        },
      },
    ]);
    expect(said).toEqual(['delete pod/shop/cart-0 terminated']);
  });

  it.each([
    [undefined, 20],
    [3, 3],
  ])('with concurrentDeletes %s deletes %i at a time', async (concurrentDeletes, expected) => {
    const section = concurrentDeletes === undefined ? {} : { concurrentDeletes };
    const { clusters } = await only({ pods: leftBehind(names(75)) }, { section });
    expect(clusters.staging?.names()).toEqual([]);
    expect(clusters.staging?.mostRunning()).toBe(expected);
  });

  it('passes the label selector on', async () => {
    const { clusters } = await only({}, { section: { labelSelector: 'team!=payments' } });
    expect(clusters.staging?.lists).toMatchObject([{ labelSelector: 'team!=payments' }]);
  });

  it('spends one budget over all pages and clusters', async () => {
    const { clusters, said } = await run({
      section: { maximumDeletesPerRun: 3 },
      clusters: {
        prod: { pods: leftBehind(names(2)) },
        staging: { pods: leftBehind(names(4)), pageSize: 2 },
      },
    });
    expect([...(clusters.prod?.names() ?? []), ...(clusters.staging?.names() ?? [])]).toHaveLength(3);
    expect(said.filter((line) => line.endsWith('run-budget-used'))).toHaveLength(3);
  });

  it('gives back what was not deleted, so that pods that nobody may delete do not use up every run', async () => {
    const { said } = await only(
      {
        pods: [...leftBehind(names(4, 'a-guarded')), ...leftBehind(names(2, 'b'))],
        pageSize: 2,
        beforeDelete: (name) => {
          if (name.startsWith('a-guarded')) throw apiError(403, 'Forbidden');
        },
      },
      { section: { maximumDeletesPerRun: 2 } },
    );
    expect(said.filter((line) => line.startsWith('delete'))).toEqual([
      'delete pod/shop/b0000 terminated',
      'delete pod/shop/b0001 terminated',
    ]);
  });

  const denied = (status: number) =>
    apiError(status, 'SomeReason', {
      message: 'admission webhook "keep.example.com" denied the request: no',
    });

  it.each<[string, Error, string, number]>([
    ['404', apiError(404, 'NotFound'), 'already-gone', 0],
    ['409', apiError(409, 'Conflict'), 'changed-meanwhile', 0],
    ['429', apiError(429, 'TooManyRequests'), 'server-busy', 0],
    ['a missing right', forbidden('delete', 'pods'), 'missing-right', 1],
    ['a webhook that denies it with 400', denied(400), 'delete-denied', 0],
    ['a policy that denies it with 403', apiError(403, 'Forbidden'), 'delete-denied', 0],
    ['400', apiError(400, 'BadRequest'), 'delete-failed', 1],
    ['500', apiError(500, 'InternalError'), 'delete-failed', 1],
    ['401', apiError(401, 'Unauthorized'), 'delete-failed', 1],
  ])(
    'goes on after %s on one pod, however often it asks: %s %s, with %i failure(s) at the end',
    async (_what, error, verdict, failures) => {
      const { call, said } = await only({
        pods: leftBehind(['a', 'b', 'c']),
        beforeDelete: (name) => {
          if (name === 'b') throw error;
        },
      });
      expect([...said].sort()).toEqual([
        'delete pod/shop/a terminated',
        'delete pod/shop/c terminated',
        `none pod/shop/b ${verdict}`,
      ]);
      expect(call.failures).toHaveLength(failures);
    },
  );

  it('names the right that is missing', async () => {
    const { call } = await only({
      pods: leftBehind(['a']),
      beforeDelete: () => {
        throw forbidden('delete', 'pods');
      },
    });
    expect(call.verdicts.find(({ reason }) => reason === 'missing-right')?.detail).toMatchObject({
      verb: 'delete',
      resource: 'pods',
      podReason: 'Terminated',
    });
  });

  it('never deletes a pod that came back under the same name, or changed since it was looked at', async () => {
    const cluster = createFakeCluster({
      pods: leftBehind(['web-0', 'web-1', 'web-2']),
      beforeDelete: () => {
        cluster.replace(podOf({ ...terminated, name: 'web-1', uid: 'another' }));
        cluster.replace(podOf({ ...terminated, name: 'web-2', uid: 'uid-web-2', resourceVersion: '42' }));
      },
    });
    const { said } = await run({ clusters: { staging: cluster } });
    expect(cluster.names()).toEqual(['web-1', 'web-2']);
    expect(said.filter((line) => line.endsWith('changed-meanwhile'))).toHaveLength(2);
  });
});

describe('a delete without an answer is sent again, which its preconditions make safe', () => {
  const reset = () => {
    throw new KubernetesConnectionError('reset');
  };

  it.each([
    [
      'before it was applied',
      { beforeDelete: (name: string, attempt: number) => void (name === 'a' && attempt === 1 && reset()) },
    ],
    [
      'after it was applied',
      { afterDelete: (name: string, attempt: number) => void (name === 'a' && attempt === 1 && reset()) },
    ],
  ])(
    'lost %s: the pod is deleted once, and the verdict says that an answer was lost',
    async (_when, faults) => {
      const { said, call, clusters } = await only({ pods: leftBehind(['a', 'b']), ...faults });
      expect(clusters.staging?.names()).toEqual([]);
      expect([...said].sort()).toEqual(['delete pod/shop/a terminated', 'delete pod/shop/b terminated']);
      expect(call.verdicts.find(({ target }) => target === 'pod/shop/a')?.detail).toMatchObject({
        lostAnswers: 1,
      });
      expect(call.failures).toEqual([]);
    },
  );

  it('lost after it was applied, and another pod has its name by then: that one stays, the first is deleted', async () => {
    const cluster = createFakeCluster({
      pods: leftBehind(['web-0']),
      afterDelete: () => {
        cluster.replace(podOf({ ...terminated, name: 'web-0', uid: 'another' }));
        reset();
      },
    });
    const { said, call } = await run({ clusters: { staging: cluster } });
    expect(cluster.names()).toEqual(['web-0']);
    expect(said).toEqual(['delete pod/shop/web-0 terminated']);
    expect(call.verdicts[0]?.detail).toMatchObject({ lostAnswers: 1 });
  });

  it('lost, and the pod is another state of itself by then: nobody knows, so the budget counts it', async () => {
    const cluster = createFakeCluster({
      pods: leftBehind(['a', 'b']),
      pageSize: 1,
      beforeDelete: (name, attempt) => {
        if (name !== 'a' || attempt > 1) return;
        cluster.replace(podOf({ ...terminated, name: 'a', uid: 'uid-a', resourceVersion: '42' }));
        reset();
      },
    });
    const { said, call } = await run({
      clusters: { staging: cluster },
      section: { maximumDeletesPerRun: 1 },
    });
    expect(said).toEqual(['none pod/shop/a changed-meanwhile', 'none pod/shop/b run-budget-used']);
    expect(call.verdicts[0]?.detail).toMatchObject({ lostAnswers: 1 });
  });

  it('lost four times: the run fails at the end, and its budget counts the delete', async () => {
    const { said, call } = await only({
      pods: leftBehind(['a', 'b']),
      beforeDelete: (name) => void (name === 'a' && reset()),
    });
    expect(said).toContain('none pod/shop/a delete-failed');
    expect(said).toContain('delete pod/shop/b terminated');
    expect(call.failures).toHaveLength(1);
    await expect(call.recorder.finish('act')).rejects.toThrow('1 part(s) of this invocation failed');
  });

  it('a server that is down is left alone after twenty of them', async () => {
    const { said, clusters } = await only({
      pods: leftBehind(names(100)),
      pageSize: 50,
      beforeDelete: reset,
    });
    const reasons = said.map((line) => line.split(' ').at(-1));
    expect(reasons.filter((reason) => reason === 'delete-failed').length).toBeGreaterThanOrEqual(20);
    expect(reasons.filter((reason) => reason === 'delete-failed').length).toBeLessThan(40);
    expect(said.at(-1)).toBe('none cluster/staging cluster-unreachable');
    // The second page was not even tried.
    expect(clusters.staging?.deletes.length).toBeLessThanOrEqual(40 * 4);
    expect(said.filter((line) => line.startsWith('none pod/')).length).toBe(50);
  });

  it('a webhook that fails for some pods does not stop the others', async () => {
    const { said } = await only({
      pods: [...leftBehind(names(30, 'a')), ...leftBehind(['b'])],
      beforeDelete: (name) => {
        if (name !== 'b') throw apiError(500, 'InternalError');
      },
    });
    expect(said).toContain('delete pod/shop/b terminated');
  });
});

describe('an API server that asks to slow down', () => {
  it('is left alone by all deletes for as long as it says', async () => {
    const clock = createFakeClock();
    const sentAt: number[] = [];
    const { clusters } = await only(
      {
        pods: leftBehind(names(6)),
        beforeDelete: (name, attempt) => {
          sentAt.push(clock.now());
          if (name === 'p0000' && attempt === 1)
            throw apiError(429, 'TooManyRequests', { retryAfterSeconds: 5 });
        },
      },
      { clock, section: { concurrentDeletes: 2 } },
    );
    expect(clusters.staging?.names()).toEqual([]);
    const start = sentAt[0] ?? 0;
    expect(sentAt.filter((at) => at > start && at < start + 5_000)).toEqual([]);
    expect(sentAt.filter((at) => at >= start + 5_000).length).toBeGreaterThanOrEqual(5);
  });

  it('and asks for more time than there is: the next run goes on', async () => {
    const { said, call, clusters } = await only(
      {
        pods: leftBehind(['a', 'b']),
        beforeDelete: () => {
          throw apiError(429, 'TooManyRequests', { retryAfterSeconds: 600 });
        },
      },
      { section: { concurrentDeletes: 1 } },
    );
    expect(said).toEqual(['none pod/shop/a out-of-time', 'none pod/shop/b out-of-time']);
    expect(clusters.staging?.names()).toEqual(['a', 'b']);
    expect(call.failures).toEqual([]);
  });
});

describe('the end of the invocation', () => {
  it('is near: nothing is deleted, and it says so', async () => {
    const { clusters, said } = await only({ pods: leftBehind(['a']) }, { remainingMs: 24_000 });
    expect(clusters.staging?.deletes).toEqual([]);
    expect(said).toEqual(['none cluster/staging out-of-time']);
  });

  it('comes half way: what is begun is finished, the rest is left to the next run', async () => {
    const clock = createFakeClock();
    const { clusters, said, reports } = await only(
      {
        pods: leftBehind(names(9)),
        pageSize: 3,
        beforeDelete: () => clock.advance(1_000),
      },
      { clock, remainingMs: 25_000 + 4_500, section: { concurrentDeletes: 1 } },
    );
    expect(clusters.staging?.names()).toHaveLength(4);
    expect(said.slice(-2)).toEqual(['none pod/shop/p0005 out-of-time', 'none cluster/staging out-of-time']);
    expect(reports[0]?.detail).toMatchObject({ deleted: 5, postponed: 1 });
  });

  it('comes while pods are counted: nothing was deleted yet', async () => {
    const clock = createFakeClock();
    const { clusters, said } = await only(
      { pods: leftBehind(names(9)), pageSize: 3, beforePage: () => clock.advance(20_000) },
      { clock, remainingMs: 60_000, section: { maximumNamespacePercent: 99 } },
    );
    expect(clusters.staging?.deletes).toEqual([]);
    expect(said).toEqual(['none cluster/staging out-of-time']);
  });
});

describe('the mode is read before every page, and once a second before deletes', () => {
  const pods = [...leftBehind(['a', 'b']), podOf({ name: 'c', exitCodes: [1] })];

  it('observe plans the same deletes and makes none', async () => {
    const observed = await only({ pods }, { modes: () => 'observe' });
    expect(observed.clusters.staging?.deletes).toEqual([]);
    const acted = await only({ pods });
    expect([...observed.said].sort()).toEqual([...acted.said].sort());
    expect(observed.call.verdicts.every(({ mode }) => mode === 'observe')).toBe(true);
    expect(observed.reports[0]?.detail).toMatchObject({ listed: 3, wouldDelete: 2, kept: 1 });
    expect(observed.reports[0]?.detail).not.toHaveProperty('deleted');
  });

  it('a cluster switched off is not even listed', async () => {
    const { clusters, said } = await run({
      modes: (cluster) => (cluster === 'staging' ? 'off' : 'act'),
      clusters: { staging: {}, prod: {} },
    });
    expect(clusters.staging?.requests).toEqual([]);
    expect(clusters.prod?.requests).toEqual(['list pods']);
    expect(said).toEqual(['none cluster/staging mode-off']);
  });

  it('a switch to off between two pages stops the second', async () => {
    const { clusters, said } = await only(
      { pods: leftBehind(['a', 'b']), pageSize: 1 },
      { modes: (_cluster, reads) => (reads <= 3 ? 'act' : 'off') },
    );
    expect(clusters.staging?.names()).toEqual(['b']);
    expect(said).toEqual(['delete pod/shop/a terminated', 'none cluster/staging mode-off']);
  });

  it.each<[string, () => Mode]>([
    ['is turned off', () => 'off'],
    ['is turned to observe', () => 'observe'],
    [
      'cannot be read',
      () => {
        throw new Error('the table does not answer');
      },
    ],
  ])('where it %s in the middle of a page, nothing more of that page is deleted', async (_how, then) => {
    const clock = createFakeClock();
    const { clusters, said, reports } = await only(
      {
        pods: leftBehind(['a', 'b', 'c']),
        beforeDelete: () => clock.sleep(1_000),
      },
      {
        clock,
        section: { concurrentDeletes: 1 },
        modes: (_cluster, reads) => (reads <= 3 ? 'act' : then()),
      },
    );
    expect(clusters.staging?.names()).toEqual(['b', 'c']);
    expect(said).toEqual([
      'delete pod/shop/a terminated',
      'none pod/shop/b mode-changed',
      'none pod/shop/c mode-changed',
    ]);
    expect(reports[0]?.detail).toMatchObject({ listed: 3, deleted: 1, postponed: 2 });
  });

  it.each<[Mode, object]>([
    ['off', { listed: 1, deleted: 1, namespaces: { shop: { deleted: 1 } } }],
    [
      'observe',
      { listed: 2, deleted: 1, wouldDelete: 1, namespaces: { shop: { deleted: 1, wouldDelete: 1 } } },
    ],
  ])('a switch to %s between two pages leaves the deletes before it in the report', async (mode, report) => {
    const { reports } = await only(
      { pods: leftBehind(['a', 'b']), pageSize: 1 },
      { modes: (_cluster, reads) => (reads <= 3 ? 'act' : mode) },
    );
    expect(reports[0]?.detail).toMatchObject(report);
    if (mode === 'off') expect(reports[0]?.detail).not.toHaveProperty('wouldDelete');
  });

  it('and cannot be read for one cluster: that one loses nothing, the other is cleaned up', async () => {
    const { said, call, clusters } = await run({
      modes: (cluster) => {
        if (cluster === 'staging') throw new Error('the table does not answer');
        return 'act';
      },
      clusters: { staging: { pods: leftBehind(['a']) }, prod: { pods: leftBehind(['b']) } },
    });
    expect([...said].sort()).toEqual(['delete pod/shop/b terminated', 'none cluster/staging interrupted']);
    expect(clusters.staging?.requests).toEqual([]);
    expect(call.failures).toHaveLength(1);
  });
});

describe('namespaces that opt out', () => {
  const namespaces = { shop: {}, web: { 'eks-caretaker/keep-failed-pods': 'true' } };
  const pods = [...leftBehind(['a'], 'shop'), ...leftBehind(['b'], 'web')];

  it('are looked up once a run, where that is on', async () => {
    const { said, clusters } = await only({ pods, namespaces }, { section: { namespaceOptOut: true } });
    expect(said.sort()).toEqual(['delete pod/shop/a terminated', 'none pod/web/b namespace-opted-out']);
    expect(clusters.staging?.requests).toEqual(['list namespaces', 'list pods']);
  });

  it('and nobody asks for them where it is off', async () => {
    const { clusters } = await only({ pods, namespaces });
    expect(clusters.staging?.names()).toEqual([]);
    expect(clusters.staging?.requests).toEqual(['list pods']);
  });

  it('cannot be looked up: nothing is deleted, and the right is named', async () => {
    const denied = new Error(
      'KubernetesApiError: namespaces is forbidden: User "x" cannot list resource "namespaces" in API group "" at the cluster scope',
    );
    const forbidden = Object.assign(apiError(403, 'Forbidden'), { message: denied.message });
    const { call, clusters } = await only(
      { pods, failures: { 'list namespaces': forbidden } },
      { section: { namespaceOptOut: true } },
    );
    expect(clusters.staging?.deletes).toEqual([]);
    expect(call.verdicts[0]).toMatchObject({
      target: 'cluster/staging',
      reason: 'missing-right',
      detail: { verb: 'list', resource: 'namespaces' },
    });
  });
});

describe('limits that need all pods to be seen first', () => {
  const running = (count: number, namespace: string) =>
    names(count, 'running').map((name) => {
      const pod = podOf({ namespace, name });
      return { ...pod, status: { phase: 'Running' } };
    });

  it('refuse a namespace of which too much would go, with figures, and leave the others alone', async () => {
    const { said, call, clusters, reports } = await only(
      {
        pageSize: 2,
        pods: [
          ...leftBehind(names(6, 'a'), 'shop'),
          ...running(4, 'shop'),
          ...leftBehind(names(5, 'b'), 'web'),
          ...running(5, 'web'),
        ],
      },
      { section: { maximumNamespacePercent: 50 } },
    );
    expect(clusters.staging?.names().filter((name) => !name.startsWith('running'))).toEqual(names(6, 'a'));
    expect(call.verdicts.find(({ target }) => target === 'namespace/shop')).toMatchObject({
      action: 'none',
      reason: 'namespace-share-exceeded',
      detail: { wouldDelete: 6, pods: 10, percent: 60, maximumPercent: 50 },
    });
    expect(said.filter((line) => line.startsWith('none pod/shop/'))).toHaveLength(6);
    expect(reports[0]?.detail).toMatchObject({
      deleted: 5,
      refused: 6,
      namespaces: { shop: { refused: 6 }, web: { deleted: 5 } },
    });
  });

  it('count the pods of a namespace with one request, or by pages where the server does not say how many there are', async () => {
    const pods = [...leftBehind(names(3), 'shop'), ...running(7, 'shop')];
    const section = { maximumNamespacePercent: 30 };
    const quick = await only({ pods }, { section });
    expect(quick.clusters.staging?.requests).toEqual(['list pods', 'count pods', 'list pods']);
    const slow = await only({ pods, withoutRemainingCount: true }, { section });
    expect(slow.clusters.staging?.requests).toEqual(['list pods', 'count pods', 'list pods', 'list pods']);
    for (const { clusters } of [quick, slow]) expect(clusters.staging?.names()).toHaveLength(7);
  });

  it('keep the newest pods of every owner, wherever in the list they are', async () => {
    const pod = (name: string, minute: string) =>
      podOf({
        ...terminated,
        name,
        owner: { kind: 'ReplicaSet', name: 'cart' },
        finishedAt: [`2026-11-19T20:${minute}:00Z`],
      });
    const { clusters, said } = await only(
      { pageSize: 1, pods: [pod('a', '50'), pod('b', '10'), pod('c', '30'), pod('d', '20')] },
      { section: { keepNewestPerOwner: 2 } },
    );
    expect(clusters.staging?.names()).toEqual(['a', 'c']);
    expect(said.filter((line) => line.endsWith('newest-of-owner'))).toHaveLength(2);
    expect(clusters.staging?.requests).toEqual(['list pods', 'list pods']);
  });

  it('list once where nothing of this is configured', async () => {
    const { clusters } = await only({ pods: leftBehind(names(3)) });
    expect(clusters.staging?.requests).toEqual(['list pods']);
  });

  it('hold for what came after the count', async () => {
    const cluster = createFakeCluster({
      pods: [...leftBehind(names(5), 'shop'), ...running(5, 'shop')],
      beforePage: () => {
        if (cluster.requests.filter((request) => request === 'list pods').length < 2) return;
        for (const pod of [...leftBehind(names(3, 'z'), 'shop'), ...leftBehind(['late'], 'new')])
          cluster.replace(pod);
      },
      pageSize: 3,
    });
    const { said } = await run({ clusters: { staging: cluster }, section: { maximumNamespacePercent: 60 } });
    expect(said.filter((line) => line.startsWith('delete pod/shop/')).length).toBeLessThanOrEqual(6);
  });
});

describe('pods in phase Succeeded that a shutdown ended', () => {
  const completed = (name: string, owner: { kind: string; name: string; uid: string }) =>
    podOf({ ...terminated, phase: 'Succeeded', exitCodes: [0], name, owner });
  const pods = [
    completed('cart-x', { kind: 'ReplicaSet', name: 'cart', uid: 'u1' }),
    completed('web-0', { kind: 'StatefulSet', name: 'web', uid: 'u2' }),
    completed('web-7', { kind: 'StatefulSet', name: 'web', uid: 'u2' }),
    completed('log-x', { kind: 'DaemonSet', name: 'log', uid: 'u3' }),
    completed('old-x', { kind: 'ReplicaSet', name: 'gone', uid: 'u4' }),
    completed('new-x', { kind: 'ReplicaSet', name: 'again', uid: 'u5' }),
    podOf({ phase: 'Succeeded', restartPolicy: 'Never', name: 'job-x', owner: { kind: 'Job', name: 'j' } }),
  ];
  const owners = {
    'replicasets/cart': { metadata: { uid: 'u1' }, spec: { replicas: 2 } },
    'statefulsets/web': { metadata: { uid: 'u2' }, spec: { replicas: 3 } },
    'daemonsets/log': { metadata: { uid: 'u3' }, status: { desiredNumberScheduled: 1 } },
    'replicasets/again': { metadata: { uid: 'another' }, spec: { replicas: 2 } },
  };

  it('go where their owner still wants them, and no owner is asked twice', async () => {
    const { said, clusters, reports } = await only(
      { pods, owners },
      { section: { deleteSucceededPods: true } },
    );
    expect([...said].sort()).toEqual([
      'delete pod/shop/cart-x succeeded-in-shutdown',
      'delete pod/shop/log-x succeeded-in-shutdown',
      'delete pod/shop/web-0 succeeded-in-shutdown',
      'none pod/shop/new-x owner-gone',
      'none pod/shop/old-x owner-gone',
      'none pod/shop/web-7 owner-wants-no-pod',
    ]);
    expect(clusters.staging?.requests.filter((request) => request.startsWith('get'))).toHaveLength(5);
    // The completed pod of a Job is counted, not told.
    expect(reports[0]?.detail).toMatchObject({ listed: 7, deleted: 3, kept: 3 });
  });

  it('stay where that is not asked for, and nobody is asked', async () => {
    const { clusters, said } = await only({ pods, owners });
    expect(said).toEqual([]);
    expect(clusters.staging?.requests).toEqual(['list pods']);
  });
});

describe('what a run says', () => {
  it('is summed up in one verdict on the cluster, first in the result however long it is', async () => {
    const { call } = await only({ pods: leftBehind(names(1_200)) });
    const result = await call.recorder.finish('act');
    expect(result.verdicts[0]).toMatchObject({
      target: 'cluster/staging',
      action: 'none',
      reason: 'report',
      detail: {
        listed: 1_200,
        deleted: 1_200,
        kept: 0,
        refused: 0,
        postponed: 0,
        failed: 0,
        reasons: { terminated: 1_200 },
        namespaces: { shop: { deleted: 1_200 } },
      },
    });
    expect(result.verdicts).toHaveLength(1_000);
    expect(result.truncated).toBe(201);
  });

  it('is nothing where there was nothing, but for the metrics', async () => {
    const { call, published } = await only({});
    expect(call.verdicts).toEqual([]);
    expect(published).toMatchObject([{ cluster: 'staging', mode: 'act', report: { listed: 0 } }]);
  });

  it('goes to the metrics of its cluster', async () => {
    const { published } = await run({
      clusters: { staging: { pods: leftBehind(['a', 'b']) }, prod: { pods: [podOf({ name: 'c' })] } },
    });
    expect(published.map(({ cluster, report }) => [cluster, report.deleted, report.kept]).sort()).toEqual([
      ['prod', 0, 1],
      ['staging', 2, 0],
    ]);
  });
});

describe('clusters', () => {
  it.each<[string, Omit<Scene, 'clusters'>, FakeClusterOptions, string]>([
    ['has no address', { unreachable: ['staging'] }, {}, 'cluster-unreachable'],
    [
      'does not answer',
      {},
      { failures: { 'list pods': new KubernetesConnectionError('refused') } },
      'cluster-unreachable',
    ],
    [
      'refuses the token',
      {},
      { failures: { 'list pods': apiError(401, 'Unauthorized') } },
      'cluster-unreachable',
    ],
    ['forbids the list', {}, { failures: { 'list pods': forbidden('list', 'pods') } }, 'missing-right'],
  ])(
    'one that %s says so, the other goes on, and the run fails at the end',
    async (_name, scene, staging, reason) => {
      const { said, call, clusters } = await run({
        ...scene,
        clusters: { staging, prod: { pods: leftBehind(['a']) } },
      });
      expect(said).toEqual(
        expect.arrayContaining([`none cluster/staging ${reason}`, 'delete pod/shop/a terminated']),
      );
      expect(clusters.prod?.names()).toEqual([]);
      expect(call.failures).toHaveLength(1);
      await expect(call.recorder.finish('act')).rejects.toThrow('1 part(s) of this invocation failed');
    },
  );

  it('one that fails while the journal cannot be written says what it was, not what the journal said', async () => {
    const { said, call } = await only(
      {
        pods: leftBehind(names(1_000)),
        beforePage: (page) => {
          if (page === 1) throw forbidden('list', 'pods');
        },
      },
      {
        store: {
          append: async () => {
            throw new Error('the table does not answer');
          },
        },
      },
    );
    expect(said.at(-1)).toBe('none cluster/staging missing-right');
    await expect(call.recorder.finish('act')).rejects.toThrow('the table does not answer');
  });

  it('one that is too busy for a list is left to the next run, and that is no failure', async () => {
    const { said, call } = await only({ failures: { 'list pods': apiError(429, 'TooManyRequests') } });
    expect(said).toEqual(['none cluster/staging server-busy']);
    expect(call.failures).toEqual([]);
  });

  it('a tick may name one cluster', async () => {
    const { clusters } = await run({ cluster: 'prod', clusters: { staging: {}, prod: {} } });
    expect([clusters.staging?.requests, clusters.prod?.requests]).toEqual([[], ['list pods']]);
  });

  it('a tick that names an unknown cluster is refused', async () => {
    await expect(run({ cluster: 'nowhere', clusters: { staging: {} } })).rejects.toThrow(MalformedEventError);
  });
});

describe('two runs at once', () => {
  it('delete every pod once between them, and neither fails', async () => {
    const cluster = createFakeCluster({ pods: leftBehind(names(60)), pageSize: 10 });
    const runs = await Promise.all([
      run({ clusters: { staging: cluster } }),
      run({ clusters: { staging: cluster } }),
    ]);
    expect(cluster.names()).toEqual([]);
    const said = runs.flatMap((each) => each.said);
    expect(said.filter((line) => line.startsWith('delete'))).toHaveLength(60);
    expect(
      said.filter((line) => !line.startsWith('delete')).every((line) => line.endsWith('already-gone')),
    ).toBe(true);
    for (const { call } of runs) expect(call.failures).toEqual([]);
  });
});

describe('memory', () => {
  it('holds two pages at most, however many there are', async () => {
    let most = 0;
    const cluster = createFakeCluster({
      pods: leftBehind(names(2_000)),
      pageSize: 100,
      beforeDelete: () => {
        most = Math.max(most, cluster.pagesInMemory());
      },
    });
    await run({ clusters: { staging: cluster }, section: { maximumDeletesPerRun: 5_000 } });
    expect(cluster.names()).toEqual([]);
    expect(most).toBeLessThanOrEqual(2);
  });
});
