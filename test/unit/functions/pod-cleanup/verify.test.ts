import { describe, expect, it } from '@jest/globals';
import { runVerify } from '../../../../functions/pod-cleanup/verify.ts';
import type { InstanceFacts } from '../../../../shared/aws/ec2.ts';
import { ClusterUnreachableError } from '../../../../shared/core/errors.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';
import type { FakeClusterOptions } from './fake-cluster.ts';
import { apiError, createFakeCluster } from './fake-cluster.ts';
import { configOf, podOf, terminated } from './support.ts';

const ID = 'i-0123456789abcdef0';
const NODE = 'ip-10-0-1-2.ec2.internal'; // where the fixture's pods are
const node = { name: NODE, providerId: `aws:///eu-central-1a/${ID}` };
const ours: InstanceFacts = {
  id: ID,
  state: 'terminated',
  privateDnsName: '',
  tags: { 'eks:cluster-name': 'staging' },
};

const verify = async (
  options: FakeClusterOptions,
  scene: { instance?: InstanceFacts | undefined; mode?: Mode; unreachable?: boolean; section?: object } = {},
) => {
  const clock = createFakeClock();
  const call = createTestCall({ automation: 'pod-cleanup', clock, store: createMemoryStore(clock) });
  const cluster = createFakeCluster(options);
  const config = configOf({ podCleanup: scene.section ?? {} });
  const instance = 'instance' in scene ? scene.instance : ours;
  await runVerify(
    {
      config,
      section: config.podCleanup,
      clock,
      instances: { describe: async () => new Map(instance === undefined ? [] : [[ID, instance]]) },
      clusters: {
        connect: async () => {
          if (scene.unreachable === true) throw new ClusterUnreachableError('staging', 'no address');
          return cluster.api;
        },
      },
      readMode: async () => scene.mode ?? 'act',
    },
    { instanceId: ID },
    call,
  );
  return { call, cluster, verdicts: call.verdicts };
};

describe('a terminated instance', () => {
  it.each<[string, InstanceFacts | undefined, string]>([
    ['that EC2 does not know', undefined, 'instance-unknown'],
    ['of no configured cluster', { ...ours, tags: { 'eks:cluster-name': 'other' } }, 'not-a-node'],
    ['of no cluster at all', { ...ours, tags: { Name: 'ci' } }, 'not-a-node'],
  ])('%s is named, and no cluster is asked', async (_what, instance, reason) => {
    const { verdicts, cluster } = await verify({}, { instance });
    expect(verdicts).toMatchObject([{ target: `instance/${ID}`, action: 'none', reason }]);
    expect(cluster.requests).toEqual([]);
  });

  it('of a cluster that is off is left alone', async () => {
    const { verdicts, cluster } = await verify({ nodes: [node] }, { mode: 'off' });
    expect(verdicts).toMatchObject([{ cluster: 'staging', reason: 'mode-off' }]);
    expect(cluster.requests).toEqual([]);
  });

  it('whose Node is gone needs nothing: PodGC deletes its pods', async () => {
    const { verdicts, cluster } = await verify({ nodes: [{ name: 'another', providerId: 'aws:///x/i-1' }] });
    expect(verdicts).toMatchObject([{ cluster: 'staging', target: `instance/${ID}`, reason: 'node-gone' }]);
    expect(cluster.requests).toEqual(['list nodes']);
  });

  it('whose Node is still there left something behind: it says what the tick would do, and does nothing', async () => {
    const elsewhere = podOf({ ...terminated, name: 'x' });
    const { verdicts, cluster } = await verify({
      nodes: [{ name: 'another', providerId: 'aws:///x/i-1' }, node],
      namespaces: { web: { 'eks-caretaker/keep-failed-pods': 'true' } },
      pods: [
        podOf({ ...terminated, name: 'a' }),
        podOf({ ...terminated, name: 'b' }),
        podOf({ ...terminated, name: 'c', namespace: 'web' }),
        podOf({ name: 'd', exitCodes: [1] }),
        { ...elsewhere, spec: { containers: [], nodeName: 'another' } },
      ],
    });
    expect(verdicts).toMatchObject([
      {
        cluster: 'staging',
        target: `node/${NODE}`,
        action: 'none',
        reason: 'left-behind',
        mode: 'act',
        detail: {
          failedPods: 4,
          wouldDelete: 2,
          kept: 2,
          reasons: { terminated: 2, 'namespace-opted-out': 1, 'not-a-shutdown': 1 },
        },
      },
    ]);
    expect(cluster.deletes).toEqual([]);
    expect(cluster.names()).toHaveLength(5);
    expect(cluster.lists).toMatchObject([{ fieldSelector: `status.phase=Failed,spec.nodeName=${NODE}` }]);
  });

  it('whose Node is still there may have left nothing behind', async () => {
    const { verdicts } = await verify({ nodes: [node] });
    expect(verdicts).toMatchObject([{ target: `node/${NODE}`, reason: 'nothing-left-behind' }]);
  });

  it.each<[string, FakeClusterOptions, boolean, string, string]>([
    ['cannot be reached', {}, true, 'cluster/staging', 'cluster-unreachable'],
    [
      'forbids nodes',
      { failures: { 'list nodes': apiError(403, 'Forbidden') } },
      false,
      `instance/${ID}`,
      'missing-right',
    ],
    [
      // There is no next run for it.
      'asks to slow down',
      { failures: { 'list nodes': apiError(429, 'TooManyRequests') } },
      false,
      `instance/${ID}`,
      'server-busy',
    ],
    [
      'answers 500',
      { failures: { 'list nodes': apiError(500, 'InternalError') } },
      false,
      `instance/${ID}`,
      'cluster-unreachable',
    ],
  ])(
    'of a cluster that %s fails, so that it is tried again',
    async (_what, options, unreachable, target, reason) => {
      const { call, verdicts } = await verify(options, { unreachable });
      expect(verdicts).toMatchObject([{ target, reason }]);
      expect(call.failures).toHaveLength(1);
    },
  );
});
