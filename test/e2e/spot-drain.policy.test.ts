import { describe, expect, it } from '@jest/globals';
import { envelope, rebalanceRecommendation } from '../../infra/local/world/events.ts';
import type { Instance } from '../../infra/local/world/instances.ts';
import type { SelfManagedGroupSpec } from '../../infra/local/world/spec.ts';
import { watchRequests } from './support/drain-pods.ts';
import { taintAfterReads } from './support/meanwhile.ts';
import type { Scene } from './support/scene.ts';
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

const MINUTE = 60;
const isCordoned = (scene: Scene, instance: Instance) => nodeOf(scene, instance).spec.unschedulable === true;
const ourTaints = (scene: Scene, instance: Instance) =>
  (nodeOf(scene, instance).spec.taints ?? [])
    .map(({ key }) => key)
    .filter((key) => key.startsWith('eks-caretaker/'));
const wordsOn = (scene: Scene, { hostname }: Instance) =>
  scene.reasons({ target: `node/${hostname}` }).map((line) => line.replace(`node/${hostname} `, ''));
const rebalanceConfig = (action: string, ...lines: string[]) =>
  only('spotDrain', [`policy: { rebalance: { managed: ${action} } }`, ...lines]);

describe('a rebalance recommendation', () => {
  it('is recorded by default, and nothing else', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const { revision } = scene.kubernetes().objects;
    scene.account.world.rebalance(instance.id);
    await scene.account.settle();
    expect(wordsOn(scene, instance)).toEqual(['record: rebalance-recommendation']);
    expect(scene.kubernetes().objects.revision).toBe(revision);
  });

  it('cordons for a while where it is told to, and lets the node go by itself', async () => {
    const scene = await sceneWith({}, rebalanceConfig('cordon', 'rebalanceCordonMinutes: 20'));
    const instance = firstOf(scene);
    const pods = podsOn(scene, instance).map(({ metadata }) => metadata.uid);
    scene.account.world.rebalance(instance.id);
    await scene.pass(19 * MINUTE);
    expect([isCordoned(scene, instance), ourTaints(scene, instance)]).toEqual([
      true,
      ['eks-caretaker/rebalance'],
    ]);
    expect(await scene.items('drain#')).toMatchObject([
      { record: { cordon: { taints: ['eks-caretaker/rebalance'] }, notices: [{ want: 'cordon' }] } },
    ]);
    await scene.pass(2 * MINUTE);
    expect([isCordoned(scene, instance), ourTaints(scene, instance)]).toEqual([false, []]);
    expect(wordsOn(scene, instance)).toEqual(['cordon: rebalance', 'uncordon: cordon-expired']);
    expect(podsOn(scene, instance).map(({ metadata }) => metadata.uid)).toEqual(pods);
    await scene.account.settle();
    expect(scene.account.published.map((event) => event['detail-type'])).toEqual([
      'spot-drain/cordon',
      'spot-drain/uncordon',
    ]);
  });

  it('leaves a cordon alone that somebody has made theirs meanwhile', async () => {
    const scene = await sceneWith({}, rebalanceConfig('cordon', 'rebalanceCordonMinutes: 20'));
    const instance = firstOf(scene);
    scene.account.world.rebalance(instance.id);
    await scene.pass(5 * MINUTE);
    const node = nodeOf(scene, instance);
    const taints = (node.spec.taints ?? []).filter(({ key }) => key !== 'eks-caretaker/rebalance');
    scene.kubernetes().objects.update('nodes', { ...node, spec: { ...node.spec, taints } });
    await scene.pass(20 * MINUTE);
    expect(isCordoned(scene, instance)).toBe(true);
    expect(wordsOn(scene, instance)).toEqual(['cordon: rebalance', 'none: changed-by-others']);
  });

  it('drains once a replacement is Ready, and evicts nothing before', async () => {
    const scene = await sceneWith({}, rebalanceConfig('drain'));
    const instance = firstOf(scene);
    const { autoScaling } = scene.account.world;
    scene.account.world.rebalance(instance.id);
    await scene.pass(2 * MINUTE);
    expect(isCordoned(scene, instance)).toBe(true);
    expect(podsOn(scene, instance)).toHaveLength(1);
    autoScaling.resize(autoScaling.get(instance.groupName), { desired: 3 }, 'capacity was rebalanced.');
    await scene.pass(40);
    expect(podsOn(scene, instance)).toHaveLength(1);
    await scene.pass(2 * MINUTE);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(wordsOn(scene, instance)).toEqual([
      'cordon: rebalance',
      'record: replacement-ready',
      'drain: drained',
    ]);
    await scene.pass(60 * MINUTE);
    expect(wordsOn(scene, instance).at(-1)).toBe('uncordon: cordon-expired');
  });

  it('drains at once where no replacement is to be waited for', async () => {
    const scene = await sceneWith({}, rebalanceConfig('drain', 'rebalanceReplacementMinutes: 0'));
    const instance = firstOf(scene);
    scene.account.world.rebalance(instance.id);
    await scene.pass(30);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { evicted: 1 } });
  });

  describe('whose node is let go again', () => {
    const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';
    const drainAtOnce = rebalanceConfig(
      'drain',
      'rebalanceReplacementMinutes: 0',
      'rebalanceCordonMinutes: 20',
      'excludeFromLoadBalancers: true',
    );
    const drained = async (label?: string) => {
      const scene = await sceneWith({}, drainAtOnce);
      const instance = firstOf(scene);
      const node = nodeOf(scene, instance);
      if (label !== undefined) {
        const labels = { ...node.metadata.labels, [EXCLUDE]: label };
        scene.kubernetes().objects.update('nodes', { ...node, metadata: { ...node.metadata, labels } });
      }
      const { labels } = nodeOf(scene, instance).metadata;
      scene.account.world.rebalance(instance.id);
      await scene.pass(MINUTE);
      expect(podsOn(scene, instance)).toEqual([]);
      expect(nodeOf(scene, instance).metadata.labels).toEqual({ [EXCLUDE]: 'true', ...labels });
      return { scene, instance, labels };
    };

    it.each([
      ['goes back to its external load balancers, as it was before', undefined],
      ['stays out of them where somebody else had taken it out', 'by-hand'],
    ])('%s', async (_, label) => {
      const { scene, instance, labels } = await drained(label);
      await scene.pass(25 * MINUTE);
      expect(wordsOn(scene, instance).at(-1)).toBe('uncordon: cordon-expired');
      expect([isCordoned(scene, instance), ourTaints(scene, instance)]).toEqual([false, []]);
      const { metadata } = nodeOf(scene, instance);
      expect(metadata.labels).toEqual(labels);
      expect(
        Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('eks-caretaker/')),
      ).toEqual([]);
    });

    it('keeps the taint that somebody gives it between our look at it and the end of our cordon', async () => {
      const { scene, instance } = await drained();
      const requests = watchRequests(scene);
      const theirs = taintAfterReads(scene, instance);
      await scene.pass(25 * MINUTE);
      expect(nodeOf(scene, instance).spec.taints).toEqual([theirs()]);
      expect(requests.of('patch', 'nodes').map(({ code }) => code)).toEqual([409, 200]);
      expect(wordsOn(scene, instance).at(-1)).toBe('uncordon: cordon-expired');
      expect(isCordoned(scene, instance)).toBe(false);
    });
  });

  it('is done by each cluster as it is told', async () => {
    const scene = await startScene({
      config: only(
        'spotDrain',
        ['clusters: { dev: { policy: { rebalance: { managed: cordon } }, rebalanceCordonMinutes: 5 } }'],
        { clusters: ['dev', 'staging'] },
      ),
      spec: { clusters: ['dev', 'staging'].map((name) => clusterSpec({ name, nodeGroups: [nodeGroup()] })) },
    });
    const [dev, staging] = ['dev', 'staging'].map((name) => firstOf(scene, name));
    if (dev === undefined || staging === undefined) throw new Error('there are two');
    for (const { id } of [dev, staging]) scene.account.world.rebalance(id);
    await scene.pass(6 * MINUTE);
    expect(wordsOn(scene, staging)).toEqual(['record: rebalance-recommendation']);
    expect(wordsOn(scene, dev)).toEqual(['cordon: rebalance', 'uncordon: cordon-expired']);
  });

  it('in observe says what it would do, and does nothing', async () => {
    const config = only('spotDrain', ['policy: { rebalance: { managed: cordon } }'], { mode: 'observe' });
    const scene = await sceneWith({}, config);
    const instance = firstOf(scene);
    const { revision } = scene.kubernetes().objects;
    scene.account.world.rebalance(instance.id);
    await scene.pass(70 * MINUTE);
    expect(wordsOn(scene, instance)).toEqual(['cordon: rebalance']);
    expect(scene.kubernetes().objects.revision).toBe(revision);
  });
});

const poolScene = (provisioner: SelfManagedGroupSpec['provisioner'], config?: string) =>
  sceneWith(
    {
      nodeGroups: [nodeGroup({ name: 'rest', labels: { role: 'pool' }, desired: 1 })],
      selfManagedGroups: [
        selfManagedGroup({
          name: 'pool',
          ...(provisioner === undefined ? {} : { provisioner }),
          desired: 1,
          spot: true,
        }),
      ],
      workloads: [workload({ replicas: 2, nodeSelector: {} })],
    },
    config,
  );
const poolInstance = (scene: Scene): Instance => {
  const found = instancesOf(scene).find(({ groupName }) => groupName === 'pool');
  if (found === undefined) throw new Error('the pool has no instance');
  return found;
};

describe.each(['karpenter', 'auto-mode'] as const)('a node of %s', (kind) => {
  it('is left to it where it acts, and it is said how that went', async () => {
    const scene = await poolScene({ kind });
    const instance = poolInstance(scene);
    const left = podsOn(scene, instance).length;
    scene.account.world.interrupt(instance.id);
    await scene.pass(3 * MINUTE);
    await scene.account.settle();
    expect(wordsOn(scene, instance)).toEqual([
      `record: left-to-${kind}`,
      'record: owner-acts',
      'record: instance-shutting-down',
      'record: instance-terminated',
    ]);
    expect(scene.verdicts({ reason: 'instance-shutting-down' })[0]).toMatchObject({
      detail: { owner: kind, podsRemaining: left },
    });
    expect(scene.invocationsOf('spot-drain-worker')).toEqual([]);
    expect(scene.account.notifications).toEqual([]);
  });

  it('on which it does not act is cordoned and drained in time, and the missing queue is reported', async () => {
    const scene = await poolScene({ kind, hasQueue: false });
    const instance = poolInstance(scene);
    scene.account.world.interrupt(instance.id);
    await scene.pass(9);
    expect(isCordoned(scene, instance)).toBe(false);
    await scene.pass(MINUTE);
    expect(wordsOn(scene, instance)).toEqual([
      `record: left-to-${kind}`,
      'record: interruption-queue-missing',
      'cordon: spot-interruption',
      'drain: drained',
    ]);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(scene.account.notifications.map(({ subject }) => subject)).toContain(
      `staging: ${kind} did not act on 1 node(s) that AWS takes away`,
    );
  });
});

describe("Karpenter's node", () => {
  it('is ours at once where the policy says so', async () => {
    const config = only('spotDrain', ['policy: { spotInterruption: { karpenter: drain } }']);
    const scene = await poolScene({ kind: 'karpenter' }, config);
    const instance = poolInstance(scene);
    scene.account.world.interrupt(instance.id);
    await scene.pass(MINUTE);
    expect(wordsOn(scene, instance)).toEqual(['cordon: spot-interruption', 'drain: drained']);
  });
});

describe('a spot instance that is stopped', () => {
  it.each(['stop', 'hibernate'] as const)(
    '(%s) is uncordoned when it is back, Ready, as the same node',
    async (action) => {
      const scene = await poolScene(
        { kind: 'karpenter' },
        only('spotDrain', ['policy: { spotInterruption: { karpenter: drain } }']),
      );
      const instance = poolInstance(scene);
      const { uid } = nodeOf(scene, instance).metadata;
      scene.account.world.interrupt(instance.id, action);
      await scene.pass(10 * MINUTE);
      expect(instance.state).toBe('stopped');
      expect(isCordoned(scene, instance)).toBe(true);
      scene.account.world.instances.start(instance);
      await scene.pass(5 * MINUTE);
      expect(nodeOf(scene, instance).metadata.uid).toBe(uid);
      expect([isCordoned(scene, instance), ourTaints(scene, instance)]).toEqual([false, []]);
      expect(wordsOn(scene, instance).slice(-2)).toEqual([
        'record: instance-running',
        'uncordon: instance-back',
      ]);
      const first = action === 'stop' ? 'cordon: spot-interruption' : 'cordon: hibernation-leaves-no-time';
      expect(wordsOn(scene, instance)[0]).toBe(first);
    },
  );

  it('is warned again in its next life, and drained again', async () => {
    const scene = await poolScene(
      { kind: 'karpenter' },
      only('spotDrain', ['policy: { spotInterruption: { karpenter: drain } }']),
    );
    const instance = poolInstance(scene);
    scene.account.world.interrupt(instance.id, 'stop');
    await scene.pass(10 * MINUTE);
    scene.account.world.instances.start(instance);
    await scene.pass(5 * MINUTE);
    scene.account.putEvent(warning(scene, instance.id));
    await scene.pass(MINUTE);
    expect(wordsOn(scene, instance).filter((words) => words === 'drain: drained')).toHaveLength(2);
    expect(await scene.items('drain#staging')).toHaveLength(1);
  });

  it('is found although no event says that it runs', async () => {
    const scene = await poolScene(
      { kind: 'karpenter' },
      only('spotDrain', ['policy: { spotInterruption: { karpenter: drain } }']),
    );
    const instance = poolInstance(scene);
    scene.account.world.interrupt(instance.id, 'stop');
    await scene.pass(10 * MINUTE);
    // Best effort, as EventBridge says itself: the queue loses what comes in the next minutes.
    await scene.setModes({ global: 'off' });
    scene.account.world.instances.start(instance);
    await scene.pass(3 * MINUTE);
    await scene.setModes({});
    expect(isCordoned(scene, instance)).toBe(true);
    await scene.pass(40 * MINUTE);
    expect(isCordoned(scene, instance)).toBe(false);
    expect(wordsOn(scene, instance).at(-1)).toBe('uncordon: instance-back');
  });
});

describe('an instance that was never warned of', () => {
  it('and goes leaves nothing behind but a verdict', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    scene.account.world.instances.shutDown(instance, {
      code: 'Client.UserInitiatedShutdown',
      message: 'by hand',
    });
    await scene.pass(2 * MINUTE);
    expect(scene.reasons({ target: `instance/${instance.id}` })).toEqual(
      Array(2).fill(`instance/${instance.id} none: nothing-recorded`),
    );
    expect(await scene.items('drain#')).toEqual([]);
  });

  it('and had a recommendation says how many pods went down with it', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const pods = podsOn(scene, instance).length;
    scene.account.putEvent(
      envelope(rebalanceRecommendation(instance.id, 'eu-central-1a'), { ...placeOf(scene), id: 'r' }),
    );
    await scene.account.settle();
    scene.account.world.instances.shutDown(instance, {
      code: 'Client.UserInitiatedShutdown',
      message: 'by hand',
    });
    await scene.pass(10);
    expect(scene.verdicts({ reason: 'instance-shutting-down' })).toMatchObject([
      { detail: { podsRemaining: pods } },
    ]);
    expect(drainVerdict(scene, instance)).toBeUndefined();
  });
});
