import { describe, expect, it } from '@jest/globals';
import { createLanes } from '../../../../shared/drain/lanes.ts';
import type { LaneVerdict } from '../../../../shared/drain/pace.ts';

const NOW = 1_000_000;
/** Somebody leaves who came a moment ago. */
const leave = (
  lanes: ReturnType<typeof createLanes>,
  name: string,
  verdict: LaneVerdict,
  { now = NOW, tookMs = 10 } = {},
) => lanes.leave(name, { verdict, begunAt: now - tookMs, now });
const enter = (lanes: ReturnType<typeof createLanes>, name: string, times = 1) => {
  for (let count = 0; count < times; count += 1) lanes.enter(name);
};
/** How many more may enter now, one after the other. */
const roomIn = (lanes: ReturnType<typeof createLanes>, name: string, now = NOW): number => {
  let count = 0;
  for (; count < 20 && lanes.freeAt(name, now) === now; count += 1) lanes.enter(name);
  for (let left = 0; left < count; left += 1) leave(lanes, name, undefined, { now });
  return count;
};

/** Lanes whose server has let so many go in time. */
const trusted = (granted: number): ReturnType<typeof createLanes> => {
  const lanes = createLanes();
  for (let count = 0; count < granted; count += 1) {
    lanes.enter('before');
    leave(lanes, 'before', 'granted');
  }
  return lanes;
};
/** How many more may enter now, each in a lane of its own. */
const placesOf = (lanes: ReturnType<typeof createLanes>): number => {
  let count = 0;
  for (; count < 100 && lanes.freeAt(`own-${count}`, NOW) === NOW; count += 1) lanes.enter(`own-${count}`);
  for (let left = 0; left < count; left += 1) leave(lanes, `own-${left}`, undefined);
  return count;
};

describe('the places of all lanes together', () => {
  it('are four to begin with, and free again when somebody leaves', () => {
    const lanes = createLanes();
    expect(placesOf(lanes)).toBe(4);
    enter(lanes, 'a', 4);
    expect(lanes.freeAt('b', NOW)).toBeUndefined();
    leave(lanes, 'a', undefined);
    expect(lanes.freeAt('b', NOW)).toBe(NOW);
  });

  it.each([
    [1, 5],
    [10, 14],
    [28, 32],
    [200, 32],
  ])('grow with each that is let go in time: after %i they are %i', (granted, places) => {
    expect(placesOf(trusted(granted))).toBe(places);
  });

  it.each<LaneVerdict>(['refused', undefined])('do not grow with an answer of %s', (verdict) => {
    const lanes = createLanes();
    enter(lanes, 'a');
    leave(lanes, 'a', verdict);
    expect(placesOf(lanes)).toBe(4);
  });

  it.each<LaneVerdict>(['granted', 'refused', undefined])(
    'are one fewer after a late answer of %s',
    (verdict) => {
      const lanes = createLanes();
      enter(lanes, 'a', 2);
      leave(lanes, 'a', verdict, { tookMs: 499 });
      leave(lanes, 'a', verdict, { tookMs: 500 });
      expect(placesOf(lanes)).toBe(verdict === 'granted' ? 4 : 3);
    },
  );

  it('are one fewer for all that were under way together', () => {
    const lanes = trusted(4);
    enter(lanes, 'a', 3);
    for (const tookMs of [500, 700, 900]) leave(lanes, 'a', 'granted', { now: NOW + tookMs, tookMs });
    expect(placesOf(lanes)).toBe(7);
  });

  it('are fewer again for one that began when the last was answered, one at the least', () => {
    const lanes = trusted(4);
    const places = [1, 2, 3, 4, 5, 6, 7, 8].map((second) => {
      enter(lanes, 'a');
      leave(lanes, 'a', 'granted', { now: NOW + second * 1_000, tookMs: 1_000 });
      return placesOf(lanes);
    });
    expect(places).toEqual([7, 6, 5, 4, 3, 2, 1, 1]);
  });

  it('grow by one for each round of answers once one was late', () => {
    const lanes = createLanes();
    enter(lanes, 'a');
    leave(lanes, 'a', 'granted', { tookMs: 500 });
    const grown = [1, 2, 3, 4, 5].map(() => {
      enter(lanes, 'a');
      leave(lanes, 'a', 'granted', { now: NOW + 1 });
      return placesOf(lanes);
    });
    // 3, then a third more, then three tenths ...
    expect(grown).toEqual([3, 3, 3, 4, 4]);
  });
});

describe('the places of a lane', () => {
  it('are free where nobody ever was', () => {
    expect(createLanes().freeAt('a', NOW)).toBe(NOW);
  });

  it('are eight for a lane alone at the most', () => {
    expect(roomIn(trusted(100), 'a')).toBe(8);
  });

  it.each([
    [1, 4],
    [2, 2],
    [3, 2],
    [4, 1],
    [7, 1],
  ])('are shared with %i others that are busy: %i each of eight', (others, expected) => {
    const lanes = trusted(4);
    enter(lanes, 'a');
    for (let index = 0; index < others; index += 1) enter(lanes, `other-${index}`);
    leave(lanes, 'a', undefined);
    expect(roomIn(lanes, 'a')).toBe(expected);
  });

  it('are not shared with those that are idle', () => {
    const lanes = trusted(4);
    enter(lanes, 'b');
    leave(lanes, 'b', undefined);
    enter(lanes, 'a');
    expect(roomIn(lanes, 'a')).toBe(7);
  });

  it('nobody leaves who never came', () => {
    const lanes = createLanes();
    leave(lanes, 'a', 'refused', { tookMs: 500 });
    expect(lanes.freeAt('a', NOW)).toBe(NOW);
    expect(placesOf(lanes)).toBe(4);
  });
});

describe('after a refusal', () => {
  const probe = (lanes: ReturnType<typeof createLanes>, now: number) => {
    enter(lanes, 'a');
    leave(lanes, 'a', 'refused', { now });
    return (lanes.freeAt('a', now) ?? 0) - now;
  };

  it('a lane is closed for a tenth of a second, then half as long again after each probe, five seconds at most', () => {
    const lanes = createLanes();
    const waits: number[] = [];
    let now = NOW;
    for (let count = 0; count < 12; count += 1) {
      waits.push(probe(lanes, now));
      now += waits.at(-1) ?? 0;
    }
    expect(waits).toEqual([100, 150, 225, 338, 507, 761, 1142, 1713, 2570, 3855, 5000, 5000]);
  });

  it('of a whole burst it is closed as after one', () => {
    const lanes = trusted(4);
    enter(lanes, 'a', 8);
    for (const ms of [0, 20, 99]) leave(lanes, 'a', 'refused', { now: NOW + ms });
    expect(lanes.freeAt('a', NOW + 99)).toBeUndefined();
    for (let count = 0; count < 5; count += 1) leave(lanes, 'a', undefined, { now: NOW + 99 });
    expect(lanes.freeAt('a', NOW + 99)).toBe(NOW + 100);
  });

  it('it has one place', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    expect(roomIn(lanes, 'a', NOW + 100)).toBe(1);
  });

  it('it has twice as many after each that was let go, from then on, eight at most', () => {
    const lanes = trusted(8);
    probe(lanes, NOW);
    const rooms = [100, 110, 120, 130].map((ms) => {
      enter(lanes, 'a');
      leave(lanes, 'a', 'granted', { now: NOW + ms });
      return roomIn(lanes, 'a', NOW + ms);
    });
    expect(rooms).toEqual([2, 4, 8, 8]);
  });

  it('one that is let go meanwhile opens it', () => {
    const lanes = createLanes();
    enter(lanes, 'a', 2);
    leave(lanes, 'a', 'refused');
    leave(lanes, 'a', 'granted', { now: NOW + 30 });
    expect(lanes.freeAt('a', NOW + 30)).toBe(NOW + 30);
  });

  it('and after one that was let go the first wait is short again', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    probe(lanes, NOW + 100);
    enter(lanes, 'a', 1);
    leave(lanes, 'a', 'granted', { now: NOW + 250 });
    expect(probe(lanes, NOW + 300)).toBe(100);
  });

  it('an answer that says nothing changes nothing', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    enter(lanes, 'a');
    leave(lanes, 'a', undefined, { now: NOW + 10 });
    expect(lanes.freeAt('a', NOW + 10)).toBe(NOW + 100);
    expect(roomIn(lanes, 'a', NOW + 100)).toBe(1);
  });

  it('the others go on', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    enter(lanes, 'b');
    expect(lanes.freeAt('b', NOW)).toBe(NOW);
  });
});
