import { describe, expect, it } from '@jest/globals';
import { configFile, createCliWorld } from '../run-cli.ts';

const config = configFile(`
version: 1
clusters: [{ name: staging }]
nodeGroupSchedule:
  schedules:
    office: { timeZone: Europe/Berlin, awake: ["Mon-Fri 07:00-20:00"] }
    night: { timeZone: Europe/Berlin, awake: ["Sun 02:30-05:00"] }
`);

describe('caretaker schedule preview', () => {
  it('prints the next transitions in the zone of the schedule and in UTC', async () => {
    const { code, out } = await createCliWorld().run(
      'schedule',
      'preview',
      '--config',
      config,
      '--schedule',
      'office',
      '--from',
      '2026-03-27T12:00:00Z',
      '--count',
      '3',
    );
    expect(code).toBe(0);
    expect(
      out
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['office', 'sleep', 'Fri 2026-03-27 20:00 +01:00', '2026-03-27T19:00:00.000Z'],
      ['office', 'wake', 'Mon 2026-03-30 07:00 +02:00', '2026-03-30T05:00:00.000Z'],
      ['office', 'sleep', 'Mon 2026-03-30 20:00 +02:00', '2026-03-30T18:00:00.000Z'],
    ]);
  });

  it('marks days on which the clocks change', async () => {
    const { out } = await createCliWorld().run(
      'schedule',
      'preview',
      '--config',
      config,
      '--schedule',
      'night',
      '--from',
      '2026-03-28',
      '--count',
      '1',
    );
    expect(out).toContain('clocks change, the clocks skip this time');
  });

  it('starts from now and shows every schedule where none is named', async () => {
    const { out } = await createCliWorld().run('schedule', 'preview', '--config', config, '--count', '1');
    expect(out).toContain('2026-11-20T06:00:00.000Z');
    expect(out).toContain('night');
  });

  it('refuses a schedule that is not configured, naming those that are', async () => {
    const { code, err } = await createCliWorld().run(
      'schedule',
      'preview',
      '--config',
      config,
      '--schedule',
      'x',
    );
    expect(code).toBe(2);
    expect(err).toContain('configured: office, night');
  });
});
