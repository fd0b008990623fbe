import { describe, expect, it } from '@jest/globals';
import { createConcurrencyLimit } from '../../../../shared/drain/concurrency.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';

const setUp = (limit: number) => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const { run } = createConcurrencyLimit(limit);
  const begun: [name: string, ms: number][] = [];
  /** A task that takes 100 ms. */
  const task = (name: string, fails = false) =>
    run(async () => {
      begun.push([name, clock.now() - startedAt]);
      await clock.sleep(100);
      if (fails) throw new Error(`${name} failed`);
      return name;
    });
  return { clock, task, begun };
};

describe('a limit of two', () => {
  it('runs two at once, the others in the order in which they came', async () => {
    const { task, begun } = setUp(2);
    expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => task(name)))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    expect(begun).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 100],
      ['d', 100],
      ['e', 200],
    ]);
  });

  it('gives the place of one that failed to the next, and passes its error on', async () => {
    const { task, begun } = setUp(2);
    const failing = [task('a', true), task('b', true)];
    const later = [task('c'), task('d')];
    expect(await Promise.allSettled(failing)).toMatchObject([
      { status: 'rejected', reason: { message: 'a failed' } },
      { status: 'rejected', reason: { message: 'b failed' } },
    ]);
    await Promise.all(later);
    expect(begun.map(([, ms]) => ms)).toEqual([0, 0, 100, 100]);
  });

  it('has two places again when all is done', async () => {
    const { task, begun } = setUp(2);
    await Promise.all(['a', 'b', 'c'].map((name) => task(name)));
    await Promise.all(['d', 'e', 'f'].map((name) => task(name)));
    expect(begun.map(([, ms]) => ms)).toEqual([0, 0, 100, 200, 200, 300]);
  });

  it('lets nobody slip in before those who wait', async () => {
    const { clock, task, begun } = setUp(2);
    const early = ['a', 'b', 'c'].map((name) => task(name));
    await clock.sleep(100);
    const late = task('late');
    await Promise.all([...early, late]);
    expect(begun.slice(2)).toEqual([
      ['c', 100],
      ['late', 100],
    ]);
  });
});
