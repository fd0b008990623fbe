import { describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import { parseConfig } from '../../../../../infra/load-config.ts';
import { drawNight } from '../../../../../infra/local/night/draw.ts';

const seeds = Array.from({ length: 40 }, (_, seed) => seed);

describe('a night drawn from a seed', () => {
  it('is the same for the same seed and another for another', () => {
    expect(drawNight(7)).toEqual(drawNight(7));
    expect(drawNight(7).spec).not.toEqual(drawNight(8).spec);
  });

  it.each(seeds)('has a valid configuration and its scenes at the fixed times (seed %i)', (seed) => {
    const night = drawNight(seed);
    const config = parseConfig(night.configText, 'drawn');
    expect(config.clusters.map(({ name }) => name).sort()).toEqual(
      night.spec.clusters.map(({ name }) => name).sort(),
    );
    const local = (at: number) => DateTime.fromMillis(at, { zone: night.timeZone }).toFormat('HH:mm');
    const { evening, rescan, interruptions, wake, upgrade } = night.times;
    expect([evening, rescan, interruptions, wake, upgrade].map(local)).toEqual([
      '22:00',
      '01:00',
      '03:12',
      '07:00',
      '10:00',
    ]);
  });

  it.each(seeds)(
    'has a baseline more than 24 hours before the night, and a CVE that nobody knew then (seed %i)',
    (seed) => {
      const { times, spec, newFinding } = drawNight(seed);
      expect(times.evening - times.baseline).toBeGreaterThan(24 * 3_600_000);
      const finding = spec.repositories
        .find(({ name }) => name === newFinding.repository)
        ?.images.flatMap(({ findings }) => findings)
        .find(({ name }) => name === newFinding.name);
      expect(finding?.knownFrom).toBeGreaterThan(times.baseline);
      expect(finding?.knownFrom).toBeLessThan(times.rescan);
    },
  );

  it.each(seeds)(
    'interrupts three different nodes that are there, and wakes on a working day (seed %i)',
    (seed) => {
      const night = drawNight(seed);
      const group = night.spec.clusters
        .find(({ name }) => name === night.spotCluster)
        ?.nodeGroups.find(({ name }) => name === night.spotGroup);
      expect(night.interruptedNodes).toBe(3);
      const places = Array.from({ length: group?.desired ?? 0 }, (_, place) => place);
      expect([...night.order].sort()).toEqual(places);
      expect(places.length).toBeGreaterThan(3);
      expect(DateTime.fromMillis(night.times.wake, { zone: night.timeZone }).weekday).toBeLessThanOrEqual(5);
    },
  );
});
