import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { expect } from '@jest/globals';
import type { DrainRecord } from '../../../functions/spot-drain/decide/record.ts';
import type { KillPoint } from '../../../infra/local/runtime/messages.ts';
import type { Instance } from '../../../infra/local/world/instances.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import { adminClient } from './invoke.ts';
import type { Scene } from './scene.ts';
import { workload } from './specs.ts';
import { instancesOf, nodeOf, podsOn, sceneWith, warning } from './spot-drain.ts';

/** One drain after the other in one account, each with a kill somewhere, and all as it was before the next. */
export interface Arena {
  readonly scene: Scene;
  /** Warns one of the two nodes, with every pod on it, and lets everything come to rest. */
  drain(kill?: { entryId: string; point: KillPoint }): Promise<Drained>;
}

export interface Drained {
  /** Did the kill hit? */
  readonly killed: boolean;
  readonly secondsToEnd: number;
}

const TAINT = 'eks-caretaker/spot-interruption';

const removeItems = async (scene: Scene): Promise<void> => {
  const { admin, deployment } = scene.account;
  const client = new DynamoDBClient(adminClient(admin));
  try {
    for (const { pk, sk } of await scene.items('')) {
      await client.send(
        new DeleteItemCommand({ TableName: deployment.names.table, Key: marshall({ pk, sk }) }),
      );
    }
  } finally {
    client.destroy();
  }
};

/** As if nothing had ever happened to the node. */
const restore = (scene: Scene, instance: Instance): void => {
  const { objects } = scene.kubernetes();
  const node = nodeOf(scene, instance);
  const { annotations: _ours, ...metadata } = node.metadata;
  const { unschedulable: _cordon, taints: _taints, ...spec } = node.spec ?? {};
  objects.update('nodes', { ...node, metadata, spec });
};

export const startArena = async (): Promise<Arena> => {
  const scene = await sceneWith({ workloads: [workload({ replicas: 2, stopSeconds: 1 })] });
  const evictions: { name: string; code: number; verb: string }[] = [];
  scene.kubernetes().onRequest(({ verb, resource, name, code }) => {
    if (resource === 'pods/eviction' || (resource === 'pods' && verb === 'delete')) {
      evictions.push({ name, code, verb });
    }
  });
  const [first, second] = instancesOf(scene);
  if (first === undefined || second === undefined) throw new Error('two instances have to run');
  // Both pods on the first node: the second is closed for a moment.
  const turns = [first, second];

  const gather = async (from: Instance): Promise<void> => {
    const { objects } = scene.kubernetes();
    const node = nodeOf(scene, from);
    objects.update('nodes', { ...node, spec: { ...node.spec, unschedulable: true } });
    for (const { metadata } of podsOn(scene, from)) {
      objects.remove('pods', metadata.namespace, metadata.name);
    }
    await scene.pass(5);
    restore(scene, from);
  };
  await gather(second);

  const check = async (
    instance: Instance,
    before: { pods: readonly string[]; notifications: number; startedAt: number },
  ): Promise<number> => {
    expect(podsOn(scene, instance)).toEqual([]);
    const taints = nodeOf(scene, instance).spec?.taints ?? [];
    expect(taints).toContainEqual({ key: TAINT, effect: 'NoSchedule' });
    const accepted = evictions.filter(({ code }) => code === 200 || code === 201).map(({ name }) => name);
    expect([...accepted].sort()).toEqual([...before.pods].sort());
    const [item] = await scene
      .items('drain#')
      .then((items) => items.filter(({ record }) => record !== undefined));
    const record = item?.record as DrainRecord;
    expect(record).toMatchObject({
      outcome: { reason: 'drained', evicted: before.pods.length, deleted: 0, remaining: 0, blocked: [] },
    });
    expect(record).not.toHaveProperty('outcome.untold');
    expect(record).not.toHaveProperty('worker');
    expect(record).not.toHaveProperty('drain');
    const told = scene.account.notifications.slice(before.notifications).map(({ subject }) => subject);
    expect(new Set(told)).toEqual(new Set([`staging: node ${instance.hostname} drained`]));
    // Told again only where nobody can know whether it was.
    expect(told.length).toBeLessThanOrEqual(2);
    const journal = (await scene.items('journal#')).flatMap(({ verdicts }) => verdicts as Verdict[]);
    expect(journal.map(({ reason }) => reason)).toContain('drained');
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
    return ((record.outcome?.at ?? 0) - before.startedAt) / 1000;
  };

  return {
    scene,
    drain: async (kill) => {
      const [from, to] = turns;
      if (from === undefined || to === undefined) throw new Error('there are two turns');
      turns.reverse();
      const pods = podsOn(scene, from).map(({ metadata }) => metadata.name);
      expect(pods).toHaveLength(2);
      evictions.length = 0;
      const notifications = scene.account.notifications.length;
      const startedAt = scene.account.clock.now();
      const ends = scene.account.invocations.length;
      if (kill !== undefined) scene.account.killAt(kill.entryId, kill.point);
      scene.account.putEvent(warning(scene, from.id));
      await scene.account.settle();
      const killed = scene.account.invocations
        .slice(ends)
        .some(({ error }) => error?.errorType === 'Runtime.ExitError');
      const secondsToEnd = await check(from, { pods, notifications, startedAt });
      await removeItems(scene);
      restore(scene, from);
      await scene.pass(5);
      return { killed, secondsToEnd };
    },
  };
};
