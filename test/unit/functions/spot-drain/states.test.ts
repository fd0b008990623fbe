import { describe, expect, it } from '@jest/globals';
import { apiError } from '../../../fixtures/cluster-api.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

const NODE = {
  name: 'node-1',
  instanceId: instanceIdOf(1),
  pods: [{ name: 'web' }, { name: 'api' }, { name: 'proxy', owner: 'DaemonSet' as const }],
};
const spot = (action = 'terminate') =>
  eventOf('ec2-spot-interruption', { detail: { 'instance-action': action } });
const state = (name: string, time: string) =>
  eventOf('ec2-state-change', {
    id: `${name}-${time}`,
    time: `2026-11-20T${time}Z`,
    detail: { state: name },
  });
const SHUTTING_DOWN = state('shutting-down', '03:12:01');
const NOT_READY = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
const READY = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };

describe('an instance that goes', () => {
  it('closes the record and says how many pods were still there', async () => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(spot());
    await scene.intake(SHUTTING_DOWN);
    expect(scene.verdicts.at(-1)).toMatchObject({
      target: 'node/node-1',
      action: 'record',
      reason: 'instance-shutting-down',
      detail: { podsRemaining: 2, drainCutShort: true },
    });
    expect(await scene.record()).toMatchObject({ departed: { state: 'shutting-down' }, podsAtDeparture: 2 });
  });

  it('counts them once: when it is terminated the number is the same', async () => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(spot());
    await scene.intake(SHUTTING_DOWN);
    scene.cluster.calls.length = 0;
    await scene.intake(state('terminated', '03:12:02'));
    expect(scene.verdicts.at(-1)).toMatchObject({
      reason: 'instance-terminated',
      detail: { podsRemaining: 2 },
    });
    expect(scene.cluster.calls).toEqual([]);
  });

  it('after its drain needs no count', async () => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(spot());
    await scene.worker();
    scene.cluster.calls.length = 0;
    await scene.intake(SHUTTING_DOWN);
    expect(scene.verdicts.at(-1)).toMatchObject({
      reason: 'instance-shutting-down',
      detail: { podsRemaining: 0 },
    });
    expect(scene.cluster.calls).toEqual([]);
  });

  it('is closed without a number where the cluster does not answer', async () => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(spot());
    scene.cluster.fail = (verb) => (verb === 'list' ? apiError(503, 'ServiceUnavailable') : undefined);
    expect(await scene.intake(SHUTTING_DOWN)).toEqual([]);
    expect(scene.verdicts.at(-1)).toMatchObject({ action: 'record', reason: 'instance-shutting-down' });
    expect(scene.verdicts.at(-1)?.detail).not.toHaveProperty('podsRemaining');
  });

  it('says how it went where the node was left to Karpenter', async () => {
    const tags = { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'p' };
    const scene = createScene({ nodes: [NODE], instances: { 1: { tags } } });
    await scene.intake(spot());
    await scene.intake(SHUTTING_DOWN);
    expect(scene.verdicts.at(-1)).toMatchObject({ detail: { owner: 'karpenter', podsRemaining: 2 } });
  });

  it('changes nothing the second time, and is remembered where nothing was recorded yet', async () => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(SHUTTING_DOWN);
    await scene.intake(spot());
    await scene.intake(SHUTTING_DOWN);
    expect(scene.said()).toEqual([
      `instance/${instanceIdOf(1)} none nothing-recorded`,
      'node/node-1 cordon spot-interruption',
      'node/node-1 none duplicate-event',
    ]);
    expect(await scene.record()).toMatchObject({ departed: { state: 'shutting-down' } });
    expect(scene.orders).toEqual([]);
  });

  it('comes again where the table does not answer', async () => {
    const scene = createScene({ nodes: [NODE] });
    scene.store.write = async () => {
      throw new Error('table is gone');
    };
    expect(await scene.intake(SHUTTING_DOWN)).toEqual([0]);
    expect(scene.said()).toEqual([`instance/${instanceIdOf(1)} none record-failed`]);
  });
});

describe('an instance that comes back with our cordon', () => {
  /** Warned, drained, stopped at 03:14, in a scene whose clock shows 04:00. */
  const stopped = async (notice = spot('stop')) => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(notice);
    await scene.worker();
    scene.control.instances[1] = { state: 'stopped' };
    scene.cluster.put(NODE, NOT_READY);
    await scene.clock.sleep(120_000);
    await scene.intake(state('stopping', '03:14:00'), state('stopped', '03:14:02'));
    return scene;
  };
  const back = (scene: Awaited<ReturnType<typeof stopped>>, change: object = READY) => {
    scene.control.instances[1] = { state: 'running' };
    scene.cluster.put(NODE, change);
    return scene.intake(state('running', '03:14:04'));
  };

  it('is uncordoned once its node is Ready', async () => {
    const scene = await stopped();
    await back(scene);
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
    expect(scene.cluster.node('node-1')?.spec).toMatchObject({ taints: [] });
    expect(scene.cluster.node('node-1')?.spec).not.toHaveProperty('unschedulable');
    expect(scene.cluster.events.at(-1)).toMatchObject({ reason: 'SpotDrainUncordoned' });
    const record = await scene.record();
    expect(record).toMatchObject({ wanted: 'record' });
    expect(record).not.toHaveProperty('cordonedAt');
  });

  it('is not cordoned anew where the event of then is delivered again', async () => {
    const hook = eventOf('autoscaling-terminate-lifecycle');
    const scene = await stopped(hook);
    await back(scene);
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
    const patches = () => scene.cluster.calls.filter(({ verb }) => verb === 'patch').length;
    const before = patches();
    expect(await scene.intake(hook)).toEqual([]);
    expect(scene.said().at(-1)).toBe('node/node-1 none duplicate-event');
    expect([patches() - before, scene.cluster.node('node-1')?.spec?.unschedulable]).toEqual([0, undefined]);
  });

  it('is waited for until it is Ready', async () => {
    const scene = await stopped();
    await back(scene, NOT_READY);
    expect(scene.said().at(-1)).toBe('node/node-1 record instance-running');
    expect(scene.checks.at(-1)).toMatchObject({ delaySeconds: 20 });
    await scene.look();
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
    scene.cluster.put(NODE, READY);
    await scene.passUntil('2026-11-20T03:30:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
  });

  it('is found by a look, where nobody tells that it runs', async () => {
    const scene = await stopped();
    scene.control.instances[1] = { state: 'running' };
    scene.cluster.put(NODE, READY);
    await scene.passUntil('2026-11-20T03:40:00Z');
    expect(scene.said().slice(-2)).toEqual([
      'node/node-1 record instance-running',
      'node/node-1 uncordon instance-back',
    ]);
  });

  it('is looked for for a week, seldom, and by one message at a time', async () => {
    const scene = await stopped();
    await scene.passUntil('2026-11-29T00:00:00Z');
    expect(scene.looks).toEqual([]);
    const hours = 7 * 24;
    expect(scene.checks.length).toBeGreaterThan(hours);
    expect(scene.checks.length).toBeLessThan(hours * 4 + 10);
  });

  it('and is terminated instead is closed', async () => {
    const scene = await stopped();
    scene.control.instances[1] = null;
    await scene.passUntil('2026-11-20T04:00:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 record instance-terminated');
    expect(scene.looks).toEqual([]);
  });

  it.each<[string, (scene: Awaited<ReturnType<typeof stopped>>) => void, string]>([
    [
      'took our taint away',
      (scene) => scene.cluster.put(NODE, { spec: { providerID: 'x', unschedulable: true, taints: [] } }),
      'changed-by-others',
    ],
    [
      'cordoned it anew',
      (scene) =>
        scene.cluster.put(NODE, {
          metadata: {
            managedFields: [{ manager: 'kubectl-cordon', fieldsV1: { 'f:spec': { 'f:unschedulable': {} } } }],
          },
        }),
      'changed-by-others',
    ],
  ])('is left as it is where somebody %s', async (_, change, reason) => {
    const scene = await stopped();
    change(scene);
    await back(scene);
    expect(scene.said().at(-1)).toBe(`node/node-1 none ${reason}`);
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
    expect(await scene.record()).not.toHaveProperty('cordonedAt');
  });

  it('loses our taint where somebody has made it schedulable already', async () => {
    const scene = await stopped();
    const taints = scene.cluster.node('node-1')?.spec?.taints ?? [];
    scene.cluster.put(NODE, { spec: { providerID: 'x', taints } });
    await back(scene);
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
    expect(scene.cluster.node('node-1')?.spec?.taints).toEqual([]);
  });

  it('under another UID is another node, and is not touched', async () => {
    const scene = await stopped();
    scene.cluster.remove('node-1');
    scene.cluster.put({ ...NODE, uid: 'another', unschedulable: true });
    await back(scene);
    expect(scene.said().at(-1)).toBe('node/node-1 none node-gone');
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
  });

  it('is freed in act alone: in observe it is asked for again', async () => {
    const scene = await stopped();
    scene.control.mode = 'observe';
    await back(scene);
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
    scene.control.mode = 'act';
    await scene.passUntil('2026-11-20T04:00:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
  });

  it('is not forgotten by a cluster that does not answer', async () => {
    const scene = await stopped();
    scene.cluster.fail = () => apiError(503, 'ServiceUnavailable');
    expect(await back(scene)).toEqual([]);
    expect(scene.said().at(-1)).toBe('node/node-1 none look-failed');
    await scene.look();
    await scene.look();
    scene.cluster.fail = () => undefined;
    await scene.passUntil('2026-11-20T04:00:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
  });
});

describe('a hibernation', () => {
  it('leaves no time: the node is cordoned, and its pods go on when it is back', async () => {
    const scene = createScene({ nodes: [NODE] });
    await scene.intake(spot('hibernate'));
    expect(scene.said()).toEqual(['node/node-1 cordon hibernation-leaves-no-time']);
    expect(scene.orders).toEqual([]);
    scene.control.instances[1] = { state: 'stopped' };
    await scene.clock.sleep(120_000);
    await scene.intake(state('stopped', '03:12:30'));
    scene.control.instances[1] = { state: 'running' };
    await scene.intake(state('running', '03:14:01'));
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon instance-back');
    expect(scene.cluster.worlds.get('node-1')?.names()).toEqual(['web', 'api', 'proxy']);
  });
});
