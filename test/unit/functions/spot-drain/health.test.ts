import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../functions/spot-drain/config.ts';
import { LONGEST_REST_MS } from '../../../../functions/spot-drain/rest.ts';
import { askForTurn, keepTurn } from '../../../../functions/spot-drain/turn.ts';
import { nodeGroupLease, takeLease } from '../../../../shared/core/lease.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

const nodeOf = (number: number, pod: object = {}) => ({
  name: `node-${number}`,
  instanceId: instanceIdOf(number),
  pods: [{ name: `web-${number}`, ...pod }],
});
const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => nodeOf(index + 1));
const naming = (...numbers: number[]) => ({
  affectedEntities: numbers.map((number) => ({ entityValue: instanceIdOf(number) })),
});
const retirement = (numbers: readonly number[], detail: object = {}) =>
  eventOf('health-retirement', { detail: { ...naming(...numbers), ...detail } });
/** At 07:00, for two hours. */
const reboot = (detail: object = {}) => eventOf('health-reboot', { detail: { ...naming(1), ...detail } });
const update = (name: string, detail: object) =>
  reboot({ communicationId: name, lastUpdatedTime: 'Fri, 20 Nov 2026 03:11:00 GMT', ...detail });

type Scene = ReturnType<typeof createScene>;
const isCordoned = (scene: Scene, name = 'node-1') => scene.cluster.node(name)?.spec?.unschedulable === true;
const bootsAs = (scene: Scene, bootID: string, status = 'True') =>
  scene.cluster.put(nodeOf(1), {
    status: { conditions: [{ type: 'Ready', status }], nodeInfo: { bootID } as never },
  });

describe('a retirement that is announced weeks ahead', () => {
  it('is drained for at once, without hurry', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(retirement([1]));
    await scene.worker();
    expect(scene.said()).toEqual([
      'node/node-1 record retirement-scheduled',
      'node/node-1 record turn-taken',
      'node/node-1 cordon retirement',
      'node/node-1 drain drained',
    ]);
    expect(scene.verdicts.at(-1)).toMatchObject({
      detail: { deadlineAt: expect.stringMatching(/^2026-11-20T04:12:02/) },
    });
    expect(scene.cluster.node('node-1')?.spec?.taints).toEqual([
      { key: 'eks-caretaker/retirement', effect: 'NoSchedule' },
    ]);
  });

  it('is drained for on one node of a group at a time, on every page', async () => {
    const scene = createScene({ nodes: nodesOf(3) });
    await scene.intake(
      retirement([1, 2], { communicationId: 'a-1', page: '1', totalPages: '2' }),
      retirement([3], { communicationId: 'a-2', page: '2', totalPages: '2' }),
    );
    expect(scene.orders.flatMap(({ nodes }) => nodes)).toHaveLength(1);
    expect([1, 2, 3].filter((number) => isCordoned(scene, `node-${number}`))).toHaveLength(1);
    expect(scene.said().filter((line) => line.includes('deferred waits-for-turn'))).toHaveLength(2);
    const most: number[] = [];
    while (
      scene.orders.length > 0 ||
      scene.looks.some(({ dueAt }) => dueAt < Date.parse('2026-11-20T03:40:00Z'))
    ) {
      most.push(scene.orders.flatMap(({ nodes }) => nodes).length);
      if (scene.orders.length > 0) await scene.worker();
      else await scene.look();
    }
    expect(Math.max(...most)).toBe(1);
    expect(scene.said().filter((line) => line.endsWith('drain drained'))).toHaveLength(3);
  });

  it('keeps its turn between two looks, though its drain rests as long as drains do', async () => {
    const scene = createScene({ nodes: nodesOf(2) });
    await scene.intake(retirement([1, 2]));
    const [first, second] = [await scene.record(1), await scene.record(2)];
    const [ours, other] = first?.opened === undefined ? [second, first] : [first, second];
    if (ours === undefined || other === undefined) throw new Error('there are two');
    await keepTurn(scene.deps, ours);
    await scene.clock.sleep(LONGEST_REST_MS + 60_000);
    expect(await askForTurn(scene.deps, other)).toEqual({
      isOurs: false,
      holder: `spot-drain/${ours.instanceId}`,
    });
  });

  it('shortens no grace for the end that we have set ourselves', async () => {
    const scene = createScene({ nodes: [nodeOf(1, { graceSeconds: 7_200 })] });
    await scene.intake(retirement([1]));
    await scene.worker();
    const requests = scene.cluster.worlds.get('node-1')?.requests ?? [];
    expect(requests.map(({ graceSeconds }) => graceSeconds)).toEqual([undefined]);
  });

  it('in observe is looked at again at its lead time, for the mode may be another one by then', async () => {
    const scene = createScene({ nodes: nodesOf(1), mode: 'observe' });
    await scene.intake(retirement([1], { startTime: 'Fri, 20 Nov 2026 10:00:00 GMT' }));
    await scene.passUntil('2026-11-20T05:00:00Z');
    expect(scene.verdicts.at(-1)).toMatchObject({ action: 'drain', mode: 'observe' });
    scene.control.mode = 'act';
    await scene.passUntil('2026-11-20T09:00:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 drain drained');
  });

  it('in two groups is drained for in both', async () => {
    const tags = { 'eks:cluster-name': 'staging', 'eks:nodegroup-name': 'other' };
    const scene = createScene({ nodes: nodesOf(2), instances: { 2: { tags } } });
    await scene.intake(retirement([1, 2]));
    expect(scene.orders).toHaveLength(1);
    expect(scene.orders[0]?.nodes).toHaveLength(2);
  });

  it('waits while a schedule or an upgrade is at the node group', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    const resource = nodeGroupLease('staging', 'spot-a');
    await takeLease(scene.store, scene.clock, { resource, holder: 'cluster-upgrade/1', seconds: 900 });
    await scene.intake(retirement([1]));
    await scene.passUntil('2026-11-20T03:26:00Z');
    expect(scene.said()).toEqual([
      'node/node-1 record retirement-scheduled',
      'node/node-1 deferred waits-for-turn',
    ]);
    expect(scene.verdicts.at(-1)).toMatchObject({ detail: { holder: 'cluster-upgrade/1' } });
    await scene.passUntil('2026-11-20T03:40:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 drain drained');
  });

  it('that a budget holds up is reported, and drained for again with hurry before the day', async () => {
    const scene = createScene({ nodes: [nodeOf(1, { budget: 'cart' })] });
    await scene.intake(retirement([1], { startTime: 'Fri, 20 Nov 2026 10:00:00 GMT' }));
    await scene.passUntil('2026-11-20T05:00:00Z');
    expect(scene.verdicts.at(-1)).toMatchObject({ reason: 'budget-blocked', detail: { deleted: 0 } });
    await scene.passUntil('2026-11-20T10:00:00Z');
    const said = scene.said().filter((line) => !line.endsWith('deferred rests'));
    expect(said.slice(-2)).toEqual([
      'node/node-1 record lead-time-reached',
      'node/node-1 drain budget-blocked',
    ]);
    expect(scene.verdicts.at(-1)).toMatchObject({
      detail: { deleted: 1, remaining: [], deadlineAt: '2026-11-20T09:59:50.000Z' },
    });
  });

  it('that is past already is drained for all the same', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(retirement([1], { startTime: 'Fri, 20 Nov 2026 01:00:00 GMT' }));
    await scene.worker();
    expect(scene.said().at(-1)).toBe('node/node-1 drain drained');
  });
});

describe('a reboot that is announced', () => {
  it('is drained for two hours ahead, and its node freed once it has booted anew', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    bootsAs(scene, 'first');
    await scene.intake(reboot());
    expect(scene.said()).toEqual(['node/node-1 record maintenance-scheduled']);
    await scene.passUntil('2026-11-20T04:59:00Z');
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toEqual([]);
    await scene.passUntil('2026-11-20T05:02:00Z');
    expect(scene.said().slice(1)).toEqual([
      'node/node-1 record lead-time-reached',
      'node/node-1 cordon maintenance',
      'node/node-1 drain drained',
    ]);
    await scene.passUntil('2026-11-20T07:05:00Z');
    expect(isCordoned(scene)).toBe(true);
    bootsAs(scene, 'second', 'False');
    await scene.passUntil('2026-11-20T07:08:00Z');
    expect(isCordoned(scene)).toBe(true);
    bootsAs(scene, 'second');
    await scene.passUntil('2026-11-20T07:30:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon maintenance-over');
    expect(isCordoned(scene)).toBe(false);
    expect(scene.looks).toEqual([]);
  });

  it('keeps a single look under way for all that time', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(
      reboot({ startTime: 'Sun, 22 Nov 2026 07:00:00 GMT', endTime: 'Sun, 22 Nov 2026 09:00:00 GMT' }),
    );
    for (let looks = 0; looks < 20; looks += 1) {
      expect(scene.looks).toHaveLength(1);
      await scene.look();
    }
    expect(scene.checks.map(({ delaySeconds }) => delaySeconds)).toEqual(Array(21).fill(900));
    expect(scene.cluster.calls.filter(({ verb }) => verb !== 'get')).toEqual([]);
  });

  it('does not forget it although the record would expire before', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(
      reboot({ startTime: 'Sun, 31 Jan 2027 07:00:00 GMT', endTime: 'Sun, 31 Jan 2027 09:00:00 GMT' }),
    );
    const [item] = scene.records();
    expect(item?.expiresAt).toBe(Date.parse('2027-03-02T09:00:00Z') / 1000);
  });

  it('without an end is over a day later, where nobody sees the boot', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(reboot({ endTime: undefined }));
    await scene.passUntil('2026-11-21T06:59:00Z');
    expect(isCordoned(scene)).toBe(true);
    await scene.passUntil('2026-11-21T07:10:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon maintenance-over');
  });

  it('that is cancelled before anything was done leaves the node as it is', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(reboot());
    await scene.intake(update('closed-1', { statusCode: 'closed' }));
    await scene.passUntil('2026-11-20T09:00:00Z');
    expect(scene.said()).toEqual([
      'node/node-1 record maintenance-scheduled',
      'node/node-1 record scheduled-change-closed',
    ]);
    expect(scene.looks).toEqual([]);
  });

  it('that is cancelled after the drain frees the node', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(reboot());
    await scene.passUntil('2026-11-20T06:00:00Z');
    expect(isCordoned(scene)).toBe(true);
    await scene.intake(update('closed-1', { statusCode: 'closed' }));
    expect(scene.said().slice(-2)).toEqual([
      'node/node-1 record scheduled-change-closed',
      'node/node-1 uncordon event-closed',
    ]);
  });

  it('that is cancelled in the middle of the drain ends it', async () => {
    const scene = createScene({ nodes: [nodeOf(1, { budget: 'cart' })] });
    await scene.intake(reboot());
    while (scene.orders.length === 0) await scene.look();
    const draining = scene.worker();
    await scene.clock.sleep(30_000);
    await scene.intake(update('closed-1', { statusCode: 'closed' }));
    await draining;
    expect(scene.verdicts.at(-1)).toMatchObject({
      action: 'none',
      reason: 'event-withdrawn',
      detail: { deleted: 0 },
    });
    expect(isCordoned(scene)).toBe(false);
  });

  it.each([
    [
      'it is moved',
      () =>
        update('moved-1', {
          startTime: 'Sat, 21 Nov 2026 07:00:00 GMT',
          endTime: 'Sat, 21 Nov 2026 09:00:00 GMT',
        }),
      [] as const,
    ],
    [
      'it is cancelled and another change is still ahead',
      () => update('closed-1', { statusCode: 'closed' }),
      [
        reboot({
          communicationId: 'another-1',
          eventArn: 'arn:aws:health:eu-central-1::event/EC2/another',
          startTime: 'Sat, 21 Nov 2026 07:00:00 GMT',
          endTime: 'Sat, 21 Nov 2026 09:00:00 GMT',
        }),
      ] as const,
    ],
  ])(
    'that is being drained for stops where %s, and is done at the later time',
    async (_how, change, before) => {
      const scene = createScene({ nodes: [nodeOf(1, { budget: 'cart' })] });
      for (const event of before) await scene.intake(event);
      await scene.intake(reboot());
      while (scene.orders.length === 0) await scene.look();
      const draining = scene.worker();
      await scene.clock.sleep(30_000);
      const movedAt = scene.clock.now();
      await scene.intake(change());
      await draining;
      expect(scene.clock.now() - movedAt).toBeLessThan(15_000);
      expect(scene.verdicts.at(-1)).toMatchObject({
        action: 'none',
        reason: 'event-withdrawn',
        detail: { deleted: 0 },
      });
      expect(isCordoned(scene)).toBe(false);
      await scene.passUntil('2026-11-21T07:00:00Z');
      expect(scene.verdicts.at(-1)).toMatchObject({
        action: 'drain',
        reason: 'budget-blocked',
        detail: { deleted: 1 },
      });
    },
  );

  it('that is moved is undone and done at its new time', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(reboot());
    await scene.passUntil('2026-11-20T06:00:00Z');
    await scene.intake(
      update('moved-1', {
        startTime: 'Sat, 21 Nov 2026 07:00:00 GMT',
        endTime: 'Sat, 21 Nov 2026 09:00:00 GMT',
      }),
    );
    expect(scene.said().slice(-2)).toEqual([
      'node/node-1 record maintenance-scheduled',
      'node/node-1 uncordon event-moved',
    ]);
    await scene.passUntil('2026-11-21T04:50:00Z');
    expect(isCordoned(scene)).toBe(false);
    await scene.passUntil('2026-11-21T05:10:00Z');
    expect(scene.said().slice(-2)).toEqual(['node/node-1 cordon maintenance', 'node/node-1 drain drained']);
  });

  it('of which an older notice comes after the newer one stays where the newer one puts it', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(
      update('moved-1', {
        startTime: 'Sat, 21 Nov 2026 07:00:00 GMT',
        endTime: 'Sat, 21 Nov 2026 09:00:00 GMT',
      }),
    );
    await scene.intake(reboot());
    await scene.passUntil('2026-11-20T12:00:00Z');
    expect(isCordoned(scene)).toBe(false);
  });

  it('of a node that has gone meanwhile is over', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(reboot());
    scene.cluster.remove('node-1');
    await scene.passUntil('2026-11-20T09:00:00Z');
    expect(scene.looks).toEqual([]);
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toEqual([]);
  });

  it('for which a cordon is enough', async () => {
    const section = spotDrainSchema.parse({ policy: { maintenance: { managed: 'cordon' } } });
    const scene = createScene({ nodes: nodesOf(1), section });
    await scene.intake(reboot());
    await scene.passUntil('2026-11-20T06:00:00Z');
    expect(scene.said().slice(1)).toEqual([
      'node/node-1 record lead-time-reached',
      'node/node-1 cordon maintenance',
    ]);
    expect(scene.orders).toEqual([]);
    await scene.passUntil('2026-11-20T09:10:00Z');
    expect(scene.said().at(-1)).toBe('node/node-1 uncordon maintenance-over');
  });

  it('in observe says at its time what would be done', async () => {
    const scene = createScene({ nodes: nodesOf(1), mode: 'observe' });
    await scene.intake(reboot());
    await scene.passUntil('2026-11-20T05:10:00Z');
    expect(scene.said()).toEqual([
      'node/node-1 record maintenance-scheduled',
      'node/node-1 record lead-time-reached',
      'node/node-1 cordon maintenance',
      'node/node-1 drain maintenance',
    ]);
    expect(scene.cluster.calls.filter(({ verb }) => !['get', 'list'].includes(verb))).toEqual([]);
  });
});
