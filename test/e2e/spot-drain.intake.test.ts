import { describe, expect, it } from '@jest/globals';
import type { AwsEvent } from '../../infra/local/world/events.ts';
import { envelope, scheduledChange, spotInterruption } from '../../infra/local/world/events.ts';
import type { Instance } from '../../infra/local/world/instances.ts';
import { acceptedUids, watchRequests } from './support/drain-pods.ts';
import { only, startScene, useScenes } from './support/scene.ts';
import { clusterSpec, nodeGroup, selfManagedGroup, workload } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  instancesOf,
  nodeOf,
  placeOf,
  podsOn,
  sceneWith,
  warning,
} from './support/spot-drain.ts';

useScenes();

type Scene = Awaited<ReturnType<typeof startScene>>;

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:lifecycle';
const ROLE = 'arn:aws:iam::111122223333:role/asg-notifier';
const HOOK = 'drain-first';
const DIRECT = only('spotDrain', [
  `lifecycleHooks: [${HOOK}]`,
  `autoScalingNotifications: { topics: ['${TOPIC}'], roles: ['${ROLE}'] }`,
]);
const ownGroup = {
  nodeGroups: [],
  selfManagedGroups: [
    selfManagedGroup({ desired: 2, max: 4, terminateHook: HOOK, terminateHookSeconds: 300 }),
  ],
  workloads: [workload({ nodeSelector: { role: 'own' } })],
};

/** As Auto Scaling sends it to a hook's notification target. */
const direct = (scene: Scene, { id, groupName }: Instance, change: object = {}) => ({
  Origin: 'AutoScalingGroup',
  Destination: 'EC2',
  LifecycleHookName: HOOK,
  AccountId: placeOf(scene).accountId,
  RequestId: '75f6e4a9-9c1c-6f2f-2d44-5d1f4f5a7c11',
  LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  AutoScalingGroupName: groupName,
  Service: 'AWS Auto Scaling',
  Time: new Date(placeOf(scene).now).toISOString(),
  EC2InstanceId: id,
  LifecycleActionToken: '630aa23f-48eb-45e7-aba6-799ea6093a0f',
  ...change,
});
const inSns = (message: object) => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: TOPIC,
  Message: JSON.stringify(message),
  Timestamp: '2026-11-20T03:00:00.000Z',
});
const send = (scene: Scene, message: object) => scene.account.sendMessage(JSON.stringify(message));
const lifecycleCalls = (scene: Scene) =>
  scene.exchanges.filter(({ operation }) => operation === 'CompleteLifecycleAction');
const deadLetters = (scene: Scene) => scene.account.queues.deadLetters.counts().visible;

describe('what Auto Scaling sends past EventBridge', () => {
  it.each([
    ['straight to the queue', (message: object) => message],
    ['through SNS', inSns],
  ])('%s drains the node as an event would', async (_, wrap) => {
    const scene = await sceneWith(ownGroup, DIRECT);
    const instance = firstOf(scene);
    send(scene, wrap(direct(scene, instance)));
    await scene.account.settle();
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'drained',
      detail: { owner: 'self-managed' },
    });
    // Auto Scaling knows nothing of this action, and is not held up by it.
    expect(await scene.items('drain#')).toMatchObject([
      { record: { lifecycle: [{ hook: HOOK, token: expect.stringMatching(/^630aa23f/), answer: 'over' }] } },
    ]);
  });

  it('and EventBridge too is one lifecycle action, completed once', async () => {
    const scene = await sceneWith(ownGroup, DIRECT);
    const instance = firstOf(scene);
    const events: AwsEvent[] = [];
    scene.account.world.onEvent((event) => {
      if (event.source === 'aws.autoscaling') events.push(event);
    });
    scene.account.world.terminateByAsg(instance.id);
    const { LifecycleActionToken } = events[0]?.detail ?? {};
    send(scene, inSns(direct(scene, instance, { LifecycleActionToken })));
    await scene.account.runUntilTrue(() => instance.state !== 'running', 120);
    await scene.account.settle();
    expect(lifecycleCalls(scene)).toHaveLength(1);
    expect(drainVerdict(scene, instance)).toMatchObject({ detail: { lifecycle: [{ answer: 'done' }] } });
    expect(await scene.items('drain#')).toMatchObject([
      { record: { lifecycle: [{ token: LifecycleActionToken }] } },
    ]);
  });

  it('begins with a test notification, which is dropped, in both forms', async () => {
    const scene = await sceneWith(ownGroup, DIRECT);
    const test = {
      AccountId: placeOf(scene).accountId,
      RequestId: 'b36d6757-57c7-11e8-a9ca-b3409db76d91',
      AutoScalingGroupName: 'own',
      Service: 'AWS Auto Scaling',
      Event: 'autoscaling:TEST_NOTIFICATION',
      Time: '2026-11-20T03:00:00.555Z',
    };
    send(scene, test);
    send(scene, inSns(test));
    await scene.account.settle();
    expect(scene.reasons()).toEqual(Array(2).fill('auto-scaling-group/own none: test-notification'));
    expect(deadLetters(scene)).toBe(0);
  });

  it.each<[string, string, (scene: Scene, instance: Instance) => object, string]>([
    [
      'a message without a role that may send it',
      only('spotDrain', [`lifecycleHooks: [${HOOK}]`]),
      (scene, instance) => direct(scene, instance),
      'foreign-source',
    ],
    [
      'a topic that is not named',
      DIRECT,
      (scene, instance) => ({ ...inSns(direct(scene, instance)), TopicArn: `${TOPIC}-of-others` }),
      'foreign-source',
    ],
    [
      'another account',
      DIRECT,
      (scene, instance) => direct(scene, instance, { AccountId: '999988887777' }),
      'foreign-account',
    ],
    [
      'another service',
      DIRECT,
      (scene, instance) => direct(scene, instance, { Service: 'My Scaler' }),
      'foreign-source',
    ],
    [
      'an instance that EC2 does not know',
      DIRECT,
      (scene, instance) => direct(scene, { ...instance, id: 'i-0123456789abcdef0' }),
      'instance-not-confirmed',
    ],
  ])('from %s is recorded and not acted on', async (_, config, make, reason) => {
    const scene = await sceneWith(ownGroup, config);
    const { revision } = scene.kubernetes().objects;
    send(scene, make(scene, firstOf(scene)));
    await scene.account.settle();
    expect(scene.verdicts()).toMatchObject([{ action: 'none', reason }]);
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(await scene.items('drain#')).toEqual([]);
  });

  it("ignores EKS's own hook without asking anybody, although hooks are completed", async () => {
    const scene = await sceneWith({}, DIRECT);
    const instance = firstOf(scene);
    const before = scene.exchanges.length;
    scene.account.world.terminateByAsg(instance.id);
    await scene.account.runUntilTrue(() => scene.reasons().length > 0, 10);
    expect(scene.reasons()).toEqual([`instance/${instance.id} none: eks-own-hook`]);
    const asked = scene.exchanges
      .slice(before)
      .filter(({ service }) => service === 'ec2' || service === 'eks');
    expect(asked).toEqual([]);
  });
});

describe('Health events that are not ours', () => {
  it.each<[string, object, string]>([
    ['of another region', { eventRegion: 'us-east-1' }, 'foreign-region'],
    ['of another account of the organisation', { affectedAccount: '999988887777' }, 'foreign-account'],
  ])('%s are recorded and not acted on', async (_, change, reason) => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const at = { ...placeOf(scene), communicationId: 'c' };
    const [event] = scheduledChange(
      {
        eventId: 'e',
        code: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
        instanceIds: [instance.id],
        startsAt: at.now + 86_400_000,
      },
      at,
    );
    if (event === undefined) throw new Error('there is an event');
    const { revision } = scene.kubernetes().objects;
    send(scene, { ...envelope({ ...event, detail: { ...event.detail, ...change } }, { ...at, id: 'x' }) });
    await scene.account.settle();
    expect(scene.reasons()).toEqual([`instance/${instance.id} none: ${reason}`]);
    expect(scene.kubernetes().objects.revision).toBe(revision);
  });
});

describe('from instance to node', () => {
  it('asks EC2 once for a whole batch', async () => {
    const scene = await sceneWith({ nodeGroups: [nodeGroup({ desired: 7, max: 8 })] });
    for (const { id } of instancesOf(scene)) scene.account.putEvent(warning(scene, id));
    await scene.account.settle();
    expect(scene.exchanges.filter(({ operation }) => operation === 'DescribeInstances')).toHaveLength(1);
    expect(scene.reasons({ action: 'cordon' })).toHaveLength(7);
  });

  it('finds a node of another name in one list, by its provider id', async () => {
    const scene = await sceneWith({ workloads: [] });
    const instance = firstOf(scene);
    const { objects } = scene.kubernetes();
    const { metadata, ...node } = nodeOf(scene, instance);
    objects.remove('nodes', undefined, instance.hostname);
    objects.create('nodes', { ...node, metadata: { name: instance.id, labels: metadata.labels ?? {} } });
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(2);
    expect(scene.reasons()).toEqual([`node/${instance.id} cordon: spot-interruption`]);
    expect(objects.get('nodes', undefined, instance.id)?.spec.unschedulable).toBe(true);
  });

  it('waits for a node that has not registered yet', async () => {
    const scene = await sceneWith();
    const group = firstOf(scene).groupName;
    const { autoScaling } = scene.account.world;
    autoScaling.resize(autoScaling.get(group), { desired: 3 }, 'a test wanted it.');
    await scene.pass(20);
    const [, , young] = instancesOf(scene);
    if (young === undefined) throw new Error('a third instance runs');
    scene.account.putEvent(warning(scene, young.id));
    await scene.pass(10);
    expect(scene.reasons({ reason: 'node-not-registered' })).toHaveLength(1);
    await scene.account.settle();
    expect(scene.reasons({ target: `node/${young.hostname}` })[0]).toBe(
      `node/${young.hostname} cordon: spot-interruption`,
    );
    expect(deadLetters(scene)).toBe(0);
  });

  it('takes a node that was registered anew for another one', async () => {
    const scene = await sceneWith({ workloads: [] });
    const instance = firstOf(scene);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    const { objects } = scene.kubernetes();
    const { metadata: _old, spec, status } = nodeOf(scene, instance);
    objects.remove('nodes', undefined, instance.hostname);
    const { unschedulable: _cordon, taints: _taints, ...plain } = spec;
    objects.create('nodes', { metadata: { name: instance.hostname }, spec: plain, status });
    scene.account.putEvent(warning(scene, instance.id));
    await scene.account.settle();
    expect(nodeOf(scene, instance).spec.unschedulable).toBe(true);
    expect(await scene.items('drain#staging')).toHaveLength(2);
    expect(scene.reasons({ action: 'cordon' })).toHaveLength(2);
  });

  it('drops instances of no configured cluster before any call to Kubernetes, and counts them', async () => {
    const scene = await startScene({
      config: only('spotDrain'),
      spec: {
        clusters: [
          clusterSpec({ nodeGroups: [nodeGroup()] }),
          clusterSpec({ name: 'foreign', nodeGroups: [nodeGroup()] }),
        ],
      },
    });
    const asked = scene.exchanges.length;
    for (const { id } of instancesOf(scene, 'foreign')) scene.account.putEvent(warning(scene, id));
    await scene.account.settle();
    expect(scene.reasons()).toEqual(
      instancesOf(scene, 'foreign').map(({ id }) => `instance/${id} none: foreign-instance`),
    );
    expect(scene.exchanges.slice(asked).filter(({ service }) => service === 'eks')).toEqual([]);
    const metrics = scene
      .logs()
      .filter((line) => line.includes('"foreignInstances"'))
      .map((line) => JSON.parse(line) as { foreignInstances: number | number[] });
    expect(metrics.flatMap(({ foreignInstances }) => foreignInstances)).toEqual([1, 1]);
  });
});

describe('two functions on one node', () => {
  const record = (event: object, index: number) => ({
    messageId: `message-${index}`,
    receiptHandle: 'handle',
    body: JSON.stringify(event),
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:eks-caretaker',
    awsRegion: 'eu-central-1',
  });

  it('cordon it once and drain it once: the other one sees it', async () => {
    const scene = await sceneWith({ workloads: [workload({ replicas: 8 })] });
    const instance = firstOf(scene);
    const uids = podsOn(scene, instance).map(({ metadata }) => metadata.uid);
    const requests = watchRequests(scene);
    const answers = await Promise.all(
      [0, 1].map((index) =>
        scene.account.invoke('spot-drain', { Records: [record(warning(scene, instance.id), index)] }),
      ),
    );
    expect(answers.map(({ payload }) => payload)).toEqual(Array(2).fill({ batchItemFailures: [] }));
    await scene.account.settle();
    expect(scene.verdicts({ reason: 'drained' })).toHaveLength(1);
    expect(podsOn(scene, instance)).toEqual([]);
    const cordons = requests.of('patch', 'nodes').filter(({ code }) => code === 200);
    expect(cordons.map(({ name }) => name)).toEqual([instance.hostname]);
    expect(acceptedUids(requests)).toEqual([...uids].sort());
    expect(await scene.items('drain#staging')).toMatchObject([
      { record: { notices: [{ kind: 'spot-interruption' }, { kind: 'spot-interruption' }] } },
    ]);
    expect(scene.reasons({ action: 'cordon' })).toHaveLength(1);
    const other = scene
      .reasons({ reason: 'drain-in-progress' })
      .concat(scene.reasons({ reason: 'already-closed' }));
    expect(scene.invocationsOf('spot-drain-worker').length).toBe(1 + other.length);
  });
});

describe('a batch of which one half cannot be handled', () => {
  it('because the table is away gives back what was not answered, and what is malformed ends alone', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.account.failNext('dynamodb', 'GetItem', { code: 'InternalServerError', status: 500 }, 3);
    scene.account.sendMessage('{"broken":');
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(5);
    // The function answers which messages failed; it does not fail as a whole.
    expect(scene.invocationsOf('spot-drain').map(({ ok }) => ok)).toEqual([true]);
    await scene.account.settle();
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained' });
    expect(scene.account.queues.deadLetters.messages().map(({ body }) => body)).toEqual(['{"broken":']);
  });

  it('events of one node in one batch are one record, whatever their order', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const { now } = placeOf(scene);
    const earlier = { time: new Date(now - 20_000).toISOString().replace('.000Z', 'Z') };
    const events = [
      warning(scene, instance.id),
      warning(scene, instance.id, earlier),
      envelope(spotInterruption(instance.id, 'eu-central-1a', 'stop'), { ...placeOf(scene), id: 'third' }),
    ];
    for (const event of [...events, ...events]) scene.account.putEvent(event);
    await scene.account.settle();
    expect(await scene.items('drain#staging')).toMatchObject([
      { record: { deadlineAt: now + 90_000, notices: [{}, {}, {}], outcome: { reason: 'drained' } } },
    ]);
    expect(scene.reasons({ reason: 'duplicate-event' })).toHaveLength(0);
    expect(scene.reasons({ action: 'cordon' })).toHaveLength(1);
  });
});
