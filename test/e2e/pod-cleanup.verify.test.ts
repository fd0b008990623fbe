import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../infra/local/world/events.ts';
import { envelope, instanceStateChange } from '../../infra/local/world/events.ts';
import { leftBehind, podsOf, sceneWith } from './support/pod-cleanup.ts';
import { withoutVerb } from './support/rights.ts';
import type { Scene } from './support/scene.ts';
import { only, useScenes } from './support/scene.ts';
import { failedPod } from './support/specs.ts';
import { firstOf, placeOf } from './support/spot-drain.ts';

useScenes();

const put = (scene: Scene, event: NewEvent) =>
  scene.account.putEvent(envelope(event, { ...placeOf(scene), id: randomUUID() }));

const stateChange = (instanceId: string, state: string): NewEvent =>
  instanceStateChange(instanceId, `arn:aws:ec2:eu-central-1:111122223333:instance/${instanceId}`, state);

/** All pods lie on the node of the first instance. */
const sceneOnOneNode = async (lines: readonly string[] = []) => {
  const scene = await sceneWith(
    [...leftBehind(3), failedPod({ name: 'young', failedMinutesAgo: 1 })],
    only('podCleanup', lines),
  );
  const instance = firstOf(scene);
  const { objects } = scene.kubernetes();
  for (const pod of objects.list('pods', { filter: ({ status }) => status?.phase === 'Failed' })) {
    objects.update('pods', { ...pod, spec: { ...pod.spec, nodeName: instance.hostname } });
  }
  return { scene, instance };
};

describe('a node that is terminated', () => {
  it('and whose Node is still there: what is left behind is told, and nothing is deleted', async () => {
    const { scene, instance } = await sceneOnOneNode();
    const { revision } = scene.kubernetes().objects;
    put(scene, stateChange(instance.id, 'terminated'));
    await scene.account.settle();
    expect(scene.verdicts()).toMatchObject([
      {
        automation: 'pod-cleanup',
        cluster: 'staging',
        target: `node/${instance.hostname}`,
        action: 'none',
        reason: 'left-behind',
        detail: { failedPods: 4, wouldDelete: 3, kept: 1, reasons: { terminated: 3, 'too-young': 1 } },
      },
    ]);
    expect(scene.kubernetes().objects.revision).toBe(revision);
    expect(await scene.items('journal#pod-cleanup#2026-11-20')).toHaveLength(1);
  });

  it('for real: its pods go by themselves, or the tick has them; the event alone deletes none', async () => {
    const { scene, instance } = await sceneOnOneNode();
    const deletes: string[] = [];
    scene.kubernetes().objects.watch(({ type, resource, object }) => {
      if (resource === 'pods' && type === 'DELETED') deletes.push(object.metadata.name);
    });
    scene.account.world.interrupt(instance.id);
    await scene.pass(15 * 60);
    await scene.account.settle();
    const said = scene.verdicts().filter(({ reason }) => /node-gone|left-behind/.test(reason));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ cluster: 'staging', action: 'none' });
    expect(scene.invocationsOf('pod-cleanup-verify').every(({ ok }) => ok)).toBe(true);
    expect(scene.invocationsOf('pod-cleanup')).toEqual([]);
  });

  it.each([
    ['an instance of nobody', 'i-0fedcba9876543210', 'instance-unknown'],
    ['an instance of a cluster that is not configured', undefined, 'not-a-node'],
  ])('%s is none of ours', async (_what, id, reason) => {
    const { scene, instance } = await sceneOnOneNode();
    if (id === undefined) {
      for (const key of instance.tags.keys())
        if (key.startsWith('kubernetes.io/cluster/')) instance.tags.delete(key);
      instance.tags.set('eks:cluster-name', 'another');
    }
    put(scene, stateChange(id ?? instance.id, 'terminated'));
    await scene.account.settle();
    expect(scene.reasons()).toEqual([`instance/${id ?? instance.id} none: ${reason}`]);
  });

  it.each(['running', 'stopping', 'stopped', 'shutting-down'])('is not one that is %s', async (state) => {
    const { scene, instance } = await sceneOnOneNode();
    put(scene, stateChange(instance.id, state));
    await scene.account.settle();
    expect(scene.account.invocations).toEqual([]);
  });

  it('is not looked at where that is off', async () => {
    const { scene, instance } = await sceneOnOneNode(['verifyGoneNodes: false']);
    put(scene, stateChange(instance.id, 'terminated'));
    await scene.account.settle();
    expect(scene.account.invocations).toEqual([]);
    expect(podsOf(scene)).toHaveLength(4);
  });
});

describe('rights', () => {
  it('to delete are not among those of the function that looks', async () => {
    const { scene } = await sceneOnOneNode();
    const role = scene
      .kubernetes()
      .objects.get('clusterroles', undefined, 'eks-caretaker:pod-cleanup-verify');
    expect(role?.rules).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['list'] },
    ]);
  });

  it.each(['nodes', 'pods', 'namespaces'])(
    'to list %s are named where they are missing, and it is tried again',
    async (resource) => {
      const { scene, instance } = await sceneOnOneNode();
      withoutVerb(scene, { entryId: 'pod-cleanup-verify', resource, verb: 'list' });
      put(scene, stateChange(instance.id, 'terminated'));
      await scene.account.settle();
      expect(scene.verdicts()[0]).toMatchObject({
        reason: 'missing-right',
        detail: { verb: 'list', resource },
      });
      expect(scene.invocationsOf('pod-cleanup-verify').map(({ ok }) => ok)).toEqual([false, false, false]);
    },
  );
});

describe('EC2 that does not answer', () => {
  it('is asked again by the next attempt', async () => {
    const { scene, instance } = await sceneOnOneNode();
    scene.account.failNext('ec2', 'DescribeInstances', { code: 'InternalFailure', status: 500 }, 3);
    put(scene, stateChange(instance.id, 'terminated'));
    await scene.account.settle();
    expect(scene.reasons()).toEqual([`node/${instance.hostname} none: left-behind`]);
    expect(scene.invocationsOf('pod-cleanup-verify').map(({ ok }) => ok)).toEqual([false, true]);
  });
});
