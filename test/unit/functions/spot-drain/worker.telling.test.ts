import { describe, expect, it } from '@jest/globals';
import { createDrainRecords } from '../../../../functions/spot-drain/records.ts';
import { runWorker } from '../../../../functions/spot-drain/worker.ts';
import type { Clock } from '../../../../shared/core/clock.ts';
import type { NewItem, Store } from '../../../../shared/core/store.ts';
import { apiError } from '../../../fixtures/cluster-api.ts';
import { createScene, eventOf } from '../../../fixtures/spot-drain-scene.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';
import type { Scene } from './worker-scene.ts';
import { HELD, last, nextCheck, nodeOf, spot, WEB, warned } from './worker-scene.ts';

const eventsOn = (scene: Scene, name: string) =>
  scene.cluster.events
    .filter(({ involvedObject }) => involvedObject?.name === name)
    .map(({ reason }) => reason);
const journaled = (scene: Scene) =>
  scene.store
    .items()
    .filter(({ pk }) => pk.startsWith('journal#'))
    .flatMap(({ verdicts }) => verdicts as { reason: string }[])
    .map(({ reason }) => reason);

/** A worker that dies at its n-th write of that kind: nothing that it waits for after it ever comes. */
const mortalWorker = (scene: Scene, diesAfter: (item: NewItem) => boolean) => {
  let isDead = false;
  const never = new Promise<never>(() => {});
  const clock: Clock = {
    now: () => scene.clock.now(),
    sleep: (ms, signal) => (isDead ? never : scene.clock.sleep(ms, signal)),
  };
  const store: Store = {
    ...scene.store,
    get: (key) => (isDead ? never : scene.store.get(key)),
    write: async (item, version) => {
      if (isDead) return never;
      const written = await scene.store.write(item, version);
      isDead = diesAfter(item);
      return isDead ? never : written;
    },
    append: (items) => (isDead ? never : scene.store.append(items)),
  };
  const [order] = scene.orders.splice(0);
  if (order === undefined) throw new Error('no worker was started');
  const call = createTestCall({ automation: 'spot-drain', clock, store });
  const records = createDrainRecords(store, clock);
  void runWorker({ ...scene.deps, clock, store, records }, order, { ...call, requestId: 'mortal' });
};

describe('events on pods', () => {
  it('say what happened to each, once the drain is over', async () => {
    const scene = await warned([nodeOf(1, [...WEB, { name: 'cart', budget: 'cart' }])]);
    await scene.worker();
    expect(eventsOn(scene, 'web-1')).toEqual(['SpotDrainEvicted']);
    expect(eventsOn(scene, 'cart-1')).toEqual(['SpotDrainDeleted']);
    expect(eventsOn(scene, 'proxy-1')).toEqual([]);
    const cart = scene.cluster.events.find(({ involvedObject }) => involvedObject?.name === 'cart-1');
    expect(cart).toMatchObject({
      type: 'Warning',
      message:
        'Deleted from node-1: EC2 takes this spot instance back; the disruption budget cart did not let it go in time',
    });
  });

  it('name the budget that holds a pod where deletes are turned off', async () => {
    const scene = await warned([nodeOf(1, HELD)], { section: { deleteAtDeadline: false } });
    // The drain's own time is up by then, and pods are told nevertheless.
    await scene.worker();
    expect(eventsOn(scene, 'cart-1')).toEqual(['SpotDrainBlocked']);
  });

  it('say that a pod was left alone as it asked', async () => {
    const quiet = { name: 'quiet', annotations: { 'eks-caretaker/keep-on-node': 'true' } };
    const scene = await warned([nodeOf(1, [quiet, { name: 'web' }])]);
    await scene.worker();
    expect(eventsOn(scene, 'quiet-1')).toEqual(['SpotDrainSkipped']);
    expect(last(scene)).toMatchObject({
      reason: 'drained',
      detail: { skipped: [{ pod: 'shop/quiet-1', reason: 'opted-out' }] },
    });
  });

  it('are given up after the first that cannot be written, and the drain is drained all the same', async () => {
    const scene = await warned([nodeOf(1, [...WEB, { name: 'b' }, { name: 'c' }, { name: 'd' }])]);
    scene.cluster.fail = (verb, plural) =>
      verb === 'create' && plural === 'events' ? apiError(500, 'InternalError') : undefined;
    const call = await scene.worker();
    expect(call.failures).toEqual([]);
    expect(last(scene)).toMatchObject({ reason: 'drained' });
    expect(scene.warnings.filter((text) => text.includes('events on pods'))).toHaveLength(1);
  });
});

describe('a worker that dies', () => {
  it('after the record is closed, before anybody was told: the next one tells it, and evicts nothing', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    mortalWorker(scene, ({ record }) => (record as { outcome?: unknown } | undefined)?.outcome !== undefined);
    while (scene.orders.length === 0) await nextCheck(scene);
    expect(await scene.record()).toMatchObject({ outcome: { reason: 'drained', untold: true } });
    expect(scene.notifications).toEqual([]);
    const evictions = scene.cluster.calls.filter(
      ({ verb, plural }) => verb === 'create' && plural === 'pods',
    ).length;
    await scene.worker();
    expect(last(scene)).toMatchObject({
      action: 'drain',
      reason: 'drained',
      detail: { evicted: 2, deleted: 0, secondsToEmpty: expect.any(Number) },
    });
    expect(scene.notifications).toHaveLength(1);
    expect(journaled(scene).filter((reason) => reason === 'drained')).toHaveLength(1);
    expect(
      scene.cluster.calls.filter(({ verb, plural }) => verb === 'create' && plural === 'pods'),
    ).toHaveLength(evictions);
    expect(await scene.record()).not.toHaveProperty('outcome.untold');
  });

  it('and whose instance goes meanwhile: it is told all the same', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    mortalWorker(scene, ({ record }) => (record as { outcome?: unknown } | undefined)?.outcome !== undefined);
    await scene.clock.sleep(8_000);
    await scene.intake(eventOf('ec2-state-change', { time: '2026-11-20T03:12:10Z' }));
    while (scene.orders.length === 0) await nextCheck(scene);
    await scene.worker();
    expect(scene.notifications.map(({ subject }) => subject)).toEqual(['staging: node node-1 drained']);
    expect(await scene.record()).not.toHaveProperty('outcome.untold');
    expect(scene.verdicts.filter(({ detail }) => detail?.drainCutShort === true)).toEqual([]);
  });

  it('while its first evictions are on their way: the next one knows that they were ours', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    // The last thing that it does is to write down whom it is about to ask, and to ask them.
    let isDead = false;
    const [order] = scene.orders.splice(0);
    if (order === undefined) throw new Error('no worker was started');
    const clock: Clock = {
      now: () => scene.clock.now(),
      sleep: (ms, signal) => (isDead ? new Promise<never>(() => {}) : scene.clock.sleep(ms, signal)),
    };
    const call = createTestCall({ automation: 'spot-drain', clock, store: scene.store });
    scene.cluster.fail = (verb, plural) => {
      isDead ||= verb === 'create' && plural === 'pods';
      return undefined;
    };
    void runWorker({ ...scene.deps, clock }, order, { ...call, requestId: 'mortal' });
    while (scene.orders.length === 0) await nextCheck(scene);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'drained', detail: { evicted: 2, remaining: [] } });
  });
});

describe('what cannot be journaled', () => {
  it('leaves the record open, so that it is said again', async () => {
    const scene = await warned([nodeOf(1, WEB)]);
    const { append } = scene.store;
    let isDown = true;
    scene.store.append = async (items) => {
      if (isDown) throw new Error('the table is down');
      await append(items);
    };
    const [order] = scene.orders;
    const call = await scene.worker();
    expect(call.failures).toHaveLength(1);
    expect(await scene.record()).toMatchObject({ outcome: { untold: true } });
    isDown = false;
    if (order !== undefined) scene.orders.push(order);
    await scene.clock.sleep(20_000);
    await scene.worker();
    expect(journaled(scene)).toContain('drained');
    expect(await scene.record()).not.toHaveProperty('outcome.untold');
  });
});

describe('a storm', () => {
  const nodes = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => nodeOf(from + index, WEB));
  const spots = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => spot(from + index));

  it('that several workers drain is one notification', async () => {
    const scene = createScene({ nodes: nodes(1, 12) });
    await scene.intake(...spots(1, 4));
    await scene.intake(...spots(5, 8));
    await scene.intake(...spots(9, 12));
    expect(scene.orders).toHaveLength(3);
    await Promise.all([scene.worker(), scene.worker(), scene.worker()]);
    expect(scene.notifications.map(({ subject }) => subject)).toEqual([
      'staging: 12 nodes taken away at once: 12 drained',
    ]);
    expect(scene.notifications[0]?.text.split('\n')).toHaveLength(12);
    expect(scene.verdicts.filter(({ reason }) => reason === 'drained')).toHaveLength(12);
    for (let number = 1; number <= 12; number += 1) {
      expect(await scene.record(number)).not.toHaveProperty('outcome.untold');
      expect(await scene.record(number)).not.toHaveProperty('worker');
    }
  });

  it('whose first instance goes before all are drained is told by the worker that waits for the others', async () => {
    const scene = createScene({ nodes: [...nodes(1, 6), nodeOf(7, HELD)] });
    await scene.intake(...spots(1, 7));
    const [check] = scene.checks;
    if (check === undefined) throw new Error('nobody promised to look again');
    const telling = scene.worker();
    await scene.clock.sleep(10_000);
    for (let number = 1; number <= 6; number += 1) {
      await scene.intake(eventOf('ec2-state-change', { instance: number, time: '2026-11-20T03:12:10Z' }));
    }
    await scene.clock.sleep(20_000);
    await scene.intake(check.message);
    expect(scene.orders).toEqual([]);
    await telling;
    expect(scene.notifications).toHaveLength(1);
  });

  it('is told by another worker where the one that waited to tell it dies', async () => {
    const scene = createScene({ nodes: [...nodes(1, 6), nodeOf(7, HELD)] });
    await scene.intake(...spots(1, 7));
    const sendsNothing = (item: NewItem) =>
      item.pk.startsWith('drain-storm#') && (item.book as { sending?: unknown }).sending !== undefined;
    mortalWorker(scene, sendsNothing);
    while (scene.orders.length === 0) await nextCheck(scene);
    expect(scene.notifications).toEqual([]);
    await scene.worker();
    expect(scene.notifications.map(({ subject }) => subject)).toEqual([
      'staging: 7 nodes taken away at once: 6 drained, 1 budget-blocked',
    ]);
  });

  it('does not wait for a drain that goes on for much longer', async () => {
    const scene = createScene({
      nodes: [...nodes(1, 6), nodeOf(7, HELD)],
      section: { lifecycleHoldMinutes: 15 },
    });
    await scene.intake(...spots(1, 6));
    await scene.intake(eventOf('autoscaling-terminate-lifecycle', { instance: 7 }));
    const [, second] = await Promise.all([scene.worker(), scene.worker()]);
    expect(second.failures).toEqual([]);
    expect(scene.notifications.map(({ subject }) => subject)).toEqual([
      'staging: 6 nodes taken away at once: 6 drained',
      'staging: node node-7 budget-blocked',
    ]);
  });

  it('whose book cannot be written is told batch by batch', async () => {
    const scene = createScene({ nodes: nodes(1, 6) });
    await scene.intake(...spots(1, 6));
    const { write } = scene.store;
    scene.store.write = async (item, version) => {
      if (item.pk.startsWith('drain-storm#')) throw new Error('the table is down');
      return write(item, version);
    };
    await scene.worker();
    expect(scene.notifications.map(({ subject }) => subject)).toEqual([
      'staging: 6 nodes taken away at once: 6 drained',
    ]);
  });
});
