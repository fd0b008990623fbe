import { describe, expect, it } from '@jest/globals';
import type { KillPoint } from '../../infra/local/runtime/messages.ts';
import { startArena } from './support/drain-kills.ts';
import type { Scene } from './support/scene.ts';
import { only, useScenes } from './support/scene.ts';
import { selfManagedGroup, workload } from './support/specs.ts';
import { firstOf, instancesOf, podsOn, sceneWith } from './support/spot-drain.ts';

useScenes();

/** More requests than an invocation makes. */
const MANY = 120;
/** Every call of a drain by hook too, and not some of them: a minute more. */
const ALL_KILLS = process.env.CARETAKER_ALL_KILLS === '1';

const HOOK_CONFIG = only('spotDrain', ['lifecycleHooks: [drain-first]']);
const HOOKED = {
  nodeGroups: [],
  selfManagedGroups: [
    selfManagedGroup({ desired: 2, max: 3, terminateHook: 'drain-first', terminateHookSeconds: 300 }),
  ],
  workloads: [workload({ nodeSelector: { role: 'own' } })],
};

/** Lets Auto Scaling take an instance away, and checks how that ended. Answers whether the kill hit. */
const drainByHook = async (scene: Scene, kill?: KillPoint): Promise<boolean> => {
  const { account } = scene;
  const instance = firstOf(scene);
  const before = { ends: account.invocations.length, exchanges: scene.exchanges.length };
  const pods = podsOn(scene, instance).length;
  if (kill !== undefined) account.killAt('spot-drain-worker', kill);
  account.world.terminateByAsg(instance.id);
  await account.runUntilTrue(() => instance.state !== 'running', 200);
  await account.settle();
  // The one that was killed may have said it in the log; the last one is in the journal.
  const said = scene.verdicts({ target: `node/${instance.hostname}`, reason: 'drained' }).at(-1)?.detail;
  expect({ kill, said }).toMatchObject({
    said: { evicted: pods, remaining: [], lifecycle: [{ hook: 'drain-first' }] },
  });
  const completions = scene.exchanges
    .slice(before.exchanges)
    .filter(({ operation, status }) => operation === 'CompleteLifecycleAction' && status === 200);
  expect({ kill, completions: completions.length }).toEqual({ kill, completions: 1 });
  const records = await scene.items('drain#');
  const record = records.find(({ sk, record }) => sk.startsWith(instance.id) && record !== undefined)?.record;
  expect(record).not.toHaveProperty('outcome.untold');
  // Until Auto Scaling has put another one in its place.
  await account.runUntilTrue(() => instancesOf(scene).length === 2, 300);
  await scene.pass(60);
  return account.invocations.slice(before.ends).some(({ error }) => error?.errorType === 'Runtime.ExitError');
};

describe.each<KillPoint['when']>(['before-send', 'after-apply'])('killed %s', (when) => {
  it.each([
    ['spot-drain', 10],
    ['spot-drain-worker', 20],
  ])(
    'at every call of %s: the drain ends in the same state, and no pod is evicted twice',
    async (entryId, atLeast) => {
      const arena = await startArena();
      await arena.drain(); // warm, as most are
      let request = 0;
      for (let killed = true; killed; ) {
        request += 1;
        expect(request).toBeLessThan(MANY);
        const end = await arena.drain({ entryId, point: { request, when } });
        killed = end.killed;
        expect({ request, late: end.secondsToEnd > 100 }).toEqual({ request, late: false });
      }
      expect(request).toBeGreaterThan(atLeast);
    },
    300_000,
  );

  it.each(['spot-drain', 'spot-drain-worker'])('at DescribeCluster of a cold %s', async (entryId) => {
    const arena = await startArena();
    const end = await arena.drain({ entryId, point: { request: 1, when, service: 'eks' } });
    expect(end.killed).toBe(true);
  });

  it.each([
    ['the heartbeat', 1],
    ['the completion', 2],
  ])(
    'at %s of an Auto Scaling hook: the hook is let go once, and the instance goes',
    async (_what, request) => {
      const scene = await sceneWith(HOOKED, HOOK_CONFIG);
      expect(await drainByHook(scene, { request, when, service: 'autoscaling' })).toBe(true);
    },
  );

  it('at calls of a drain that Auto Scaling waits for: the same', async () => {
    const scene = await sceneWith(HOOKED, HOOK_CONFIG);
    await drainByHook(scene);
    let request = ALL_KILLS ? 1 : when === 'before-send' ? 3 : 7;
    while (await drainByHook(scene, { request, when })) {
      expect(request).toBeLessThan(MANY);
      request += ALL_KILLS ? 1 : 9;
    }
    expect(request).toBeGreaterThan(20);
  }, 300_000);
});

describe('two kills in a row', () => {
  it('the worker, then the one that took over: the third ends it, within the two minutes', async () => {
    const arena = await startArena();
    await arena.drain();
    const { account } = arena.scene;
    const entryId = 'spot-drain-worker';
    // The second is armed when the first has hit.
    const stop = account.onInvocation((record) => {
      if (record.entryId !== entryId || record.ok) return;
      stop();
      account.killAt(entryId, { request: 6, when: 'after-apply' });
    });
    const point = { request: 1, when: 'after-apply', service: 'kubernetes', contains: '/eviction' } as const;
    const end = await arena.drain({ entryId, point });
    expect(end.secondsToEnd).toBeLessThan(80);
    expect(arena.scene.invocationsOf(entryId).filter(({ ok }) => !ok)).toHaveLength(2);
  });
});
