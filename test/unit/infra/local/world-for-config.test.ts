import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadConfigFile, parseConfig } from '../../../../infra/load-config.ts';
import { worldForConfig } from '../../../../infra/local/world-for-config.ts';

const startAt = Date.UTC(2026, 10, 20, 22);
const example = loadConfigFile('infra/config/caretaker.yaml');
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const config = parseConfig(
  `version: 1
clusters: [{ name: a }, { name: b }]
nodeGroupSchedule:
  schedules: { nights: { timeZone: Asia/Tokyo, awake: ["Mon-Sun 06:00-22:00"] } }
  groups:
    - { cluster: b, nodeGroup: spot, schedule: nights }
    - { cluster: b, nodeGroup: batch, schedule: nights }
ecrRescan: { repositories: ["one/exact", "my_team/*", "*"] }
spotDrain: { lifecycleHooks: [first, second] }
podCleanup: { minimumAgeMinutes: 120 }
`,
  'test',
);

const matches = (pattern: string, name: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name);

describe('the world of a configuration', () => {
  it.each([
    ['the example', example],
    ['one with awkward names', config],
  ])('has every cluster, node group, repository and hook of %s, whatever the seed', (_name, given) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const world = worldForConfig(given, { seed, startAt });
        expect(world.clusters.map(({ name }) => name)).toEqual(given.clusters.map(({ name }) => name));
        for (const { cluster, nodeGroup } of given.nodeGroupSchedule.groups)
          expect(
            world.clusters.find(({ name }) => name === cluster)?.nodeGroups.map(({ name }) => name),
          ).toContain(nodeGroup);
        for (const pattern of given.ecrRescan.repositories)
          expect(world.repositories.some(({ name }) => matches(pattern, name))).toBe(true);
        expect(world.clusters[0]?.selfManagedGroups.map(({ terminateHook }) => terminateHook)).toEqual(
          given.spotDrain.lifecycleHooks,
        );
      }),
    );
  });

  it('gives each automation something to do in every cluster', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        for (const cluster of worldForConfig(config, { seed, startAt }).clusters) {
          expect(cluster.nodeGroups.some(({ spot, desired }) => spot && desired > 0)).toBe(true);
          expect(new Set(cluster.nodeGroups.map(({ name }) => name)).size).toBe(cluster.nodeGroups.length);
          expect(cluster.workloads.some(({ budget }) => budget?.maxUnavailable === 1)).toBe(true);
          expect(cluster.workloads.some((one) => one.budget?.minAvailable === one.replicas)).toBe(true);
          const old = cluster.failedPods.filter(({ failedMinutesAgo }) => failedMinutesAgo > 120);
          expect(new Set(old.map(({ reason }) => reason)).size).toBeGreaterThanOrEqual(5);
          for (const { name, version } of cluster.addons) expect([name, version]).not.toEqual([name, '']);
          for (const { namespace } of cluster.workloads)
            expect(namespace).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        }
      }),
    );
  });

  it('is the same for the same seed, and another for another', () => {
    const draw = (seed: number) => worldForConfig(example, { seed, startAt });
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });
});
