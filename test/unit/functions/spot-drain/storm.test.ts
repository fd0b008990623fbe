import { describe, expect, it } from '@jest/globals';
import { STORM_NODES } from '../../../../functions/spot-drain/decide/lull.ts';
import type { StormBook } from '../../../../functions/spot-drain/storm.ts';
import {
  claim,
  EMPTY_BOOK,
  enter,
  isComplete,
  isHeld,
  linesOf,
  report,
  without,
} from '../../../../functions/spot-drain/storm.ts';
import { createBookKeeper } from '../../../../functions/spot-drain/storm-book.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const NOW = Date.parse('2026-11-20T03:12:00Z');
const HURRIED = { deadlineAt: NOW + 110_000 };
const LINE = { node: 'node-1', reason: 'drained', text: '2 pod(s) evicted' };
const drains = (count: number, drain = HURRIED) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`i-${index}`, drain]));
const storm = (count = STORM_NODES + 1): StormBook => enter(EMPTY_BOOK, drains(count), NOW);
const reported = (book: StormBook, ...keys: readonly string[]): StormBook =>
  keys.reduce((before, key) => report(before, { key, line: LINE, now: NOW }), book);

describe('the book of drains', () => {
  it.each([
    [STORM_NODES, false],
    [STORM_NODES + 1, true],
  ])('of %i at the same time is a storm: %s', (count, expected) => {
    expect(storm(count).isStorm).toBe(expected);
  });

  it('does not take drains that go on for hours for a storm', () => {
    expect(enter(EMPTY_BOOK, drains(20, { deadlineAt: NOW + 3_600_000 }), NOW).isStorm).toBe(false);
  });

  it('adds up what several workers enter, each drain once', () => {
    const book = enter(storm(4), drains(6), NOW);
    expect(Object.keys(book.drains)).toHaveLength(6);
    expect(book.isStorm).toBe(true);
    expect(enter(book, drains(6), NOW)).toBe(book);
  });

  it('strikes out drains that died without a word', () => {
    const later = NOW + 110_000 + 30_000;
    expect(Object.keys(enter(storm(3), { new: { deadlineAt: later + 110_000 } }, later).drains)).toEqual([
      'new',
    ]);
  });

  it('leaves an end to be told by itself where there is no storm', () => {
    const book = reported(storm(3), 'i-1');
    expect(isHeld(book, 'i-1')).toBe(false);
    expect(Object.keys(book.drains)).toEqual(['i-0', 'i-2']);
  });

  it('keeps the ends of a storm until all are there', () => {
    const book = reported(storm(6), 'i-0', 'i-1', 'i-2', 'i-3', 'i-4');
    expect(isHeld(book, 'i-4')).toBe(true);
    expect(isComplete(book, NOW)).toBe(false);
    expect(claim(book, 'a', NOW)).toBe(book);
    const all = reported(book, 'i-5');
    expect(isComplete(all, NOW)).toBe(true);
    expect([...linesOf(all).keys()].sort()).toEqual(Object.keys(drains(6)));
  });

  it('does not wait for one that is overdue', () => {
    const book = reported(storm(6), 'i-0');
    expect(isComplete(book, NOW + 139_999)).toBe(false);
    expect(isComplete(book, NOW + 140_000)).toBe(true);
  });

  it('is sent by one worker, by another where that one dies', () => {
    const all = reported(storm(6), ...Object.keys(drains(6)));
    const mine = claim(all, 'a', NOW);
    expect(mine.sending).toEqual({ holder: 'a', until: NOW + 30_000 });
    expect(claim(mine, 'b', NOW + 1_000).sending?.holder).toBe('a');
    expect(claim(mine, 'b', NOW + 30_000).sending?.holder).toBe('b');
  });

  it('is empty and calm once it was sent', () => {
    const all = claim(reported(storm(6), ...Object.keys(drains(6))), 'a', NOW);
    expect(without(all, [...linesOf(all).keys()], NOW)).toEqual(EMPTY_BOOK);
  });
});

describe('the keeper of the book', () => {
  const setUp = () => {
    const clock = createFakeClock(NOW);
    const store = createMemoryStore(clock);
    let writes = 0;
    const { write } = store;
    store.write = async (item, version) => {
      writes += 1;
      return write(item, version);
    };
    return { clock, store, writes: () => writes };
  };

  it('writes changes that come together together, and loses none', async () => {
    const { clock, store, writes } = setUp();
    const keeper = createBookKeeper(store, clock, 'staging');
    const keys = Object.keys(drains(50));
    await Promise.all(keys.map((key) => keeper.change((book) => enter(book, { [key]: HURRIED }, NOW))));
    expect(Object.keys((await keeper.read()).drains)).toHaveLength(50);
    expect(writes()).toBeLessThanOrEqual(2);
  });

  it('is one of several: what others wrote meanwhile stays', async () => {
    const { clock, store } = setUp();
    const keepers = Array.from({ length: 10 }, () => createBookKeeper(store, clock, 'staging'));
    await Promise.all(
      keepers.map((keeper, index) => keeper.change((book) => enter(book, { [`w-${index}`]: HURRIED }, NOW))),
    );
    expect(Object.keys((await keepers[0]?.read())?.drains ?? {})).toHaveLength(10);
  });

  it('writes nothing where nothing changes', async () => {
    const { clock, store, writes } = setUp();
    await createBookKeeper(store, clock, 'staging').change((book) => book);
    expect(writes()).toBe(0);
  });

  it('says so when the table does not take it', async () => {
    const { clock, store } = setUp();
    store.write = async () => undefined;
    const change = createBookKeeper(store, clock, 'staging').change((book) => enter(book, drains(1), NOW));
    await expect(change).rejects.toThrow('changed by others');
  });
});
