import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../functions/spot-drain/config.ts';
import { apiError } from '../../../fixtures/cluster-api.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

const nodeOf = (number: number) => ({
  name: `node-${number}`,
  instanceId: instanceIdOf(number),
  pods: [{ name: `web-${number}` }],
});
const rebalance = (instance = 1) => eventOf('ec2-rebalance-recommendation', { instance });
const spot = (instance = 1, time = '2026-11-20T03:12:00Z') =>
  eventOf('ec2-spot-interruption', { instance, time });

const sceneWith = (action: 'cordon' | 'drain', options: { nodes?: number[]; section?: object } = {}) =>
  createScene({
    nodes: (options.nodes ?? [1]).map(nodeOf),
    section: spotDrainSchema.parse({ policy: { rebalance: { managed: action } }, ...options.section }),
  });
type Scene = ReturnType<typeof sceneWith>;
const isCordoned = (scene: Scene, name = 'node-1') => scene.cluster.node(name)?.spec?.unschedulable === true;
/** Another node of the group registers, in the scene's time. */
const addNode = (scene: Scene, number: number, change: object = {}) =>
  scene.cluster.put(nodeOf(number), {
    metadata: {
      name: `node-${number}`,
      uid: `uid-node-${number}`,
      creationTimestamp: new Date(scene.clock.now()),
    },
    ...change,
  });

describe('a rebalance recommendation that asks for a cordon', () => {
  it('cordons the node, moves nothing, and lets it go after an hour', async () => {
    const scene = sceneWith('cordon');
    await scene.intake(rebalance());
    expect(scene.said()).toEqual(['node/node-1 cordon rebalance']);
    expect(scene.verdicts[0]).toMatchObject({ detail: { expiresAt: '2026-11-20T04:12:00.000Z' } });
    expect(scene.cluster.node('node-1')?.spec?.taints).toEqual([
      { key: 'eks-caretaker/rebalance', effect: 'NoSchedule' },
    ]);
    await scene.passUntil('2026-11-20T04:11:59Z');
    expect(isCordoned(scene)).toBe(true);
    await scene.passUntil('2026-11-20T04:12:30Z');
    expect(isCordoned(scene)).toBe(false);
    expect(scene.said().slice(1)).toEqual(['node/node-1 uncordon cordon-expired']);
    expect(scene.orders).toEqual([]);
    expect(scene.looks).toEqual([]);
    expect(Math.max(...scene.checks.map(({ delaySeconds }) => delaySeconds))).toBe(900);
  });

  it('that is told twice keeps one look under way', async () => {
    const scene = sceneWith('cordon');
    await scene.intake(rebalance());
    await scene.intake(rebalance());
    await scene.intake(eventOf('ec2-rebalance-recommendation', { id: 'another' }));
    expect(scene.looks).toHaveLength(1);
  });

  it('is followed by a spot warning: the cordon stays, and the pods go', async () => {
    const scene = sceneWith('cordon');
    await scene.intake(rebalance());
    await scene.clock.sleep(600_000);
    await scene.intake(spot(1, '2026-11-20T03:22:00Z'));
    await scene.passUntil('2026-11-20T05:00:00Z');
    expect(scene.said()).toEqual([
      'node/node-1 cordon rebalance',
      'node/node-1 cordon spot-interruption',
      'node/node-1 drain drained',
    ]);
    expect(isCordoned(scene)).toBe(true);
    expect(await scene.record()).toMatchObject({
      cordon: { taints: ['eks-caretaker/rebalance', 'eks-caretaker/spot-interruption'] },
    });
  });

  it('is tried again where the patch fails, and never said to be done', async () => {
    const scene = sceneWith('cordon');
    let failures = 6;
    scene.cluster.fail = (verb) =>
      verb === 'patch' && failures-- > 0 ? apiError(500, 'InternalError') : undefined;
    await scene.intake(rebalance());
    expect(scene.said()).toEqual(['node/node-1 none cordon-failed']);
    expect(await scene.record()).not.toHaveProperty('cordonedAt');
    await scene.look();
    expect(scene.said().at(-1)).toBe('node/node-1 cordon rebalance');
    expect(await scene.record()).toHaveProperty('cordonedAt');
  });

  it('in observe is said and not done', async () => {
    const scene = sceneWith('cordon');
    scene.control.mode = 'observe';
    await scene.intake(rebalance());
    await scene.passUntil('2026-11-20T05:00:00Z');
    expect(scene.said()).toEqual(['node/node-1 cordon rebalance']);
    expect(isCordoned(scene)).toBe(false);
  });

  it('is undone although everything was off in between', async () => {
    const scene = sceneWith('cordon');
    await scene.intake(rebalance());
    scene.control.mode = 'off';
    await scene.passUntil('2026-11-20T06:00:00Z');
    expect(isCordoned(scene)).toBe(true);
    scene.control.mode = 'act';
    await scene.passUntil('2026-11-20T06:30:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon cordon-expired');
  });

  it('does not touch the cordon of somebody who was there before', async () => {
    const scene = sceneWith('cordon');
    scene.cluster.put(nodeOf(1), {
      spec: { providerID: `aws:///a/${instanceIdOf(1)}`, unschedulable: true },
    });
    await scene.intake(rebalance());
    await scene.passUntil('2026-11-20T05:00:00Z');
    expect(scene.cluster.node('node-1')?.spec).toMatchObject({ unschedulable: true, taints: [] });
  });
});

describe('a rebalance recommendation that asks for a drain', () => {
  it('of many nodes costs one list of the nodes a look, and one look at EC2 for those that are new', async () => {
    const scene = sceneWith('drain', { nodes: [1, 2, 3, 4] });
    await scene.intake(...[1, 2, 3, 4].map((number) => rebalance(number)));
    addNode(scene, 7, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    const lists = () =>
      scene.cluster.calls.filter(({ verb, plural }) => verb === 'list' && plural === 'nodes');
    const before = { lists: lists().length, describes: scene.describes.length };
    await scene.look();
    expect(lists().length - before.lists).toBe(1);
    expect(scene.describes.slice(before.describes)).toEqual([[instanceIdOf(7)]]);
    expect(scene.said().filter((line) => line.endsWith('replacement-ready'))).toHaveLength(1);
  });

  it('waits for a replacement, then drains without hurry', async () => {
    const scene = sceneWith('drain');
    await scene.intake(rebalance());
    expect(scene.said()).toEqual(['node/node-1 cordon rebalance']);
    await scene.passUntil('2026-11-20T03:14:00Z');
    addNode(scene, 7, { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    await scene.passUntil('2026-11-20T03:15:00Z');
    expect(scene.cluster.worlds.get('node-1')?.names()).toEqual(['web-1']);
    addNode(scene, 7, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    await scene.passUntil('2026-11-20T03:17:00Z');
    expect(scene.said().slice(1)).toEqual([
      'node/node-1 record replacement-ready',
      'node/node-1 drain drained',
    ]);
    await scene.passUntil('2026-11-20T04:30:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon cordon-expired');
  });

  it('needs a replacement for each node', async () => {
    const scene = sceneWith('drain', { nodes: [1, 2] });
    await scene.intake(rebalance(1), rebalance(2));
    await scene.passUntil('2026-11-20T03:13:00Z');
    addNode(scene, 7);
    await scene.passUntil('2026-11-20T03:15:00Z');
    expect(scene.verdicts.filter(({ reason }) => reason === 'replacement-ready')).toHaveLength(1);
    addNode(scene, 8);
    await scene.passUntil('2026-11-20T03:17:00Z');
    expect(scene.verdicts.filter(({ reason }) => reason === 'drained')).toHaveLength(2);
  });

  it.each<[string, (scene: Scene) => void]>([
    ['older', () => {}],
    [
      'cordoned',
      (scene) => addNode(scene, 7, { spec: { providerID: `x/${instanceIdOf(7)}`, unschedulable: true } }),
    ],
    [
      'of another group',
      (scene) => {
        scene.control.instances[7] = {
          tags: { 'eks:cluster-name': 'staging', 'eks:nodegroup-name': 'other' },
        };
        addNode(scene, 7);
      },
    ],
  ])(
    'does not take a node that is %s for one; after a quarter of an hour it stays with the cordon',
    async (_, add) => {
      const scene = sceneWith('drain', { nodes: [1, 3] });
      await scene.intake(rebalance());
      add(scene);
      await scene.passUntil('2026-11-20T04:30:00Z');
      expect(scene.said()).toEqual(['node/node-1 cordon rebalance', 'node/node-1 uncordon cordon-expired']);
      expect(scene.cluster.worlds.get('node-1')?.names()).toEqual(['web-1']);
    },
  );

  it('takes no newcomer for the replacement of a node that is of no group', async () => {
    const alone = { tags: { 'kubernetes.io/cluster/staging': 'owned' } };
    const scene = createScene({
      nodes: [nodeOf(1)],
      section: spotDrainSchema.parse({ policy: { rebalance: { selfManaged: 'drain' } } }),
      instances: { 1: alone, 7: alone },
    });
    await scene.intake(rebalance());
    addNode(scene, 7);
    await scene.passUntil('2026-11-20T03:40:00Z');
    expect(scene.said()).toEqual(['node/node-1 cordon rebalance']);
    expect(scene.cluster.worlds.get('node-1')?.names()).toEqual(['web-1']);
  });

  it('does not wait where it is told not to', async () => {
    const scene = sceneWith('drain', { section: { rebalanceReplacementMinutes: 0 } });
    await scene.intake(rebalance());
    await scene.worker();
    expect(scene.said()).toEqual([
      'node/node-1 cordon rebalance',
      'node/node-1 record lead-time-reached',
      'node/node-1 drain drained',
    ]);
  });

  it('deletes nothing past a budget: nothing is taken away at its end', async () => {
    const scene = createScene({
      nodes: [{ ...nodeOf(1), pods: [{ name: 'cart', budget: 'cart' }] }],
      section: spotDrainSchema.parse({
        policy: { rebalance: { managed: 'drain' } },
        rebalanceReplacementMinutes: 0,
        unhurriedDrainMinutes: 10,
      }),
    });
    await scene.intake(rebalance());
    await scene.passUntil('2026-11-20T03:40:00Z');
    expect(scene.verdicts.at(-1)).toMatchObject({
      reason: 'budget-blocked',
      detail: {
        deleted: 0,
        remaining: ['shop/cart'],
        deadlineAt: expect.stringMatching(/^2026-11-20T03:22:02/),
      },
    });
  });

  it('is hurried by a spot warning', async () => {
    const scene = sceneWith('drain', { section: { rebalanceReplacementMinutes: 60 } });
    await scene.intake(rebalance());
    await scene.intake(spot());
    await scene.passUntil('2026-11-20T03:20:00Z');
    expect(scene.said()).toEqual([
      'node/node-1 cordon rebalance',
      'node/node-1 cordon spot-interruption',
      'node/node-1 drain drained',
    ]);
  });
});
