import { describe, expect, it } from '@jest/globals';
import { KEEP_ANNOTATION } from '../../functions/pod-cleanup/decide/pod.ts';
import { createFailedPods } from '../../infra/local/world/failed-pods.ts';
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
import { only, useScenes } from './support/scene.ts';
import { failedPod, workload } from './support/specs.ts';

useScenes();

const tracked = (scene: Scene, name: string) =>
  changePod(scene, name, (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, finalizers: ['batch.kubernetes.io/job-tracking'] },
  }));

const SHUTDOWN = 'Pod was terminated in response to imminent node shutdown.';

/** The condition that kubelets of 1.26 on leave in every pod that they end, for whatever reason. */
const endedByKubelet = (scene: Scene, name: string) =>
  changePod(scene, name, (pod) => ({
    ...pod,
    status: {
      ...pod.status,
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'TerminationByKubelet',
          message: pod.status?.message ?? '',
          lastTransitionTime: '2026-11-20T02:00:00Z',
        },
      ],
    },
  }));

/** One of each kind of pod that the rules tell apart. */
const zoo = async (lines: readonly string[] = []) => {
  const scene = await sceneWith(
    [
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
      failedPod({ name: 'i-kept' }),
      failedPod({ name: 'j-tracked', owner: { kind: 'Job', name: 'backup' } }),
      failedPod({ name: 'k-affinity', reason: 'NodeAffinity', message: 'Predicate NodeAffinity failed' }),
      failedPod({ name: 'l-cpu', reason: 'OutOfcpu', message: 'Node did not have enough resource: cpu' }),
      failedPod({ name: 'm-1.20', reason: 'Shutdown', message: 'Node is shutting, evicting pods' }),
      failedPod({ name: 'n-condition', reason: 'Error', message: SHUTDOWN }),
      failedPod({ name: 'o-pressure', reason: 'Evicted', message: 'The node was low on resource: memory.' }),
      failedPod({ name: 'p-device', reason: 'UnexpectedAdmissionError', message: 'Allocate failed' }),
      failedPod({ name: 'q-preempted', reason: 'Preempting', message: 'Preempted in order to admit' }),
      failedPod({ name: 'r-no-room', reason: 'OutOfpods', message: 'Pod was rejected: Node is full' }),
    ],
    only('podCleanup', lines),
  );
  changePod(scene, 'e-terminating', (pod) => ({
    ...pod,
    metadata: {
      ...pod.metadata,
      finalizers: ['example.com/slow'],
      deletionTimestamp: '2026-11-20T02:59:00Z',
      deletionGracePeriodSeconds: 30,
    },
  }));
  changePod(scene, 'f-timeless', (pod) => ({
    ...pod,
    status: { ...pod.status, conditions: [], containerStatuses: [] },
  }));
  for (const name of ['n-condition', 'o-pressure']) endedByKubelet(scene, name);
  changePod(scene, 'r-no-room', (pod) => ({
    ...pod,
    status: { ...pod.status, conditions: [], containerStatuses: [], startTime: '2026-11-20T02:00:00Z' },
  }));
  changePod(scene, 'i-kept', (pod) => annotate(pod, { [KEEP_ANNOTATION]: 'true' }));
  tracked(scene, 'j-tracked');
  await clean(scene);
  return [...saidOf(scene)].map((line) => line.replace('pod/shop/', '')).sort();
};

describe('every pod has its reason', () => {
  it('by default', async () => {
    expect(await zoo()).toEqual([
      'a-job none: job-pod',
      'b-young none: too-young',
      'c-evicted none: not-a-shutdown',
      'd-killed none: not-a-shutdown',
      'e-terminating none: being-deleted',
      'f-timeless none: failure-time-unknown',
      'g-refused delete: node-shutdown',
      'h-just-old-enough delete: terminated',
      'i-kept none: pod-opted-out',
      'j-tracked none: job-not-counted-yet',
      'k-affinity none: not-a-shutdown',
      'l-cpu none: not-a-shutdown',
      'm-1.20 delete: shutdown',
      'n-condition delete: terminated-by-kubelet',
      'o-pressure none: not-a-shutdown',
      'p-device none: not-a-shutdown',
      'q-preempted none: not-a-shutdown',
      'r-no-room none: not-a-shutdown',
    ]);
  });

  it('with the preset of the shell loop, whose guards are ours', async () => {
    expect(await zoo(['preset: shell-loop'])).toEqual([
      'a-job delete: terminated',
      'b-young delete: terminated',
      'c-evicted none: not-a-shutdown',
      'd-killed none: not-a-shutdown',
      'e-terminating none: being-deleted',
      'f-timeless delete: terminated',
      'g-refused delete: node-shutdown',
      'h-just-old-enough delete: terminated',
      'i-kept none: pod-opted-out',
      'j-tracked none: job-not-counted-yet',
      'k-affinity none: not-a-shutdown',
      'l-cpu none: not-a-shutdown',
      'm-1.20 delete: shutdown',
      'n-condition none: not-a-shutdown',
      'o-pressure none: not-a-shutdown',
      'p-device none: not-a-shutdown',
      'q-preempted none: not-a-shutdown',
      'r-no-room none: not-a-shutdown',
    ]);
  });

  it('with reasons and exit codes of one’s own', async () => {
    const said = await zoo([
      'reasons: [Evicted, OutOfcpu, OutOfpods, OOMKilled, NodeAffinity, UnexpectedAdmissionError, Preempting]',
      'exitCodes: [143]',
    ]);
    expect(said.filter((line) => line.includes('delete:'))).toEqual([
      'c-evicted delete: evicted',
      'd-killed delete: listed-reason',
      'h-just-old-enough delete: listed-exit-code',
      'k-affinity delete: node-affinity',
      'l-cpu delete: out-of-cpu',
      'm-1.20 delete: listed-exit-code',
      'n-condition delete: listed-exit-code',
      'o-pressure delete: evicted',
      'p-device delete: unexpected-admission-error',
      'q-preempted delete: preempting',
      'r-no-room delete: listed-reason',
    ]);
  });
});

describe('opt-outs', () => {
  const pods = [
    failedPod({ name: 'a', namespace: 'shop' }),
    failedPod({ name: 'b', namespace: 'team-a' }),
    failedPod({ name: 'c', namespace: 'team-b' }),
  ];

  it.each<[string, readonly string[], readonly string[]]>([
    ['exclude', ['namespaces: { exclude: [shop] }'], ['a']],
    ['exclude by a pattern', ['namespaces: { exclude: ["team-*"] }'], ['b', 'c']],
    ['include', ['namespaces: { include: ["team-*"], exclude: [team-b] }'], ['a', 'c']],
  ])('namespaces %s', async (_what, lines, kept) => {
    const scene = await sceneWith(pods, only('podCleanup', lines));
    await clean(scene);
    expect([...podsOf(scene)].sort()).toEqual(kept);
    expect(scene.verdicts({ reason: 'namespace-excluded' })).toHaveLength(kept.length);
  });

  const optOutNamespace = (scene: Scene, name: string) => {
    const { objects } = scene.kubernetes();
    const namespace = objects.get('namespaces', undefined, name);
    if (namespace === undefined) throw new Error(`there is no namespace ${name}`);
    const metadata = { ...namespace.metadata, annotations: { [KEEP_ANNOTATION]: 'true' } };
    objects.update('namespaces', { ...namespace, metadata });
  };

  it('of a namespace by its annotation', async () => {
    const scene = await sceneWith(pods);
    optOutNamespace(scene, 'team-a');
    await clean(scene);
    expect(podsOf(scene)).toEqual(['b']);
    expect(saidOf(scene)).toContain('pod/team-a/b none: namespace-opted-out');
  });

  it('of a namespace need a right that is asked for only where they are on', async () => {
    const config = only('podCleanup', ['namespaceOptOut: false']);
    const off = await sceneWith(pods, config);
    optOutNamespace(off, 'team-a');
    const role = off.kubernetes().objects.get('clusterroles', undefined, 'eks-caretaker:pod-cleanup');
    expect(JSON.stringify(role?.rules)).not.toContain('namespaces');
    await clean(off);
    expect(podsOf(off)).toEqual([]);

    const on = await sceneWith(pods);
    withoutVerb(on, { entryId: 'pod-cleanup', resource: 'namespaces', verb: 'list' });
    const { ok } = await clean(on);
    expect(ok).toBe(false);
    expect(on.verdicts()).toMatchObject([
      {
        target: 'cluster/staging',
        reason: 'missing-right',
        detail: { verb: 'list', resource: 'namespaces' },
      },
    ]);
    expect(podsOf(on)).toHaveLength(3);
  });

  it('by a label selector, which the server applies', async () => {
    const scene = await sceneWith(
      leftBehind(3),
      only('podCleanup', ['labelSelector: "team notin (payments)"']),
    );
    changePod(scene, 'cart-0001', (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, team: 'payments' } },
    }));
    await clean(scene);
    expect(podsOf(scene)).toEqual(['cart-0001']);
    expect(saidOf(scene)).toHaveLength(2);
  });

  it.each([
    ['exclude: [ReplicaSet]', ['a none: owner-kind-excluded', 'b delete: terminated']],
    ['include: [StatefulSet, none]', ['a none: owner-kind-excluded', 'b delete: terminated']],
    ['include: [ReplicaSet]', ['a delete: terminated', 'b none: owner-kind-excluded']],
  ])('by the kind of the owner, %s', async (ownerKinds, said) => {
    const scene = await sceneWith(
      [failedPod({ name: 'a' }), failedPod({ name: 'b' })],
      only('podCleanup', [`ownerKinds: { ${ownerKinds} }`]),
    );
    changePod(scene, 'b', ({ metadata: { ownerReferences: _owners, ...metadata }, ...pod }) => ({
      ...pod,
      metadata,
    }));
    await clean(scene);
    expect([...saidOf(scene)].sort()).toEqual(said.map((line) => `pod/shop/${line}`));
  });
});

describe('limits that need to know all pods', () => {
  it('keep the newest of every owner', async () => {
    const owner = (name: string) => ({ kind: 'ReplicaSet' as const, name });
    const scene = await sceneWith(
      [
        failedPod({ name: 'a', owner: owner('cart-5d8f7c9b6d'), failedMinutesAgo: 60 }),
        failedPod({ name: 'b', owner: owner('cart-5d8f7c9b6d'), failedMinutesAgo: 30 }),
        failedPod({ name: 'c', owner: owner('cart-5d8f7c9b6d'), failedMinutesAgo: 90 }),
        failedPod({ name: 'd', owner: owner('web-6c9d8b7f5c'), failedMinutesAgo: 90 }),
      ],
      only('podCleanup', ['keepNewestPerOwner: 1']),
    );
    await clean(scene);
    expect([...saidOf(scene)].sort()).toEqual([
      'pod/shop/a delete: terminated',
      'pod/shop/b none: newest-of-owner',
      'pod/shop/c delete: terminated',
      'pod/shop/d none: newest-of-owner',
    ]);
    await clean(scene);
    expect([...podsOf(scene)].sort()).toEqual(['b', 'd']);
  });

  it('refuse a namespace of which too large a share would go, and clean up the others', async () => {
    const scene = await sceneWith(
      [...leftBehind(120, { namespace: 'crowded' }), ...leftBehind(2)],
      only('podCleanup', ['maximumNamespacePercent: 60']),
      { workloads: [workload({ replicas: 2 })] },
    );
    const { ok } = await clean(scene);
    expect(ok).toBe(true);
    expect(podsOf(scene)).toHaveLength(120);
    expect(scene.verdicts({ target: 'namespace/crowded' })).toMatchObject([
      {
        action: 'none',
        reason: 'namespace-share-exceeded',
        detail: { wouldDelete: 120, pods: 120, percent: 100, maximumPercent: 60 },
      },
    ]);
    expect(reportOf(scene)).toMatchObject({
      deleted: 2,
      refused: 120,
      namespaces: { crowded: { refused: 120 }, shop: { deleted: 2 } },
    });
  });
});

describe('a namespace that comes after the count', () => {
  it('loses nothing in that run, and is cleaned up by the next one', async () => {
    const scene = await sceneWith(leftBehind(1), only('podCleanup', ['maximumNamespacePercent: 99']), {
      workloads: [workload({ replicas: 4 })],
    });
    const kubernetes = scene.kubernetes();
    const late = [failedPod({ name: 'new', namespace: 'late' })];
    const stop = kubernetes.onRequest(({ verb, resource, namespace }) => {
      if (verb !== 'list' || resource !== 'pods' || namespace !== 'shop') return;
      stop();
      createFailedPods(kubernetes.objects, late, scene.account.clock.now());
      // Other pods, so that the share of the namespace is none.
      for (const name of ['x', 'y'])
        kubernetes.objects.create('pods', {
          metadata: { name, namespace: 'late' },
          spec: { containers: [] },
        });
    });
    await clean(scene);
    expect([...saidOf(scene)].sort()).toEqual([
      'pod/late/new none: namespace-not-counted-yet',
      'pod/shop/cart-0000 delete: terminated',
    ]);
    expect(reportOf(scene)).toMatchObject({ deleted: 1, postponed: 1 });
    await clean(scene);
    expect(podsOf(scene)).toEqual([]);
  });
});

describe('pods in phase Succeeded that a shutdown ended', () => {
  const completed = async (lines: readonly string[]) => {
    const scene = await sceneWith(
      [
        failedPod({ name: 'ended-well' }),
        failedPod({ name: 'of-nobody', owner: { kind: 'ReplicaSet', name: 'old-7f9c6d5b8c' } }),
        failedPod({ name: 'of-another', owner: { kind: 'ReplicaSet', name: 'old-7f9c6d5b8c' } }),
        failedPod({ name: 'of-none', owner: { kind: 'ReplicaSet', name: 'old-7f9c6d5b8c' } }),
        failedPod({ name: 'of-a-rollout', owner: { kind: 'ReplicaSet', name: 'old-7f9c6d5b8c' } }),
      ],
      only('podCleanup', lines),
      { workloads: [workload()] },
    );
    const [set] = scene
      .kubernetes()
      .objects.list('replicasets', { filter: ({ spec }) => (spec as { replicas?: number }).replicas === 2 });
    if (set === undefined) throw new Error('there is no ReplicaSet of the workload');
    const succeed = (name: string, owner?: { kind?: string; name?: string; uid: string }) =>
      changePod(scene, name, (pod) => ({
        ...pod,
        metadata: {
          ...pod.metadata,
          ownerReferences: (pod.metadata.ownerReferences ?? []).map((reference) => ({
            ...reference,
            ...owner,
          })),
        },
        status: {
          ...pod.status,
          phase: 'Succeeded',
          containerStatuses: (pod.status?.containerStatuses ?? []).map((container) => ({
            ...container,
            state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: '2026-11-20T02:00:00Z' } },
          })),
        },
      }));
    succeed('ended-well', { name: set.metadata.name, uid: set.metadata.uid });
    succeed('of-nobody');
    succeed('of-another', { uid: 'a-set-of-that-name-from-before' });
    succeed('of-none', { name: 'gone', uid: 'gone' });
    succeed('of-a-rollout', { kind: 'Rollout', uid: 'of-a-kind-that-nobody-can-ask' });
    const { ok } = await clean(scene);
    return { scene, ok };
  };

  it('go where their owner still wants them to run', async () => {
    const { scene } = await completed(['deleteSucceededPods: true']);
    expect([...saidOf(scene)].sort()).toEqual([
      'pod/shop/ended-well delete: succeeded-in-shutdown',
      'pod/shop/of-a-rollout none: owner-not-asked',
      'pod/shop/of-another none: owner-gone',
      'pod/shop/of-nobody none: owner-wants-no-pod',
      'pod/shop/of-none none: owner-gone',
    ]);
    expect(scene.kubernetes().objects.get('pods', 'shop', 'ended-well')).toBeUndefined();
  });

  it('are not even listed by default', async () => {
    const { scene } = await completed([]);
    expect(saidOf(scene)).toEqual([]);
  });

  it('need the right to ask their owners', async () => {
    const { scene } = await completed(['deleteSucceededPods: true']);
    const role = scene.kubernetes().objects.get('clusterroles', undefined, 'eks-caretaker:pod-cleanup');
    expect(JSON.stringify(role?.rules)).toContain('"replicasets","statefulsets","daemonsets"');
  });
});
