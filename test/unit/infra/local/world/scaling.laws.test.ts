import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { World } from '../../../../../infra/local/world/world.ts';
import { createWorld, worldClockFor } from '../../../../../infra/local/world/world.ts';
import { worldSpec } from '../support/specs.ts';

type Step = (world: World) => void;

const pick = <T>(items: readonly T[], index: number): T | undefined =>
  items[index % Math.max(1, items.length)];

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat({ max: 2 })).map(
    ([which, desired]): Step =>
      (world) => {
        const group = pick(world.autoScaling.groups(), which);
        if (group !== undefined) world.autoScaling.resize(group, { min: 0, desired }, 'a test.');
      },
  ),
  fc.nat().map(
    (which): Step =>
      (world) => {
        const instance = pick(
          world.instances.all().filter(({ spot }) => spot),
          which,
        );
        if (instance !== undefined) world.interrupt(instance.id);
      },
  ),
  fc.nat().map(
    (which): Step =>
      (world) => {
        const instance = pick(
          world.instances.all().filter(({ state }) => state === 'running'),
          which,
        );
        if (instance !== undefined) world.terminateByAsg(instance.id);
      },
  ),
  fc.nat().map(
    (which): Step =>
      (world) => {
        const group = pick(world.autoScaling.groups(), which);
        if (group !== undefined) group.failing = { times: 2, message: 'no capacity' };
      },
  ),
  fc.integer({ min: 1, max: 400 }).map(
    (seconds): Step =>
      (world) => {
        world.clock.jumpTo(world.clock.now() + seconds * 1000);
      },
  ),
);

it('whatever happens, each group ends with its desired number, and each of its nodes with a running instance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (done) => {
      const world = await createWorld(worldSpec, worldClockFor(worldSpec));
      try {
        for (const step of done) step(world);
        world.clock.jumpTo(world.clock.now() + 2 * 3_600_000);
        for (const group of world.autoScaling.groups()) {
          const members = world.autoScaling.members(group);
          expect(members.map(({ lifecycle }) => lifecycle)).toEqual(Array(group.desired).fill('InService'));
          expect(members.every((instance) => world.isReady(instance))).toBe(true);
        }
        const running = world.instances.all().filter(({ state }) => state === 'running');
        const nodes = world.cluster('staging').kubernetes.objects.list('nodes');
        expect(nodes.map(({ spec }) => spec.providerID?.split('/').at(-1)).sort()).toEqual(
          running.map(({ id }) => id).sort(),
        );
      } finally {
        await world.close();
      }
    }),
    { numRuns: 25 },
  );
});
