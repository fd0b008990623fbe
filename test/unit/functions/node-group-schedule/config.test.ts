import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import {
  checkNodeGroupSchedule,
  nodeGroupScheduleSchema,
} from '../../../../functions/node-group-schedule/config.ts';

const office = { timeZone: 'Europe/Berlin', awake: ['Mon-Fri 07:00-20:00'] };
const group = { cluster: 'staging', nodeGroup: 'web-a', schedule: 'office' };

const issuesOf = (section: unknown) => {
  const parsed = nodeGroupScheduleSchema.safeParse(section);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
};

const check = (section: object) =>
  checkNodeGroupSchedule({
    version: 1,
    mode: 'act',
    clusters: [{ name: 'staging' }],
    notifications: { topic: true },
    nodeGroupSchedule: nodeGroupScheduleSchema.parse(section),
  });

describe('the section nodeGroupSchedule', () => {
  it('may be left out and then schedules nothing', () => {
    expect(nodeGroupScheduleSchema.parse(undefined)).toEqual({
      schedules: {},
      groups: [],
      reconcileMinutes: 60,
    });
  });

  it('gives a group its defaults, and its output is valid input', () => {
    const parsed = nodeGroupScheduleSchema.parse({ schedules: { office }, groups: [group] });
    expect(parsed.groups[0]).toEqual({ ...group, leadMinutes: 15, drainMinutes: 10 });
    expect(nodeGroupScheduleSchema.parse(parsed)).toEqual(parsed);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'an unknown zone',
      { schedules: { a: { ...office, timeZone: 'Europe/Atlantis' } } },
      'schedules.a.timeZone',
      /IANA/,
    ],
    [
      'a plain offset',
      { schedules: { a: { ...office, timeZone: '+02:00' } } },
      'schedules.a.timeZone',
      /IANA/,
    ],
    ['no windows', { schedules: { a: { ...office, awake: [] } } }, 'schedules.a.awake', /at least one/],
    [
      'a window of no length',
      { schedules: { a: { ...office, awake: ['Mon 07:00-07:00'] } } },
      'schedules.a.awake.0',
      /zero length/,
    ],
    [
      'a window in other words',
      { schedules: { a: { ...office, awake: ['weekdays 7-20'] } } },
      'schedules.a.awake.0',
      /Mon-Fri 07:00-20:00/,
    ],
    [
      'a duration with its unit',
      { groups: [{ ...group, drainMinutes: '30s' }] },
      'groups.0.drainMinutes',
      /whole number of minutes/,
    ],
    [
      'a fraction',
      { groups: [{ ...group, leadMinutes: 1.5 }] },
      'groups.0.leadMinutes',
      /whole number of minutes/,
    ],
    [
      'a negative lead',
      { groups: [{ ...group, leadMinutes: -1 }] },
      'groups.0.leadMinutes',
      /whole number of minutes/,
    ],
    ['a reconcile every minute', { reconcileMinutes: 1 }, 'reconcileMinutes', /from 5 to 1440/],
    ['a bad schedule name', { schedules: { 'a b': office } }, 'schedules.a b', /./],
  ])('refuses %s', (_what, section, path, message) => {
    const issues = issuesOf(section);
    expect(issues).toHaveLength(1);
    expect(issues[0]?.path).toBe(path);
    expect(issues[0]?.message).toMatch(message);
  });

  it('refuses unknown keys at every level', () => {
    for (const section of [
      { holidays: [] },
      { schedules: { office: { ...office, holidays: [] } } },
      { groups: [{ ...group, atDeadline: 'sleep' }] },
    ]) {
      expect(nodeGroupScheduleSchema.safeParse(section).success).toBe(false);
    }
  });

  it('can be written as JSON Schema', () => {
    expect(JSON.stringify(z.toJSONSchema(nodeGroupScheduleSchema, { io: 'input' }))).toContain(
      'drainMinutes',
    );
  });
});

describe('cross references', () => {
  it('are fine where cluster and schedule are configured', () => {
    expect(check({ schedules: { office }, groups: [group] })).toEqual([]);
  });

  it.each<[string, object, readonly (string | number)[], RegExp]>([
    [
      'an unknown cluster',
      { ...group, cluster: 'prod' },
      ['nodeGroupSchedule', 'groups', 0, 'cluster'],
      /unknown cluster "prod"/,
    ],
    [
      'an unknown schedule',
      { ...group, schedule: 'factory' },
      ['nodeGroupSchedule', 'groups', 0, 'schedule'],
      /unknown schedule "factory"/,
    ],
    [
      'a schedule named like a method',
      { ...group, schedule: 'toString' },
      ['nodeGroupSchedule', 'groups', 0, 'schedule'],
      /unknown schedule/,
    ],
  ])('report %s', (_what, entry, path, found) => {
    const issues = check({ schedules: { office }, groups: [entry] });
    expect(issues).toHaveLength(1);
    expect(issues[0]?.path).toEqual(path);
    expect(issues[0]?.found).toMatch(found);
  });

  it('report a group that is listed twice, at its second place', () => {
    const issues = check({ schedules: { office }, groups: [group, { ...group, leadMinutes: 30 }] });
    expect(issues.map(({ path }) => path)).toEqual([['nodeGroupSchedule', 'groups', 1, 'nodeGroup']]);
  });
});
