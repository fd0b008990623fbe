import { describe, expect, it } from '@jest/globals';
import { createLanes } from '../../../../shared/drain/lanes.ts';

const NOW = 1_000_000;
const enter = (lanes: ReturnType<typeof createLanes>, name: string, times = 1) => {
  for (let count = 0; count < times; count += 1) lanes.enter(name);
};
/** How many more may enter now, one after the other. */
const roomIn = (lanes: ReturnType<typeof createLanes>, name: string, now = NOW): number => {
  let count = 0;
  for (; count < 20 && lanes.freeAt(name, now) === now; count += 1) lanes.enter(name);
  for (let left = 0; left < count; left += 1) lanes.leave(name, undefined, now);
  return count;
};

describe('the places of a lane', () => {
  it('are free where nobody ever was', () => {
    expect(createLanes().freeAt('a', NOW)).toBe(NOW);
  });

  it('are eight for a lane alone, and free again when somebody leaves', () => {
    const lanes = createLanes();
    enter(lanes, 'a', 7);
    expect(lanes.freeAt('a', NOW)).toBe(NOW);
    enter(lanes, 'a');
    expect(lanes.freeAt('a', NOW)).toBeUndefined();
    lanes.leave('a', undefined, NOW);
    expect(lanes.freeAt('a', NOW)).toBe(NOW);
  });

  it.each([
    [1, 4],
    [2, 2],
    [3, 2],
    [4, 1],
    [7, 1],
    [30, 1],
  ])('are shared with %i others that are busy: %i each', (others, expected) => {
    const lanes = createLanes();
    enter(lanes, 'a');
    for (let index = 0; index < others; index += 1) enter(lanes, `other-${index}`);
    lanes.leave('a', undefined, NOW);
    expect(roomIn(lanes, 'a')).toBe(expected);
  });

  it('are not shared with those that are idle', () => {
    const lanes = createLanes();
    enter(lanes, 'b');
    lanes.leave('b', undefined, NOW);
    enter(lanes, 'a');
    expect(roomIn(lanes, 'a')).toBe(7);
  });

  it('nobody leaves who never came', () => {
    const lanes = createLanes();
    lanes.leave('a', 'refused', NOW);
    expect(lanes.freeAt('a', NOW)).toBe(NOW);
  });
});

describe('after a refusal', () => {
  const probe = (lanes: ReturnType<typeof createLanes>, now: number) => {
    enter(lanes, 'a');
    lanes.leave('a', 'refused', now);
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
    const lanes = createLanes();
    enter(lanes, 'a', 8);
    for (const ms of [0, 20, 99]) lanes.leave('a', 'refused', NOW + ms);
    expect(lanes.freeAt('a', NOW + 99)).toBeUndefined();
    for (let count = 0; count < 5; count += 1) lanes.leave('a', undefined, NOW + 99);
    expect(lanes.freeAt('a', NOW + 99)).toBe(NOW + 100);
  });

  it('it has one place', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    expect(roomIn(lanes, 'a', NOW + 100)).toBe(1);
  });

  it('it has twice as many after each that was let go, from then on, eight at most', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    const rooms = [100, 110, 120, 130].map((ms) => {
      enter(lanes, 'a');
      lanes.leave('a', 'granted', NOW + ms);
      return roomIn(lanes, 'a', NOW + ms);
    });
    expect(rooms).toEqual([2, 4, 8, 8]);
  });

  it('one that is let go meanwhile opens it', () => {
    const lanes = createLanes();
    enter(lanes, 'a', 2);
    lanes.leave('a', 'refused', NOW);
    lanes.leave('a', 'granted', NOW + 30);
    expect(lanes.freeAt('a', NOW + 30)).toBe(NOW + 30);
  });

  it('and after one that was let go the first wait is short again', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    probe(lanes, NOW + 100);
    enter(lanes, 'a', 1);
    lanes.leave('a', 'granted', NOW + 250);
    expect(probe(lanes, NOW + 300)).toBe(100);
  });

  it('an answer that says nothing changes nothing', () => {
    const lanes = createLanes();
    probe(lanes, NOW);
    enter(lanes, 'a');
    lanes.leave('a', undefined, NOW + 10);
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
