import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsEvent } from '../../../../../infra/local/world/events.ts';
import type { Instance } from '../../../../../infra/local/world/instances.ts';
import type { World } from '../../../../../infra/local/world/world.ts';
import { createWorld, worldClockFor } from '../../../../../infra/local/world/world.ts';
import { startAt, worldSpec } from '../support/specs.ts';

const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

let world: World;
let events: AwsEvent[];

const begin = async (): Promise<World> => createWorld(worldSpec, worldClockFor(worldSpec));
beforeEach(async () => {
  world = await begin();
  events = [];
  world.onEvent((event) => {
    events.push(event);
  });
});
afterEach(() => world.close());

const pass = (seconds: number) => world.clock.jumpTo(world.clock.now() + seconds * 1000);
const objects = () => world.cluster('staging').kubernetes.objects;
const spot = (): Instance => {
  const found = world.instances.all().find((instance) => instance.spot && instance.state === 'running');
  if (found === undefined) throw new Error('no spot instance');
  return found;
};
const node = (instance: Instance) => objects().get('nodes', undefined, instance.hostname);
const told = (instance: Instance) =>
  events
    .filter(({ detail }) => detail['instance-id'] === instance.id)
    .map((event) => [event['detail-type'], event.detail.state]);

describe('a world at its start', () => {
  it.each([
    ['no zone for its nodes', { zones: [] }],
    [
      'one workload twice',
      { workloads: [...(worldSpec.clusters[0]?.workloads ?? [])].flatMap((one) => [one, one]) },
    ],
  ])('leaves no server behind when a cluster has %s', async (_what, change) => {
    const servers = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    const before = servers();
    const [first] = worldSpec.clusters;
    if (first === undefined) throw new Error('the specification has no cluster');
    const spec = { ...worldSpec, clusters: [first, { ...first, name: 'broken', ...change }] };
    await expect(createWorld(spec, worldClockFor(spec))).rejects.toThrow();
    // A closed server's handle is let go at a later turn of the event loop.
    for (let turn = 0; turn < 100 && servers() > before; turn += 1) await nextTurn();
    expect(servers()).toBe(before);
  });

  it('has every node Ready, every pod Running, and stands at its hour', () => {
    const late = world.clock.now() - startAt;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(2000);
    const nodes = objects().list('nodes');
    expect(nodes).toHaveLength(4);
    for (const { spec, status } of nodes) {
      expect(spec.taints ?? []).toEqual([]);
      expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
      expect(status.nodeInfo?.kubeletVersion).toMatch(/^v1\.34\.\d+-eks-[0-9a-f]{7}$/);
    }
    const live = objects().list('pods', { filter: ({ status }) => status.phase !== 'Failed' });
    // Three carts, and two add-ons on each of four nodes.
    expect(live).toHaveLength(3 + 2 * 4);
    expect(new Set(live.map(({ status }) => status.phase))).toEqual(new Set(['Running']));
    const carts = live.filter(isCart);
    expect(new Set(carts.map(({ spec }) => spec.nodeName)).size).toBe(2);
    expect(objects().get('poddisruptionbudgets', 'shop', 'cart')?.status).toMatchObject({
      disruptionsAllowed: 1,
      expectedPods: 3,
    });
  });

  it('holds failed pods as a kubelet leaves them, under an owner that exists', () => {
    const pod = objects().get('pods', 'shop', 'cart-old-1');
    const failedAt = '2026-11-19T19:30:00Z';
    expect(pod?.status).toMatchObject({
      phase: 'Failed',
      reason: 'Terminated',
      conditions: expect.arrayContaining([
        expect.objectContaining({
          type: 'DisruptionTarget',
          reason: 'TerminationByKubelet',
          lastTransitionTime: failedAt,
        }),
      ]),
      containerStatuses: [{ state: { terminated: { finishedAt: failedAt } } }],
    });
    const [owner] = pod?.metadata.ownerReferences ?? [];
    expect(owner).toMatchObject({ kind: 'ReplicaSet', controller: true });
    expect(objects().get('replicasets', 'shop', owner?.name ?? '')?.metadata.uid).toBe(owner?.uid);
  });

  it('is the same again from the same specification', async () => {
    const again = await begin();
    const ids = (one: World) => one.instances.all().map(({ id, privateIp }) => [id, privateIp]);
    expect(ids(again)).toEqual(ids(world));
    await again.close();
  });
});

describe('spot', () => {
  it('a notice is followed by the end two minutes later, and by a replacement', () => {
    const instance = spot();
    world.interrupt(instance.id);
    expect(events).toMatchObject([
      {
        version: '0',
        source: 'aws.ec2',
        'detail-type': 'EC2 Spot Instance Interruption Warning',
        account: '111122223333',
        region: 'eu-central-1',
        time: expect.stringMatching(/^2026-11-19T21:00:0\dZ$/),
        resources: [`arn:aws:ec2:eu-central-1a:instance/${instance.id}`],
        detail: { 'instance-id': instance.id, 'instance-action': 'terminate' },
      },
    ]);
    pass(115);
    expect(instance.state).toBe('running');
    pass(10);
    expect(instance.state).toBe('shutting-down');
    expect(node(instance)?.status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    pass(40);
    expect(told(instance)).toEqual([
      ['EC2 Spot Instance Interruption Warning', undefined],
      ['EC2 Instance State-change Notification', 'shutting-down'],
      ['EC2 Instance State-change Notification', 'terminated'],
    ]);
    expect(node(instance)).toBeUndefined();
    pass(60);
    expect(spot().id).not.toBe(instance.id);
    expect(world.isReady(spot())).toBe(true);
  });

  it('pods of a node that is gone come back elsewhere', () => {
    const [web] = world.instances.all().filter((one) => objects().podsOn(one.hostname).some(isCart));
    if (web === undefined) throw new Error('no cart runs');
    world.instances.shutDown(web, { code: 'Server.InternalError', message: 'hardware' });
    pass(300);
    expect(objects().podsOn(web.hostname)).toEqual([]);
    const carts = objects().list('pods', {
      namespace: 'shop',
      filter: ({ status }) => status.phase === 'Running',
    });
    expect(carts).toHaveLength(3);
  });

  it('a rebalance recommendation is only a recommendation', () => {
    const instance = spot();
    world.rebalance(instance.id);
    pass(600);
    expect(told(instance)).toEqual([['EC2 Instance Rebalance Recommendation', undefined]]);
    expect(instance.state).toBe('running');
  });
});

const isCart = ({ metadata }: { metadata: { name: string } }) => metadata.name.startsWith('cart-');

describe('a managed group that shrinks', () => {
  const shrink = () => {
    const web = world.cluster('staging').nodeGroups.get('web');
    if (web === undefined) throw new Error('no group');
    world.autoScaling.resize(web.scaling, { min: 0, desired: 0 }, 'a test.');
    return world.autoScaling.members(web.scaling);
  };
  const hold = () => {
    const budget = objects().get('poddisruptionbudgets', 'shop', 'cart');
    if (budget === undefined) throw new Error('no budget');
    objects().update('poddisruptionbudgets', { ...budget, spec: { ...budget.spec, maxUnavailable: 0 } });
  };

  it('drains its nodes first, within 15 minutes if a budget holds on', () => {
    hold();
    const members = shrink();
    expect(members.map(({ lifecycle }) => lifecycle)).toEqual(['Terminating:Wait', 'Terminating:Wait']);
    pass(14 * 60);
    const waiting = members.filter(({ state }) => state === 'running');
    expect(waiting.length).toBeGreaterThan(0);
    pass(2 * 60);
    expect(members.map(({ state }) => state)).toEqual(['terminated', 'terminated']);
  });

  it('says so with the events of EKS’s own hook', () => {
    const members = shrink();
    const hooks = events.filter(
      (event) => event['detail-type'] === 'EC2 Instance-terminate Lifecycle Action',
    );
    expect(hooks.map(({ detail }) => [detail.LifecycleHookName, detail.EC2InstanceId])).toEqual(
      members.map(({ id }) => ['Terminate-LC-Hook', id]),
    );
  });
});
