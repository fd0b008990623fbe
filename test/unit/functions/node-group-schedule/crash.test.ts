import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ScheduleWorld } from '../../../fixtures/schedule-world.ts';
import { createScheduleWorld } from '../../../fixtures/schedule-world.ts';

/** Thursday evening to Friday morning in Berlin (UTC+1): asleep from 19:00 UTC, woken from 05:45 UTC, open at 06:00. */
const EVENING = '2026-11-19T18:55:00Z';
const NIGHT = '2026-11-19T19:35:00Z';
const BEFORE_DAWN = '2026-11-20T05:40:00Z';
const MORNING = '2026-11-20T06:30:00Z';

const newWorld = (): ScheduleWorld => {
  const world = createScheduleWorld({
    start: EVENING,
    section: {
      schedules: { office: { timeZone: 'Europe/Berlin', awake: ['Mon-Fri 07:00-20:00'] } },
      groups: [
        { cluster: 'staging', nodeGroup: 'web', schedule: 'office' },
        { cluster: 'staging', nodeGroup: 'jobs', schedule: 'office', drainMinutes: 0 },
      ],
      reconcileMinutes: 240,
    },
  });
  world.addGroup('web', { min: 1, desired: 2, max: 7 }, { pods: 3 });
  world.addGroup('jobs', { min: 0, desired: 1, max: 4 }, { pods: 2, budget: 'jobs-budget' });
  return world;
};

/** What counts in the end: sizes, instances, phases, nothing left behind. */
const endState = (world: ScheduleWorld) => ({
  groups: [...world.groups.values()].map(({ name, sizes, instances }) => ({
    name,
    sizes,
    instances: instances.filter(({ goneAt }) => goneAt === undefined).length,
    cordoned: instances.filter(({ cordonedBy }) => cordonedBy !== undefined).length,
  })),
  items: world.store
    .items()
    .filter(({ pk, sk }) => pk.startsWith('node-group-schedule#') && sk !== 'discovery')
    .map((item) => ({
      kind: item.sk.split('#')[0],
      phase: (item.record as { phase?: string } | undefined)?.phase,
    })),
});

class Killed extends Error {}

/** The process dies at the nth call, before or after it; nothing it would still do reaches the world. */
const killAt = (world: ScheduleWorld, deaths: readonly { call: number; moment: 'before' | 'after' }[]) => {
  let count = 0;
  let dead = false;
  world.onCall = (_name, moment) => {
    if (dead) throw new Killed();
    if (moment === 'before') count += 1;
    if (deaths.some((death) => death.call === count && death.moment === moment)) {
      dead = true;
      throw new Killed();
    }
  };
  return {
    revive: () => {
      dead = false;
    },
    count: () => count,
  };
};

const runUntil = async (world: ScheduleWorld, until: string, minutes: () => number, revive: () => void) => {
  while (world.clock.now() < Date.parse(until)) {
    revive();
    try {
      await world.tick();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    await world.wait(minutes());
  }
};

const AWAKE = {
  groups: [
    { name: 'web', sizes: { min: 1, desired: 2, max: 7 }, instances: 2, cordoned: 0 },
    { name: 'jobs', sizes: { min: 0, desired: 1, max: 4 }, instances: 1, cordoned: 0 },
  ],
  items: [
    { kind: 'group', phase: 'awake' },
    { kind: 'group', phase: 'awake' },
  ],
};

const asleepSizes = [
  { min: 0, desired: 0, max: 7 },
  { min: 0, desired: 0, max: 4 },
];

const sizesOf = (world: ScheduleWorld) => [...world.groups.values()].map(({ sizes }) => sizes);

describe('a night of two node groups', () => {
  it('ends asleep in the night and exactly as it was in the morning', async () => {
    const world = newWorld();
    await runUntil(
      world,
      NIGHT,
      () => 5,
      () => {},
    );
    expect(sizesOf(world)).toEqual(asleepSizes);
    expect(endState(world).groups.map(({ instances }) => instances)).toEqual([0, 0]);
    await runUntil(
      world,
      MORNING,
      () => 5,
      () => {},
    );
    expect(endState(world)).toEqual(AWAKE);
  });

  it('asks EKS for each size once', async () => {
    const world = newWorld();
    await runUntil(
      world,
      MORNING,
      () => 5,
      () => {},
    );
    expect(world.resizes.map(({ nodeGroup, sizes }) => `${nodeGroup} ${sizes.desired}`).sort()).toEqual([
      'jobs 0',
      'jobs 1',
      'web 0',
      'web 2',
    ]);
  });
});

describe('a process killed at any call', () => {
  it('leaves nothing that later ticks do not put right, at every single call', async () => {
    const counting = newWorld();
    const counter = killAt(counting, []);
    await runUntil(
      counting,
      NIGHT,
      () => 5,
      () => {},
    );
    await counting.waitUntil(BEFORE_DAWN);
    await runUntil(
      counting,
      MORNING,
      () => 5,
      () => {},
    );
    const total = counter.count();
    expect(total).toBeGreaterThan(100);
    for (let call = 1; call <= total; call += 1) {
      for (const moment of ['before', 'after'] as const) {
        const world = newWorld();
        const { revive } = killAt(world, [{ call, moment }]);
        await runUntil(world, NIGHT, () => 5, revive);
        expect({ call, moment, sizes: sizesOf(world) }).toEqual({ call, moment, sizes: asleepSizes });
        await world.waitUntil(BEFORE_DAWN);
        await runUntil(world, MORNING, () => 5, revive);
        expect({ call, moment, ...endState(world) }).toEqual({ call, moment, ...AWAKE });
        expect(world.resizes.length).toBe(4);
      }
    }
  }, 300_000);
});

describe('laws of the ticks', () => {
  it('any spacing of ticks and any kills between them end in the same state', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 12 }),
        fc.array(
          fc.record({
            call: fc.integer({ min: 1, max: 400 }),
            moment: fc.constantFrom('before' as const, 'after' as const),
          }),
          { maxLength: 8 },
        ),
        async (spacing, deaths) => {
          const world = newWorld();
          let index = 0;
          const next = () => spacing[index++ % spacing.length] ?? 5;
          const { revive } = killAt(world, deaths);
          await runUntil(world, MORNING, next, revive);
          world.onCall = () => {};
          await runUntil(
            world,
            '2026-11-20T10:00:00Z',
            () => 5,
            () => {},
          );
          expect(endState(world)).toEqual(AWAKE);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  it('a schedule that changes its mind at any time, and kills, end with the sizes that were saved', async () => {
    const always = { office: { timeZone: 'Europe/Berlin', awake: ['Mon-Sun 00:00-24:00'] } };
    const never = { office: { timeZone: 'Europe/Berlin', awake: ['Mon 04:00-04:01'] } };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ asleep: fc.boolean(), minutes: fc.integer({ min: 1, max: 9 }) }), {
          minLength: 2,
          maxLength: 30,
        }),
        fc.array(
          fc.record({
            call: fc.integer({ min: 1, max: 300 }),
            moment: fc.constantFrom('before' as const, 'after' as const),
          }),
          { maxLength: 4 },
        ),
        async (wishes, deaths) => {
          const world = newWorld();
          const { revive } = killAt(world, deaths);
          for (const { asleep, minutes } of wishes) {
            world.section = { ...world.section, schedules: asleep ? never : always };
            const next = world.clock.now() + minutes * 60_000;
            await runUntil(world, new Date(next).toISOString(), () => 1, revive);
          }
          world.onCall = () => {};
          world.section = { ...world.section, schedules: always };
          const end = new Date(world.clock.now() + 3_600_000).toISOString();
          await runUntil(
            world,
            end,
            () => 5,
            () => {},
          );
          expect(endState(world)).toEqual(AWAKE);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});
