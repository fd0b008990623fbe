import { describe, expect, it } from '@jest/globals';
import { progressOf, restUntil } from '../../../../functions/spot-drain/rest.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { ACCEPTED, answer, at, BUDGET, begun } from '../../shared/drain/drive-step.ts';

const HOUR = 3_600;
const MINUTE = 60;

/** A drain of so many seconds whose one pod a budget holds. */
const held = (seconds: number, pod: Partial<PodOptions> = {}, deleteAtDeadline = true): DrainState =>
  answer(
    begun([{ name: 'a', ...pod }], { deadlineAt: at(seconds), deleteAtDeadline }).state,
    'uid-a',
    BUDGET,
    at(0),
  ).state;
const still = { left: 0, at: at(0) };

describe('a drain of hours', () => {
  it.each<[string, number, { now: number; heartbeatSeconds?: number }, number | undefined]>([
    ['rests for five minutes', 10 * HOUR, { now: at(MINUTE) }, at(6 * MINUTE)],
    [
      'rests for half of the heartbeat time-out',
      10 * HOUR,
      { now: at(MINUTE), heartbeatSeconds: 300 },
      at(MINUTE + 150),
    ],
    [
      'goes on where a rest would be shorter than a minute',
      10 * HOUR,
      { now: at(MINUTE), heartbeatSeconds: 110 },
      undefined,
    ],
    ['goes on as long as pods leave', 10 * HOUR, { now: at(59) }, undefined],
    ['goes on where it is over within 15 minutes', 16 * MINUTE, { now: at(MINUTE) }, undefined],
  ])('%s', (_, seconds, context, expected) => {
    expect(restUntil(held(seconds), still, context)).toBe(expected);
  });

  it('is awake a minute before a pod has its last chance', () => {
    const slow = held(HOUR, { graceSeconds: 3_000 });
    // 3,600 s less a grace of 3,000 s and a margin of 5 s.
    expect(restUntil(slow, { left: 0, at: at(300) }, { now: at(400) })).toBe(at(595 - 60));
    expect(restUntil(slow, { left: 0, at: at(300) }, { now: at(500) })).toBeUndefined();
  });

  it('has no last chance to be awake for where nothing is deleted', () => {
    const slow = held(HOUR, { graceSeconds: 3_000 }, false);
    expect(restUntil(slow, { left: 0, at: at(300) }, { now: at(400) })).toBe(at(700));
  });
});

describe('progress', () => {
  it('is when a pod left, or was let go, for the last time', () => {
    const first = begun([{ name: 'a' }, { name: 'b' }]);
    const none = progressOf(first.state, undefined, at(0));
    expect(progressOf(first.state, none, at(30))).toEqual({ left: 0, at: at(0) });
    const one = answer(first.state, 'uid-a', ACCEPTED, at(40)).state;
    expect(progressOf(one, none, at(40))).toEqual({ left: 1, at: at(40) });
  });
});
