import { describe, expect, it } from '@jest/globals';
import { acceptedUids, watchRequests } from './support/drain-pods.ts';
import { withoutVerb } from './support/rights.ts';
import { only, startScene, useScenes } from './support/scene.ts';
import { clusterSpec, nodeGroup, START, workload } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  nodeOf,
  podsOn,
  sceneWith,
  secondsSince,
  warning,
} from './support/spot-drain.ts';

useScenes();

describe('a cluster that does not answer', () => {
  it('is named, its messages come again, and the other clusters are done', async () => {
    const scene = await startScene({
      config: only('spotDrain', [], { clusters: ['dev', 'staging'] }),
      spec: {
        clusters: ['dev', 'staging'].map((name) =>
          clusterSpec({ name, nodeGroups: [nodeGroup()], workloads: [workload()] }),
        ),
      },
    });
    const broken = firstOf(scene, 'dev');
    const sound = firstOf(scene, 'staging');
    // Whatever the intake asks of it for as long as it may wait.
    scene.kubernetes('dev').failNext({ resource: 'nodes' }, 'hang', 2);
    scene.account.putEvent(warning(scene, broken.id));
    scene.account.putEvent(warning(scene, sound.id));
    await scene.pass(50);
    expect(podsOn(scene, sound)).toEqual([]);
    expect(scene.reasons({ cluster: 'dev' })).toEqual(['cluster/dev none: cluster-unreachable']);
    expect(drainVerdict(scene, sound)).toMatchObject({ reason: 'drained' });
    // Its message comes again after the visibility time-out of 60 s, when it answers.
    await scene.account.settle();
    expect(podsOn(scene, broken)).toEqual([]);
    expect(drainVerdict(scene, broken)).toMatchObject({ reason: 'drained' });
    expect(secondsSince(scene)).toBeLessThan(110);
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
  });
});

describe('rights', () => {
  it.each([
    ['patch', 'nodes', 'spot-drain'],
    ['create', 'pods/eviction', 'spot-drain-worker'],
  ])('without %s on %s the verdict names it', async (verb, resource, entryId) => {
    const scene = await sceneWith();
    withoutVerb(scene, { entryId, resource, verb });
    const instance = firstOf(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(scene.verdicts({ reason: 'missing-right' })[0]).toMatchObject({
      target: `node/${instance.hostname}`,
      detail: { verb, resource },
    });
  });
});

describe('an API server that struggles', () => {
  it('is given the time that it asks for', async () => {
    const scene = await sceneWith({ workloads: [workload({ replicas: 8 })] });
    const instance = firstOf(scene);
    const kubernetes = scene.kubernetes();
    const busy = { status: 429, headers: { 'retry-after': '3' } };
    kubernetes.failNext({ verb: 'create', resource: 'pods/eviction' }, busy, 6);
    kubernetes.failNext({ verb: 'list', resource: 'pods' }, busy, 2);
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: 4, deleted: 0 },
    });
    expect(secondsSince(scene)).toBeLessThan(60);
  });

  it('and never answers an eviction costs one time-out', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.kubernetes().failNext({ verb: 'create', resource: 'pods/eviction' }, 'hang', 1);
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
    expect(secondsSince(scene)).toBeLessThan(60);
  });

  it('and cuts connections, before or after it did what was asked, loses no pod and moves none twice', async () => {
    const scene = await sceneWith({ workloads: [workload({ replicas: 8 })] });
    const instance = firstOf(scene);
    const uids = podsOn(scene, instance).map(({ metadata }) => metadata.uid);
    const kubernetes = scene.kubernetes();
    kubernetes.failNext({ verb: 'create', resource: 'pods/eviction' }, 'reset-after-apply', 2);
    kubernetes.failNext({ verb: 'create', resource: 'pods/eviction' }, 'reset', 2);
    kubernetes.failNext({ verb: 'list', resource: 'pods' }, 'reset', 1);
    kubernetes.failNext({ verb: 'list', resource: 'pods' }, { status: 500 }, 1);
    kubernetes.failNext({ verb: 'get', resource: 'nodes' }, 'reset', 1);
    const requests = watchRequests(scene);
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(acceptedUids(requests)).toEqual([...uids].sort());
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { evicted: uids.length, deleted: 0, remaining: [] },
    });
  });
});

describe('an AWS service that does not answer', () => {
  const down = { code: 'InternalFailure', status: 500 };

  it.each([
    ['ec2', 'DescribeInstances', 'instance-lookup-failed'],
    ['lambda', 'Invoke', 'worker-not-started'],
  ])('%s %s: the messages come again and the node is empty in time', async (service, operation, reason) => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    // As often as the SDK tries.
    scene.account.failNext(service, operation, down, 3);
    scene.account.world.interrupt(instance.id);
    await scene.account.runUntilTrue(() => podsOn(scene, instance).length === 0, 110);
    await scene.account.settle();
    expect(scene.verdicts({ reason })).toHaveLength(1);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { remaining: [] } });
  });

  it('the table: the node is cordoned all the same, and drained when the message comes again', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.account.failNext('dynamodb', 'PutItem', down, 3);
    scene.account.world.interrupt(instance.id);
    await scene.pass(10);
    expect(nodeOf(scene, instance).spec?.unschedulable).toBe(true);
    await scene.account.settle();
    expect(scene.verdicts({ reason: 'record-failed' })).toHaveLength(1);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
    expect(secondsSince(scene)).toBeLessThan(110);
  });
});

describe('an intake that is killed', () => {
  it('after the cordon, before anything else, has its message done by the next', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.account.killAt('spot-drain', {
      request: 1,
      when: 'after-apply',
      service: 'kubernetes',
      method: 'PATCH',
    });
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(scene.invocationsOf('spot-drain')[0]).toMatchObject({ ok: false });
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
    expect(secondsSince(scene)).toBeLessThan(110);
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
  });
});

describe('a worker that is killed', () => {
  it.each([
    ['before its second eviction', { request: 2, when: 'before-send' as const }],
    ['after an eviction that it did not hear about', { request: 1, when: 'after-apply' as const }],
  ])('%s is followed by another, and the node is empty in time', async (_what, point) => {
    const scene = await sceneWith({ workloads: [workload({ replicas: 8 })] });
    const instance = firstOf(scene);
    scene.account.killAt('spot-drain-worker', { ...point, service: 'kubernetes', contains: '/eviction' });
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    const workers = scene.invocationsOf('spot-drain-worker');
    expect(workers[0]).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } });
    expect(workers.some(({ ok }) => ok)).toBe(true);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { remaining: [] } });
    const { at } = drainVerdict(scene, instance) ?? {};
    expect(Date.parse(at ?? '')).toBeLessThan(START + 110_000);
    expect(scene.reasons({ reason: 'lease-expired' })).toEqual([
      `node/${instance.hostname} none: lease-expired`,
    ]);
  });
});

describe('what the functions write', () => {
  it('never holds a token, a signature or a key', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const kubernetes = scene.kubernetes();
    kubernetes.failNext({ verb: 'patch', resource: 'nodes' }, { status: 401 }, 2);
    kubernetes.failNext({ verb: 'create', resource: 'pods/eviction' }, { status: 401 }, 2);
    kubernetes.failNext({ verb: 'list', resource: 'pods' }, 'reset', 1);
    scene.account.failNext('eks', 'DescribeCluster', { code: 'ServerException', status: 500 }, 1);
    scene.account.failNext('sns', 'Publish', { code: 'InvalidParameter', status: 400 }, 1);
    scene.account.sendMessage('{"broken":');
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    const logs = scene.logs();
    expect(logs.length).toBeGreaterThan(10);
    const keys = scene.account.deployment.entries.map(({ principal }) => principal.secretAccessKey);
    const tokens = ['k8s-aws-v1.', 'X-Amz-Signature', 'Bearer ', 'local-session-', 'authorization'];
    for (const secret of [...tokens, ...keys])
      expect(logs.filter((line) => line.includes(secret))).toEqual([]);
  });
});
