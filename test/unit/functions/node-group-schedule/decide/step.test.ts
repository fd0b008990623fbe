import { describe, expect, it } from '@jest/globals';
import { nodeGroupScheduleSchema } from '../../../../../functions/node-group-schedule/config.ts';
import type { Cycle, GroupRecord, Phase } from '../../../../../functions/node-group-schedule/decide/model.ts';
import {
  asleepSizes,
  awakeSizes,
  isAtZero,
  sameSizes,
  saveRefusal,
} from '../../../../../functions/node-group-schedule/decide/sizes.ts';
import type { Step } from '../../../../../functions/node-group-schedule/decide/step.ts';
import {
  backoffMs,
  hasDrifted,
  lateMinutes,
  latenessOf,
  nextStep,
  planKey,
  plannedDecisions,
} from '../../../../../functions/node-group-schedule/decide/step.ts';
import type { Wish } from '../../../../../functions/node-group-schedule/decide/wish.ts';
import { nextWish, settingsOf, wishOf } from '../../../../../functions/node-group-schedule/decide/wish.ts';

const NOW = Date.parse('2026-11-19T19:05:00Z');
const MINUTE_MS = 60_000;
const cycle: Cycle = { id: '2026-11-19T19:00:00.000Z', evicted: 0, attempt: 1, failures: 0 };
const record = (change: Partial<GroupRecord> = {}): GroupRecord => ({
  arn: 'arn:web/1',
  cluster: 'staging',
  nodeGroup: 'web',
  schedule: 'office',
  source: 'tag',
  autoScalingGroups: ['asg-web'],
  knownSince: 0,
  phase: 'awake',
  notices: {},
  ...change,
});
const asleep: Wish = {
  awake: false,
  reason: 'outside-windows',
  since: Date.parse(cycle.id),
  cycleId: cycle.id,
};
const awake: Wish = { awake: true, reason: 'inside-window', readyBy: NOW - 3 * MINUTE_MS };

describe('the next step of a group', () => {
  it.each<[Phase, Step | undefined, Step | undefined]>([
    ['awake', 'save', undefined],
    ['draining', 'drain', 'turn-back'],
    ['resizing', 'resize', 'turn-back'],
    ['verifying', 'verify', 'turn-back'],
    ['asleep', undefined, 'begin-wake'],
    ['waking', 'restore', 'restore'],
    ['readying', 'ready', 'ready'],
  ])('%s: towards sleep %s, towards awake %s', (phase, towardsSleep, towardsAwake) => {
    const group = record({ phase, cycle });
    expect(nextStep(group, asleep, NOW)).toBe(towardsSleep);
    expect(nextStep(group, awake, NOW)).toBe(towardsAwake);
  });

  it('is none for a night in which somebody else woke it, and is there again the night after', () => {
    expect(nextStep(record({ skippedCycle: cycle.id }), asleep, NOW)).toBeUndefined();
    expect(nextStep(record({ skippedCycle: '2026-11-18T19:00:00.000Z' }), asleep, NOW)).toBe('save');
  });

  it.each<[Phase, Wish, Step]>([
    ['awake', asleep, 'save'],
    ['resizing', asleep, 'resize'],
    ['waking', awake, 'restore'],
  ])('%s waits until its retry is due', (phase, wish, step) => {
    const group = record({ phase, cycle, retryAt: NOW });
    expect(nextStep(group, wish, NOW - 1)).toBeUndefined();
    expect(nextStep(group, wish, NOW)).toBe(step);
  });

  it('of a night in which somebody woke it goes on where it is on its way', () => {
    const group = record({ phase: 'draining', cycle, skippedCycle: cycle.id });
    expect(nextStep(group, asleep, NOW)).toBe('drain');
  });

  it('turns back at once, whatever it waited for', () => {
    expect(nextStep(record({ phase: 'resizing', cycle, retryAt: NOW + 1 }), awake, NOW)).toBe('turn-back');
  });

  it('wakes who no longer opts in, and then forgets it', () => {
    const optedOut: Wish = { awake: true, reason: 'opted-out' };
    expect(nextStep(record({ phase: 'asleep', cycle }), optedOut, NOW)).toBe('begin-wake');
    expect(nextStep(record(), optedOut, NOW)).toBe('forget');
  });

  it.each<[Phase, Wish, number, boolean]>([
    ['asleep', asleep, 1, true],
    ['asleep', asleep, 0, false],
    ['asleep', awake, 1, false],
    ['awake', asleep, 1, false],
    ['verifying', asleep, 1, false],
  ])('%s with wish %j and desired %i drifted: %s', (phase, wish, desired, drifted) => {
    expect(hasDrifted(record({ phase, cycle }), wish, { min: 0, desired, max: 3 })).toBe(drifted);
  });

  it('has not drifted where nobody saw its sizes, and has where only its minimum was raised', () => {
    const group = record({ phase: 'asleep', cycle });
    expect(hasDrifted(group, asleep, undefined)).toBe(false);
    expect(hasDrifted(group, asleep, { min: 1, desired: 0, max: 3 })).toBe(true);
  });
});

describe('what the schedule wants', () => {
  const config = nodeGroupScheduleSchema.parse({
    schedules: { office: { timeZone: 'Europe/Berlin', awake: ['Mon-Fri 07:00-20:00'] } },
    groups: [{ cluster: 'staging', nodeGroup: 'api', schedule: 'office', leadMinutes: 30, drainMinutes: 0 }],
  });

  it('is sleep outside of the windows, in a cycle named after its beginning', () => {
    expect(wishOf(record(), config, NOW)).toEqual(asleep);
  });

  it('is awake from the lead minutes on, Ready by the opening', () => {
    const at = Date.parse('2026-11-20T05:50:00Z');
    const readyBy = Date.parse('2026-11-20T06:00:00Z');
    expect(wishOf(record(), config, at)).toEqual({ awake: true, reason: 'inside-window', readyBy });
    expect(wishOf(record({ nodeGroup: 'api' }), config, at - 20 * MINUTE_MS)).toMatchObject({
      awake: true,
      readyBy,
    });
    expect(wishOf(record(), config, at - 20 * MINUTE_MS).awake).toBe(false);
  });

  it.each([
    ['opted-out', undefined],
    ['unknown-schedule', 'factory'],
    ['unknown-schedule', 'valueOf'],
  ])('is awake, %s, for schedule %s', (reason, schedule) => {
    expect(wishOf(record({ schedule }), config, NOW)).toEqual({ awake: true, reason });
    expect(nextWish(record({ schedule }), config, NOW)).toBeUndefined();
  });

  it('is awake without an opening where a schedule never sleeps', () => {
    const always = nodeGroupScheduleSchema.parse({
      schedules: { office: { timeZone: 'UTC', awake: ['Mon-Sun 00:00-24:00'] } },
    });
    expect(wishOf(record(), always, NOW)).toEqual({
      awake: true,
      reason: 'inside-window',
      readyBy: undefined,
    });
  });

  it('changes next when the lead begins', () => {
    expect(nextWish(record(), config, NOW)).toEqual({ at: Date.parse('2026-11-20T05:45:00Z'), awake: true });
  });

  it('takes a group from the configuration with its own minutes, others with the defaults', () => {
    expect(settingsOf(record({ nodeGroup: 'api' }), config)).toMatchObject({
      leadMinutes: 30,
      drainMinutes: 0,
    });
    expect(settingsOf(record(), config)).toEqual({ leadMinutes: 15, drainMinutes: 10 });
    expect(settingsOf(record({ cluster: 'other', nodeGroup: 'api' }), config)).toEqual({
      leadMinutes: 15,
      drainMinutes: 10,
    });
  });
});

describe('lateness', () => {
  const settings = { leadMinutes: 15, drainMinutes: 10 };

  it.each<[Phase, Wish, number, string | undefined]>([
    ['waking', awake, NOW, 'wake-late 3'],
    ['readying', awake, NOW - 3 * MINUTE_MS + 1, 'wake-late 1'],
    ['readying', awake, NOW - 3 * MINUTE_MS, undefined],
    ['awake', awake, NOW, undefined],
    ['waking', { awake: true, reason: 'opted-out' }, NOW, undefined],
    ['draining', asleep, asleep.since + 40 * MINUTE_MS, undefined],
    ['draining', asleep, asleep.since + 41 * MINUTE_MS, 'sleep-late 41'],
    ['asleep', asleep, asleep.since + 41 * MINUTE_MS, undefined],
    ['waking', { awake: true, reason: 'inside-window', readyBy: undefined }, NOW, undefined],
  ])('of %s with %j at %i is %s', (phase, wish, now, expected) => {
    const late = latenessOf(record({ phase, ...(phase === 'awake' ? {} : { cycle }) }), {
      wish,
      settings,
      now,
    });
    expect(late === undefined ? undefined : `${late.kind} ${late.minutes}`).toBe(expected);
  });

  it.each<[string, Partial<GroupRecord>]>([
    ['that is awake, whatever cycle it had', { phase: 'awake', cycle }],
    ['without a cycle', { phase: 'waking' }],
  ])('is none of a group %s', (_, change) => {
    expect(latenessOf(record(change), { wish: awake, settings, now: NOW })).toBeUndefined();
  });

  it('names the cycle that it is late in: its own, or the one that is due', () => {
    const late = { wish: asleep, settings, now: asleep.since + 41 * MINUTE_MS };
    const other = { ...cycle, id: '2026-11-18T19:00:00.000Z' };
    expect(latenessOf(record({ phase: 'draining', cycle: other }), late)?.cycleId).toBe(other.id);
    expect(latenessOf(record(), late)?.cycleId).toBe(cycle.id);
    expect(
      latenessOf(record({ phase: 'waking', cycle: other }), { wish: awake, settings, now: NOW }),
    ).toEqual({
      kind: 'wake-late',
      cycleId: other.id,
      minutes: 3,
    });
  });

  it('of a group that opted in during the night counts from then', () => {
    const knownSince = asleep.since + 60 * MINUTE_MS;
    const at = (minutes: number) => ({ wish: asleep, settings, now: knownSince + minutes * MINUTE_MS });
    expect(latenessOf(record({ knownSince }), at(40))).toBeUndefined();
    expect(latenessOf(record({ knownSince }), at(41))).toMatchObject({ kind: 'sleep-late', minutes: 41 });
  });

  it.each([
    [0, 0],
    [1, 1],
    [60_000, 1],
    [60_001, 2],
    [-5, 0],
  ])('%i ms past are %i minutes', (ms, minutes) => {
    expect(lateMinutes(1_000_000, 1_000_000 + ms)).toBe(minutes);
  });
});

describe('sizes', () => {
  const saved = { min: 1, desired: 3, max: 7 };

  it('asleep are zero, and keep the maximum', () => {
    expect(asleepSizes(saved)).toEqual({ min: 0, desired: 0, max: 7 });
  });

  it.each([
    [
      { min: 0, desired: 0, max: 7 },
      { min: 1, desired: 3, max: 7 },
    ],
    [
      { min: 0, desired: 0, max: 9 },
      { min: 1, desired: 3, max: 9 },
    ],
    [
      { min: 0, desired: 0, max: 2 },
      { min: 1, desired: 2, max: 2 },
    ],
  ])('awake again from %j are %j', (current, expected) => {
    expect(awakeSizes(saved, current)).toEqual(expected);
    expect(awakeSizes({ min: 3, desired: 3, max: 7 }, { min: 0, desired: 0, max: 1 })).toEqual({
      min: 1,
      desired: 1,
      max: 1,
    });
  });

  it.each([
    [{ min: 0, desired: 0, max: 7 }, true],
    [{ min: 0, desired: 1, max: 7 }, false],
    [{ min: 1, desired: 0, max: 7 }, false],
  ])('%j are at zero: %s', (sizes, zero) => {
    expect(isAtZero(sizes)).toBe(zero);
  });

  it.each([
    [{ min: 1, desired: 3, max: 7 }, true],
    [{ min: 0, desired: 3, max: 7 }, false],
    [{ min: 1, desired: 2, max: 7 }, false],
    [{ min: 1, desired: 3, max: 8 }, false],
    [{ min: 0, desired: 2, max: 7 }, false],
  ])('%j are the saved ones: %s', (sizes, same) => {
    expect(sameSizes(saved, sizes)).toBe(same);
    expect(sameSizes(sizes, saved)).toBe(same);
  });

  it.each([
    ['ACTIVE', saved, undefined],
    ['UPDATING', saved, 'node-group-not-active'],
    ['DEGRADED', saved, 'node-group-not-active'],
    ['ACTIVE', { min: 0, desired: 0, max: 7 }, 'already-at-zero'],
  ])('of a group that is %s with %j: refusal %s', (status, sizes, refusal) => {
    expect(
      saveRefusal({ arn: 'a', cluster: 'c', name: 'n', status, sizes, autoScalingGroups: [], tags: {} }),
    ).toBe(refusal);
  });
});

describe('plans and waits', () => {
  it.each<[Step, readonly string[], string]>([
    ['save', ['save', 'drain', 'sleep', 'verify'], 'sleep-due'],
    ['drain', ['drain', 'sleep', 'verify'], 'sleep-due'],
    ['resize', ['sleep', 'verify'], 'sleep-due'],
    ['verify', ['verify'], 'sleep-due'],
    ['begin-wake', ['wake', 'verify'], 'wake-due'],
    ['turn-back', ['wake', 'verify'], 'wake-due'],
    ['restore', ['wake', 'verify'], 'wake-due'],
    ['ready', ['verify'], 'wake-due'],
    ['forget', [], 'wake-due'],
    ['drift', [], 'wake-due'],
  ])('the plan from %s on is %j because of %s', (step, actions, reason) => {
    expect(plannedDecisions(record(), step, { desired: 3 })).toEqual(
      actions.map((action) => ({
        cluster: 'staging',
        target: 'node-group/web',
        action,
        reason,
        detail: { desired: 3 },
      })),
    );
  });

  it.each<[string, Partial<GroupRecord>, Step, Wish]>([
    [`save:${cycle.id}`, {}, 'save', asleep],
    ['drain:2026-11-18', { cycle: { ...cycle, id: '2026-11-18' } }, 'drain', asleep],
    ['forget:opted-out', {}, 'forget', { awake: true, reason: 'opted-out' }],
    ['restore:2026-11-18', { cycle: { ...cycle, id: '2026-11-18' } }, 'restore', awake],
  ])('the plan goes by the name %s', (name, change, step, wish) => {
    expect(planKey(record(change), step, wish)).toBe(name);
  });

  it('failed updates are tried again after 5, 10, 20, 40 and then 60 minutes', () => {
    expect([1, 2, 3, 4, 5, 12].map((failures) => backoffMs(failures) / MINUTE_MS)).toEqual([
      5, 10, 20, 40, 60, 60,
    ]);
  });
});
