import { expect, it } from '@jest/globals';
import { createNodeEvent, createPodEvent } from '../../../../shared/kubernetes/events.ts';
import { createTestCluster } from '../../../fixtures/cluster-api.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';

it('writes an event on a node into the namespace default, cut to what the API server takes', async () => {
  const api = createTestCluster(createFakeClock(), { nodes: [] });
  await createNodeEvent(
    api,
    {
      node: { name: 'ip-10-0-1-2.ec2.internal', uid: 'uid' },
      type: 'Warning',
      reason: 'SpotDrainBlocked',
      message: 'm'.repeat(2000),
    },
    { component: 'eks-caretaker-spot-drain-worker', now: Date.parse('2026-11-20T03:12:00Z') },
  );
  expect(api.events).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'ip-10-0-1-2.ec2.internal.1a1f6f08400.spotdrainblocked', namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'ip-10-0-1-2.ec2.internal', uid: 'uid' },
      type: 'Warning',
      reason: 'SpotDrainBlocked',
      message: 'm'.repeat(1024),
      source: { component: 'eks-caretaker-spot-drain-worker' },
      firstTimestamp: '2026-11-20T03:12:00.000Z',
      lastTimestamp: '2026-11-20T03:12:00.000Z',
      count: 1,
    },
  ]);
});

it('writes an event on a pod into its namespace, with a name that is no longer than names may be', async () => {
  const api = createTestCluster(createFakeClock(), { nodes: [] });
  const name = 'p'.repeat(253);
  await createPodEvent(
    api,
    {
      pod: { namespace: 'shop', name, uid: 'uid-p' },
      type: 'Normal',
      reason: 'SpotDrainEvicted',
      message: 'moved',
    },
    { component: 'eks-caretaker-spot-drain-worker', now: Date.parse('2026-11-20T03:12:00Z') },
  );
  const suffix = '.1a1f6f08400.spotdrainevicted';
  expect(api.events).toMatchObject([
    {
      metadata: { name: `${'p'.repeat(253 - suffix.length)}${suffix}`, namespace: 'shop' },
      involvedObject: { kind: 'Pod', namespace: 'shop', name, uid: 'uid-p' },
      reason: 'SpotDrainEvicted',
    },
  ]);
});
