import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsEvent } from '../../../../../infra/local/world/events.ts';
import type { Instance } from '../../../../../infra/local/world/instances.ts';
import type { World } from '../../../../../infra/local/world/world.ts';
import { createWorld, worldClockFor } from '../../../../../infra/local/world/world.ts';
import { worldSpec } from '../support/specs.ts';

let world: World;
let events: AwsEvent[];

const [staging] = worldSpec.clusters;
if (staging === undefined) throw new Error('the specification has no cluster');
const group = (name: string, provisioner?: { kind: 'karpenter' | 'auto-mode'; hasQueue?: boolean }) => ({
  name,
  min: 0,
  desired: 1,
  max: 2,
  instanceType: 'm6i.large',
  spot: true,
  labels: { role: name },
  tags: {},
  ...(provisioner === undefined ? {} : { provisioner }),
});
const spec = {
  ...worldSpec,
  clusters: [
    {
      ...staging,
      selfManagedGroups: [
        group('own'),
        group('pool', { kind: 'karpenter' }),
        group('deaf', { kind: 'karpenter', hasQueue: false }),
        group('auto', { kind: 'auto-mode' }),
      ],
    },
  ],
};

beforeEach(async () => {
  world = await createWorld(spec, worldClockFor(spec));
  events = [];
  world.onEvent((event) => {
    events.push(event);
  });
});
afterEach(() => world.close());

const pass = (seconds: number) => {
  const end = world.clock.now() + seconds * 1000;
  for (let due = world.clock.nextDue(); due !== undefined && due <= end; due = world.clock.nextDue()) {
    world.clock.jumpTo(due);
  }
  world.clock.jumpTo(end);
};
const of = (name: string): Instance => {
  const found = world.instances
    .all()
    .find(({ groupName, state }) => groupName === name && state === 'running');
  if (found === undefined) throw new Error(`no instance of ${name} runs`);
  return found;
};
const nodeOf = ({ hostname, clusterName }: Instance) =>
  world.cluster(clusterName).kubernetes.objects.get('nodes', undefined, hostname);
const statesOf = ({ id }: Instance) =>
  events.filter(({ detail }) => detail['instance-id'] === id).flatMap(({ detail }) => detail.state ?? []);

describe('an instance that is stopped and started', () => {
  it('comes back as the same Node with another boot id', () => {
    world.autoScaling.get('own').suspendedProcesses.add('HealthCheck');
    const instance = of('own');
    const before = nodeOf(instance);
    world.instances.stop(instance);
    pass(60);
    expect([instance.state, world.isReady(instance)]).toEqual(['stopped', false]);
    world.instances.start(instance);
    pass(120);
    expect([instance.state, world.isReady(instance)]).toEqual(['running', true]);
    expect(statesOf(instance)).toEqual(['stopping', 'stopped', 'pending', 'running']);
    const after = nodeOf(instance);
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(after?.status.nodeInfo?.bootID).not.toBe(before?.status.nodeInfo?.bootID);
  });

  it('is ended and replaced by its group, unless that was told not to', () => {
    const instance = of('own');
    world.instances.stop(instance);
    pass(300);
    expect(instance.state).toBe('terminated');
    expect(of('own').id).not.toBe(instance.id);
  });

  it('is refused a start while it runs', () => {
    expect(() => world.instances.start(of('own'))).toThrow('not in a state');
  });
});

describe('a reboot', () => {
  it('is told by no event: the node is away for a while and has another boot id', () => {
    const instance = of('own');
    const before = nodeOf(instance)?.status.nodeInfo?.bootID;
    world.instances.reboot(instance);
    expect(world.isReady(instance)).toBe(false);
    pass(60);
    expect(world.isReady(instance)).toBe(true);
    expect(nodeOf(instance)?.status.nodeInfo?.bootID).not.toBe(before);
    expect(statesOf(instance)).toEqual([]);
  });
});

describe('a spot interruption', () => {
  it.each([
    ['terminate', 119, 'running'],
    ['terminate', 121, 'shutting-down'],
    ['stop', 119, 'running'],
    ['stop', 121, 'stopping'],
    ['hibernate', 1, 'stopping'],
  ] as const)('to %s: after %i s the instance is %s', (action, seconds, state) => {
    const instance = of('pool');
    world.interrupt(instance.id, action);
    pass(seconds);
    expect(instance.state).toBe(state);
    expect(events[0]?.detail).toEqual({ 'instance-id': instance.id, 'instance-action': action });
  });
});

describe('node pools', () => {
  const taintsOf = (name: string) => (nodeOf(of(name))?.spec.taints ?? []).map(({ key }) => key);

  it.each([
    ['pool', { 'karpenter.sh/nodepool': 'pool', 'eks:eks-cluster-name': 'staging' }],
    ['auto', { 'eks:kubernetes-node-pool-name': 'auto', 'eks:eks-cluster-name': 'staging' }],
  ])('%s have their own tags, and none of Auto Scaling', (name, tags) => {
    const found = Object.fromEntries(of(name).tags);
    expect(found).toMatchObject(tags);
    expect(Object.keys(found).filter((key) => key.startsWith('aws:'))).toEqual([]);
  });

  it.each([
    ['pool', ['karpenter.sh/disrupted']],
    ['auto', ['karpenter.sh/disrupted']],
    ['deaf', []],
    ['own', []],
  ])('%s taint a node that is to go: %j', (name, taints) => {
    world.interrupt(of(name).id);
    pass(5);
    expect(taintsOf(name)).toEqual(taints);
  });
});

describe('what AWS Health announces', () => {
  it('is an event for each page, with every instance on one of them', () => {
    const ids = [of('own').id, of('pool').id, of('deaf').id];
    world.planChange({
      eventId: 'abc',
      code: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED',
      instanceIds: ids,
      startsAt: Date.UTC(2026, 10, 21, 5),
      pageSize: 2,
    });
    expect(
      events.map(({ source, region, detail }) => [source, region, detail.page, detail.totalPages]),
    ).toEqual([
      ['aws.health', worldSpec.region, '1', '2'],
      ['aws.health', worldSpec.region, '2', '2'],
    ]);
    const entities = events.flatMap(({ detail }) => detail.affectedEntities as { entityValue: string }[]);
    expect(entities.map(({ entityValue }) => entityValue)).toEqual(ids);
    expect(new Set(events.map(({ detail }) => detail.eventArn)).size).toBe(1);
    expect(events[0]?.detail).toMatchObject({
      startTime: 'Sat, 21 Nov 2026 05:00:00 GMT',
      statusCode: 'upcoming',
      communicationId: expect.stringMatching(/^[0-9a-f]{40}-1$/),
    });
  });
});
