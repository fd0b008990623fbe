import { describe, expect, it } from '@jest/globals';
import type { PlannedChange } from '../../infra/local/world/events.ts';
import type { Instance } from '../../infra/local/world/instances.ts';
import type { Scene } from './support/scene.ts';
import { only, useScenes } from './support/scene.ts';
import { nodeGroup, START, workload } from './support/specs.ts';
import {
  drainVerdict,
  firstOf,
  instancesOf,
  nodeOf,
  podsOn,
  SPOT_DRAIN,
  sceneWith,
} from './support/spot-drain.ts';

useScenes();

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const isCordoned = (scene: Scene, instance: Instance) => nodeOf(scene, instance).spec.unschedulable === true;
const wordsOn = (scene: Scene, { hostname }: Instance) =>
  scene.reasons({ target: `node/${hostname}` }).map((line) => line.replace(`node/${hostname} `, ''));
const plan = (scene: Scene, change: Partial<PlannedChange> & Pick<PlannedChange, 'instanceIds'>) =>
  scene.account.world.planChange({
    eventId: 'e1',
    code: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED',
    startsAt: START + 4 * HOUR * 1000,
    endsAt: START + 6 * HOUR * 1000,
    ...change,
  });
const RETIREMENT = {
  code: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
  startsAt: START + 14 * 24 * HOUR * 1000,
  endsAt: START + 14 * 24 * HOUR * 1000,
};

describe('a retirement that AWS Health announces weeks ahead', () => {
  it('drains every instance on every page, one of a group at a time', async () => {
    const scene = await sceneWith({
      nodeGroups: [
        nodeGroup({ desired: 3, max: 6 }),
        nodeGroup({ name: 'rest', labels: { role: 'spot' }, desired: 2, spot: false }),
      ],
      workloads: [workload({ replicas: 6 })],
    });
    const doomed = instancesOf(scene).filter(({ spot }) => spot);
    expect(doomed).toHaveLength(3);
    const others = instancesOf(scene).filter(({ spot }) => !spot);
    plan(scene, { ...RETIREMENT, instanceIds: doomed.map(({ id }) => id), pageSize: 2 });
    await scene.pass(20);
    expect(doomed.filter((instance) => isCordoned(scene, instance))).toHaveLength(1);
    await scene.pass(10 * MINUTE);
    for (const instance of doomed) {
      expect(podsOn(scene, instance)).toEqual([]);
      expect(drainVerdict(scene, instance)).toMatchObject({ reason: 'drained', detail: { deleted: 0 } });
      expect(wordsOn(scene, instance)[0]).toBe('record: retirement-scheduled');
    }
    expect(scene.verdicts({ reason: 'waits-for-turn' })).not.toEqual([]);
    const spans = doomed.map((instance) =>
      ['turn-taken', 'drained'].map((reason) =>
        Date.parse(scene.verdicts({ target: `node/${instance.hostname}`, reason })[0]?.at ?? ''),
      ),
    );
    const inTurn = [...spans].sort(([a = 0], [b = 0]) => a - b);
    for (const [index, [begin = 0]] of inTurn.entries()) {
      const [, end = 0] = inTurn[index - 1] ?? [];
      expect(begin).toBeGreaterThanOrEqual(end);
    }
    expect(others.some((instance) => isCordoned(scene, instance))).toBe(false);
    expect(await scene.items('drain#staging')).toHaveLength(3);
  });

  it('overrides no budget weeks ahead, and reports the one that holds it up', async () => {
    const scene = await sceneWith(
      { workloads: [workload({ budget: { name: 'cart', minAvailable: 2 } })] },
      only('spotDrain', ['unhurriedDrainMinutes: 5']),
    );
    const instance = firstOf(scene);
    plan(scene, { ...RETIREMENT, instanceIds: [instance.id] });
    await scene.pass(10 * MINUTE);
    expect(podsOn(scene, instance)).toHaveLength(1);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'budget-blocked',
      detail: { evicted: 0, deleted: 0, blocked: [{ budgets: ['cart'] }] },
    });
  });
});

describe('a retirement that a budget holds up', () => {
  const held = (budgets: readonly string[]) => ({
    nodeGroups: [nodeGroup({ desired: 2, max: 6 })],
    workloads: budgets.map((name) => workload({ name, budget: { name, minAvailable: 2 } })),
  });

  it('keeps the turn of its group while it rests', async () => {
    const scene = await sceneWith(held(['cart']));
    const both = instancesOf(scene);
    plan(scene, { ...RETIREMENT, instanceIds: both.map(({ id }) => id) });
    await scene.pass(30 * MINUTE);
    expect(scene.verdicts({ reason: 'rests' })).not.toEqual([]);
    expect(scene.verdicts({ reason: 'turn-taken' })).toHaveLength(1);
    expect(both.filter((instance) => isCordoned(scene, instance))).toHaveLength(1);
  });

  it('is drained for again, with hurry, from its lead time on', async () => {
    const lines = ['unhurriedDrainMinutes: 5', 'maintenanceLeadMinutes: 60'];
    const scene = await sceneWith(held(['cart']), only('spotDrain', lines));
    const instance = firstOf(scene);
    plan(scene, { ...RETIREMENT, startsAt: START + 2 * HOUR * 1000, instanceIds: [instance.id] });
    await scene.pass(50 * MINUTE);
    expect(podsOn(scene, instance)).toHaveLength(1);
    await scene.pass(71 * MINUTE);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(wordsOn(scene, instance)).toContain('record: lead-time-reached');
    expect(scene.verdicts({ target: `node/${instance.hostname}` }).at(-1)).toMatchObject({
      reason: 'budget-blocked',
      detail: { deleted: 1, remaining: [] },
    });
  });
});

describe('a reboot that AWS Health announces', () => {
  it('is prepared for two hours ahead; the same node is freed once it has booted', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    const { uid } = nodeOf(scene, instance).metadata;
    plan(scene, { instanceIds: [instance.id] });
    await scene.pass(HOUR + 59 * MINUTE);
    expect([isCordoned(scene, instance), podsOn(scene, instance).length]).toEqual([false, 1]);
    expect(wordsOn(scene, instance)).toEqual(['record: maintenance-scheduled']);
    await scene.pass(5 * MINUTE);
    expect([isCordoned(scene, instance), podsOn(scene, instance).length]).toEqual([true, 0]);
    expect(drainVerdict(scene, instance)).toMatchObject({
      detail: { deadlineAt: '2026-11-20T06:59:50.000Z' },
    });
    await scene.account.runUntil(START + 4 * HOUR * 1000 + 5 * MINUTE * 1000);
    expect(isCordoned(scene, instance)).toBe(true);
    scene.account.world.instances.reboot(instance);
    await scene.pass(5 * MINUTE);
    expect(nodeOf(scene, instance).metadata.uid).toBe(uid);
    expect(isCordoned(scene, instance)).toBe(false);
    expect(wordsOn(scene, instance)).toEqual([
      'record: maintenance-scheduled',
      'record: lead-time-reached',
      'cordon: maintenance',
      'drain: drained',
      'uncordon: maintenance-over',
    ]);
    await scene.account.settle();
    expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
  });

  it('that is cancelled before its time is forgotten, after it undone', async () => {
    const scene = await sceneWith({}, only('spotDrain', ['maintenanceLeadMinutes: 60']));
    const [early, late] = instancesOf(scene);
    if (early === undefined || late === undefined) throw new Error('there are two');
    plan(scene, { eventId: 'early', instanceIds: [early.id] });
    plan(scene, { eventId: 'late', instanceIds: [late.id] });
    await scene.pass(HOUR);
    plan(scene, { eventId: 'early', instanceIds: [early.id], status: 'closed' });
    await scene.pass(2 * HOUR + 5 * MINUTE);
    expect([isCordoned(scene, early), isCordoned(scene, late)]).toEqual([false, true]);
    plan(scene, { eventId: 'late', instanceIds: [late.id], status: 'closed' });
    await scene.pass(MINUTE);
    expect(isCordoned(scene, late)).toBe(false);
    expect(wordsOn(scene, early)).toEqual([
      'record: maintenance-scheduled',
      'record: scheduled-change-closed',
    ]);
    expect(wordsOn(scene, late).slice(-2)).toEqual([
      'record: scheduled-change-closed',
      'uncordon: event-closed',
    ]);
  });

  it('that is moved is undone, and prepared for at its new time', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    plan(scene, { instanceIds: [instance.id] });
    await scene.pass(2 * HOUR + 5 * MINUTE);
    expect(isCordoned(scene, instance)).toBe(true);
    const moved = { startsAt: START + 8 * HOUR * 1000, endsAt: START + 9 * HOUR * 1000 };
    plan(scene, { instanceIds: [instance.id], ...moved });
    await scene.pass(3 * HOUR + 50 * MINUTE);
    expect(isCordoned(scene, instance)).toBe(false);
    await scene.pass(10 * MINUTE);
    expect(isCordoned(scene, instance)).toBe(true);
    expect(wordsOn(scene, instance).filter((words) => words.startsWith('uncordon'))).toEqual([
      'uncordon: event-moved',
    ]);
  });

  it('that is moved while its node is being emptied leaves there what is left', async () => {
    const scene = await sceneWith({ workloads: [workload({ budget: { name: 'cart', minAvailable: 2 } })] });
    const instance = firstOf(scene);
    plan(scene, { instanceIds: [instance.id] });
    await scene.pass(2 * HOUR + 30);
    expect([isCordoned(scene, instance), podsOn(scene, instance)]).toEqual([true, [expect.anything()]]);
    plan(scene, {
      instanceIds: [instance.id],
      startsAt: START + 80 * HOUR * 1000,
      endsAt: START + 81 * HOUR * 1000,
    });
    await scene.pass(20);
    expect(isCordoned(scene, instance)).toBe(false);
    await scene.pass(2 * HOUR);
    expect(podsOn(scene, instance)).toHaveLength(1);
    expect(drainVerdict(scene, instance)).toMatchObject({
      reason: 'event-withdrawn',
      detail: { evicted: 0, deleted: 0 },
    });
  });

  it('is waited for by one message at a time, and survives a cluster that is away when it begins', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    plan(scene, { instanceIds: [instance.id] });
    await scene.pass(HOUR + 50 * MINUTE);
    expect(scene.account.queues.intake?.counts()).toEqual({ visible: 0, delayed: 1, inFlight: 0 });
    scene.kubernetes().failNext({ resource: 'nodes' }, { status: 503 }, 12);
    await scene.pass(20 * MINUTE);
    expect(
      scene.reasons({ reason: 'look-failed' }).length + scene.reasons({ reason: 'cordon-failed' }).length,
    ).toBeGreaterThan(0);
    expect(podsOn(scene, instance)).toEqual([]);
    expect(isCordoned(scene, instance)).toBe(true);
  });

  it('goes on waiting while everything is off', async () => {
    const scene = await sceneWith();
    const instance = firstOf(scene);
    plan(scene, { instanceIds: [instance.id] });
    await scene.pass(HOUR);
    await scene.setModes({ global: 'off' });
    await scene.pass(2 * HOUR);
    expect(isCordoned(scene, instance)).toBe(false);
    await scene.setModes({});
    await scene.pass(20 * MINUTE);
    expect([isCordoned(scene, instance), podsOn(scene, instance).length]).toEqual([true, 0]);
  });

  it('in observe says at its time what would be done', async () => {
    const scene = await sceneWith({}, SPOT_DRAIN.replace('mode: act', 'mode: observe'));
    const instance = firstOf(scene);
    const { revision } = scene.kubernetes().objects;
    plan(scene, { instanceIds: [instance.id] });
    await scene.pass(2 * HOUR + 10 * MINUTE);
    expect(wordsOn(scene, instance)).toEqual([
      'record: maintenance-scheduled',
      'record: lead-time-reached',
      'cordon: maintenance',
      'drain: maintenance',
    ]);
    expect(scene.kubernetes().objects.revision).toBe(revision);
  });
});
