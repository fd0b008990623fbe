import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { envelope, rebalanceRecommendation } from '../../infra/local/world/events.ts';
import type { Instance } from '../../infra/local/world/instances.ts';
import { watchRequests } from './support/drain-pods.ts';
import { only, startScene, useScenes } from './support/scene.ts';
import { clusterSpec, nodeGroup, START, workload } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  instancesOf,
  nodeOf,
  placeOf,
  podsOn,
  SPOT_DRAIN,
  sceneWith,
  secondsSince,
  warning,
} from './support/spot-drain.ts';

useScenes();

describe('a spot interruption', () => {
  it('cordons the node, moves its pods in time and tells everybody', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const [other] = instancesOf(scene).slice(1);
    expect(podsOn(scene, instance)).toHaveLength(1);
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();

    expect(secondsSince(scene)).toBeLessThan(60);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(nodeOf(scene, instance).spec).toMatchObject({
      unschedulable: true,
      taints: expect.arrayContaining([{ key: 'eks-caretaker/spot-interruption', effect: 'NoSchedule' }]),
    });
    expect(other && nodeOf(scene, other).spec?.unschedulable).toBeUndefined();
    expect(scene.reasons()).toEqual([
      `node/${instance.hostname} cordon: spot-interruption`,
      `node/${instance.hostname} drain: drained`,
    ]);
    expect(drainVerdict(scene, instance)).toMatchObject({
      cluster: 'staging',
      mode: 'act',
      detail: {
        instanceId: instance.id,
        owner: 'managed',
        evicted: 1,
        deleted: 0,
        blocked: [],
        remaining: [],
        deadlineAt: '2026-11-20T03:01:50.000Z',
        secondsToCordon: 0,
      },
    });
    expect(await scene.items('drain#staging')).toMatchObject([
      {
        sk: expect.stringMatching(new RegExp(`^${instance.id}#`)),
        record: {
          wanted: 'drain',
          deadlineAt: START + 110_000,
          outcome: { reason: 'drained', evicted: 1, remaining: 0 },
        },
      },
    ]);
    expect(scene.account.notifications).toMatchObject([
      { subject: expect.stringContaining(`node ${instance.hostname} drained`) },
    ]);
    expect(scene.account.published.map((event) => event['detail-type'])).toEqual([
      'spot-drain/cordon',
      'spot-drain/drain',
    ]);
    expect(
      scene
        .kubernetes()
        .objects.list('events')
        .filter(({ reason }) => String(reason).startsWith('SpotDrain'))
        .map(({ reason }) => reason),
    ).toEqual(expect.arrayContaining(['SpotDrainCordoned', 'SpotDrainFinished']));
  });

  it('of several nodes in one minute is one worker, and each node has its own record', async () => {
    const scene = await sceneWith({
      nodeGroups: [
        nodeGroup({ desired: 3 }),
        nodeGroup({ name: 'rest', labels: { role: 'spot' }, desired: 2 }),
      ],
      workloads: [workload({ replicas: 6 })],
    });
    const gone = instancesOf(scene).slice(0, 3);
    for (const instance of gone) scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(scene.invocationsOf('spot-drain-worker')).toHaveLength(1);
    for (const instance of gone) {
      expect(podsOn(scene, instance)).toEqual([]);
      expect(drainVerdict(scene, instance)).toMatchObject({ action: 'drain', reason: 'drained' });
    }
    expect(await scene.items('drain#staging')).toHaveLength(3);
    expect(scene.account.notifications).toHaveLength(3);
  });

  it('of more than five nodes is one notification', async () => {
    const scene = await sceneWith({ nodeGroups: [nodeGroup({ desired: 7, max: 8 })] });
    const requests = watchRequests(scene);
    for (const instance of instancesOf(scene).slice(0, 6)) scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(scene.verdicts({ reason: 'drained' })).toHaveLength(6);
    // Other batches would have two seconds to cordon their nodes.
    const cordons = requests.of('patch', 'nodes').map(({ second }) => second);
    const evictions = requests.of('create', 'pods/eviction').map(({ second }) => second);
    expect(evictions.length).toBeGreaterThan(0);
    expect(Math.min(...evictions)).toBeGreaterThanOrEqual(Math.max(...cordons.slice(0, 6)) + 2);
    expect(scene.account.notifications.map(({ subject }) => subject)).toEqual([
      'staging: 6 nodes taken away at once: 6 drained',
    ]);
  });

  it('that is held by a budget names it, and deletes the pod so that its grace still fits', async () => {
    const scene = await sceneWith({
      workloads: [workload({ replicas: 2, graceSeconds: 30, budget: { name: 'cart', minAvailable: 2 } })],
    });
    const instance = firstOf(scene);
    const [pod] = podsOn(scene, instance);
    const removedAt: number[] = [];
    scene.kubernetes().objects.watch(({ type, resource, object }) => {
      const { uid, deletionTimestamp } = object.metadata;
      if (resource === 'pods' && type === 'MODIFIED' && uid === pod?.metadata.uid && deletionTimestamp)
        removedAt.push(scene.account.clock.now());
    });
    scene.account.world.interrupt(instance.id);
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    // Deadline after 110 s, grace 30 s, margin 5 s.
    expect(removedAt[0]).toBe(START + 75_000);
    expect(drainVerdict(scene, instance)).toMatchObject({
      action: 'drain',
      reason: 'budget-blocked',
      detail: {
        evicted: 0,
        deleted: 1,
        blocked: [{ pod: `shop/${pod?.metadata.name}`, budgets: ['cart'] }],
        remaining: [],
      },
    });
    expect(scene.account.notifications[0]?.message).toContain('held by budget cart');
  });

  it('and a budget that is never overridden end with the pod named and still there', async () => {
    const scene = await sceneWith(
      { workloads: [workload({ budget: { name: 'cart', minAvailable: 2 } })] },
      only('spotDrain', ['deleteAtDeadline: false']),
    );
    const instance = firstOf(scene);
    scene.account.world.interrupt(instance.id);
    await scene.pass(115);
    const pods = podsOn(scene, instance);
    expect(pods).toHaveLength(1);
    expect(drainVerdict(scene, instance)).toMatchObject({
      action: 'none',
      reason: 'budget-blocked',
      detail: { evicted: 0, deleted: 0, remaining: [`shop/${pods[0]?.metadata.name}`] },
    });
  });

  it('delivered twice changes nothing the second time', async () => {
    const scene = await sceneWith();
    const event = warning(scene, firstOf(scene).id);
    scene.account.putEvent(event);
    await scene.account.settle();
    const { revision } = scene.kubernetes().objects;
    const before = await scene.items('drain#');
    scene.account.putEvent(event);
    await scene.account.settle();
    expect(scene.reasons().slice(2)).toEqual([`node/${firstOf(scene).hostname} none: duplicate-event`]);
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(await scene.items('drain#')).toEqual(before);
    expect(scene.invocationsOf('spot-drain-worker')).toHaveLength(1);
    expect(scene.account.notifications).toHaveLength(1);
  });

  it('is closed in its record when the instance goes', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.account.world.interrupt(instance.id);
    await scene.pass(180);
    await scene.account.settle();
    expect(scene.reasons({ target: `node/${instance.hostname}` }).slice(2)).toEqual([
      `node/${instance.hostname} record: instance-shutting-down`,
      `node/${instance.hostname} record: instance-terminated`,
    ]);
    expect(await scene.items('drain#staging')).toMatchObject([
      { record: { departed: { state: 'terminated' } } },
    ]);
  });
});

describe('events that are recorded or refused', () => {
  it('are told apart by account, region, source, instance and time, all in one batch', async () => {
    const scene = await startScene({
      config: SPOT_DRAIN,
      spec: {
        clusters: [
          clusterSpec({
            nodeGroups: [nodeGroup({ desired: 1 }), nodeGroup({ name: 'late', desired: 1 })],
          }),
          clusterSpec({ name: 'foreign', nodeGroups: [nodeGroup({ desired: 1 })] }),
        ],
      },
    });
    const of = (name: string): Instance => {
      const found = scene.account.world.instances
        .all()
        .find(({ groupName, clusterName }) => clusterName === 'staging' && groupName.includes(name));
      if (found === undefined) throw new Error(`no instance of group ${name}`);
      return found;
    };
    const ours = of('spot').id;
    const foreign = firstOf(scene, 'foreign').id;
    const send = (event: object) => scene.account.sendMessage(JSON.stringify(event));
    const { revision } = scene.kubernetes().objects;
    const foreignRevision = scene.kubernetes('foreign').objects.revision;
    send(warning(scene, ours, { account: '999988887777' }));
    send(warning(scene, ours, { region: 'eu-west-1' }));
    send(warning(scene, ours, { source: 'com.example' }));
    send(warning(scene, 'i-0123456789abcdef0'));
    send(warning(scene, foreign));
    send(warning(scene, of('late').id, { time: '2026-11-20T02:50:00Z' }));
    send({
      ...envelope(rebalanceRecommendation(ours, 'eu-central-1a'), { ...placeOf(scene), id: randomUUID() }),
    });
    await scene.account.settle();
    expect([...scene.reasons()].sort()).toEqual(
      [
        `instance/${ours} none: foreign-account`,
        `instance/${ours} none: foreign-region`,
        `instance/${ours} none: foreign-source`,
        'instance/i-0123456789abcdef0 none: instance-not-confirmed',
        `instance/${foreign} none: foreign-instance`,
        `node/${of('late').hostname} record: late-event`,
        `node/${of('spot').hostname} record: rebalance-recommendation`,
      ].sort(),
    );
    // Whatever was recorded, nothing was touched.
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(scene.kubernetes('foreign').objects.revision).toBe(foreignRevision);
    expect(scene.invocationsOf('spot-drain-worker')).toEqual([]);
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
    const records = await scene.items('drain#');
    expect(records.map(({ record }) => (record as { wanted: string }).wanted).sort()).toEqual([
      'drain',
      'record',
    ]);
  });

  it('fail alone when they are malformed, and end in the dead-letter queue', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const { detail: _detail, ...noDetail } = warning(scene, instance.id);
    scene.account.sendMessage('this is no JSON');
    scene.account.sendMessage(JSON.stringify(warning(scene, instance.id)));
    scene.account.sendMessage(JSON.stringify(noDetail));
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
    expect(scene.account.queues.deadLetters.messages().map(({ body }) => body)).toEqual([
      'this is no JSON',
      JSON.stringify(noDetail),
    ]);
    const malformed = scene.verdicts({ reason: 'malformed-message' });
    expect(malformed).toHaveLength(2);
    expect(malformed.map(({ detail }) => String(detail?.error))).toEqual(
      expect.arrayContaining([
        expect.stringContaining('the message is no JSON'),
        expect.stringContaining('"detail" is no object'),
      ]),
    );
    expect(scene.invocationsOf('spot-drain').every(({ ok }) => ok)).toBe(true);
  });
});

describe('modes', () => {
  it('observe says what the first step would be and changes nothing', async () => {
    const scene = await sceneWith({}, only('spotDrain', [], { mode: 'observe' }));
    const instance = firstOf(scene);
    const [pod] = podsOn(scene, instance);
    const { revision } = scene.kubernetes().objects;
    const startOfScene = scene.exchanges.length;
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(scene.verdicts({ mode: 'observe' })).toMatchObject([
      { action: 'cordon', reason: 'spot-interruption' },
      {
        action: 'drain',
        reason: 'spot-interruption',
        detail: { wouldEvict: [`shop/${pod?.metadata.name}`] },
      },
    ]);
    expect(scene.verdicts()).toHaveLength(2);
    expect(scene.kubernetes().objects.revision).toBe(revision);
    const calls = scene.exchanges
      .slice(startOfScene)
      .map(({ service, operation }) => `${service} ${operation}`);
    expect(
      calls.filter(
        (call) => !/^(dynamodb \w+|ec2 Describe\w+|eks Describe\w+|lambda Invoke|sns Publish)$/.test(call),
      ),
    ).toEqual([]);
    expect(scene.account.published).toEqual([]);
    expect(scene.account.notifications[0]?.message).toContain('nothing was changed');
  });

  it('off in the table half way stops the evictions', async () => {
    const scene = await sceneWith({
      workloads: [workload({ replicas: 2, budget: { name: 'cart', minAvailable: 2 } })],
    });
    const instance = firstOf(scene);
    scene.account.world.interrupt(instance.id);
    await scene.pass(30);
    await scene.setModes({ automations: { 'spot-drain': 'off' } });
    await scene.pass(85);
    expect(podsOn(scene, instance)).toHaveLength(1);
    expect(drainVerdict(scene, instance)).toMatchObject({
      action: 'none',
      reason: 'mode-changed',
      mode: 'off',
      detail: { evicted: 0, deleted: 0 },
    });
    const { at } = drainVerdict(scene, instance) ?? {};
    expect(Date.parse(at ?? '')).toBeLessThan(START + 37_000);
  });
});
