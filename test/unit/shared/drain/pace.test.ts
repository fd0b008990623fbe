import { describe, expect, it } from '@jest/globals';
import { createPace, NotBegunError } from '../../../../shared/drain/pace.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';

const setUp = (options: { concurrency?: number; perSecond?: number } = {}) => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const pace = createPace({
    clock,
    concurrency: options.concurrency ?? 100,
    perSecond: options.perSecond ?? 1_000,
  });
  const startedAfter: number[] = [];
  let running = 0;
  let most = 0;
  /** A request that takes so long. */
  const send = (ms = 50, lane?: string) =>
    pace.run(
      async () => {
        startedAfter.push((clock.now() - startedAt) / 1000);
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(ms);
        running -= 1;
      },
      lane === undefined ? {} : { lane, judge: () => 'granted' },
    );
  const sendMany = (count: number, ms?: number, lane?: string) =>
    Promise.all(Array.from({ length: count }, () => send(ms, lane)));
  return { clock, pace, send, sendMany, startedAfter, most: () => most };
};

describe('a pace', () => {
  it('lets everything go at once up to its concurrency', async () => {
    const { sendMany, startedAfter, most } = setUp({ concurrency: 110 });
    await sendMany(110);
    expect(startedAfter).toEqual(Array(110).fill(0));
    expect(most()).toBe(110);
  });

  it('then begins no more a second than it may', async () => {
    const { sendMany, startedAfter } = setUp({ concurrency: 10, perSecond: 20 });
    await sendMany(50, 1);
    expect(startedAfter.filter((seconds) => seconds === 0)).toHaveLength(10);
    expect(startedAfter.at(-1)).toBeCloseTo(2, 1);
  });

  it('has no more under way at once than it may, and loses none where tasks fail', async () => {
    const { pace, clock, send, most } = setUp({ concurrency: 3 });
    const failing = pace.run(async () => {
      await clock.sleep(10);
      throw new Error('reset');
    });
    const results = await Promise.allSettled([failing, ...Array.from({ length: 9 }, () => send())]);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(most()).toBe(3);
  });

  it('gives lanes four places, one more for each that is let go, eight in one, and others go past them', async () => {
    const { sendMany, most } = setUp();
    await sendMany(40, 50, 'shop/web');
    expect(most()).toBe(8);
    const { sendMany: sendFree, startedAfter } = setUp();
    await Promise.all([sendFree(20, 50, 'shop/web'), sendFree(5)]);
    expect(startedAfter.filter((seconds) => seconds === 0)).toHaveLength(9);
  });

  it('takes a place fewer after answers that were late', async () => {
    const { sendMany, startedAfter } = setUp();
    await sendMany(4, 500, 'shop/web');
    await sendMany(4, 50, 'shop/web');
    expect(startedAfter).toEqual([0, 0, 0, 0, 0.5, 0.5, 0.5, 0.55]);
  });

  it('gives many lanes no more places than there are', async () => {
    const { send, most } = setUp();
    const lanes = Array.from({ length: 20 }, (_, index) => `shop/web-${index}`);
    await Promise.all([...lanes, ...lanes, ...lanes].map((lane) => send(2_000, lane)));
    expect(most()).toBe(4);
  });

  it('begins nothing while the server wants to be left alone', async () => {
    const { pace, sendMany, startedAfter } = setUp({ concurrency: 4 });
    const sending = sendMany(8, 100);
    pace.slowDown?.(3);
    await sending;
    expect(startedAfter.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(Math.min(...startedAfter.slice(4))).toBeGreaterThanOrEqual(3);
  });

  it('says when the pause is over', async () => {
    const { pace, clock } = setUp();
    const before = clock.now();
    await pace.calm?.();
    expect(clock.now()).toBe(before);
    pace.slowDown?.(5);
    await pace.calm?.();
    expect(clock.now()).toBe(before + 5_000);
  });

  it('has half as many under way after each sign of pressure, and at least one', async () => {
    const { pace, clock } = setUp({ concurrency: 16 });
    const windows: number[] = [];
    for (let sign = 0; sign < 6; sign += 1) {
      pace.slowDown?.();
      pace.slowDown?.();
      windows.push(pace.window);
      await clock.sleep(1_000);
    }
    expect(windows).toEqual([8, 4, 2, 1, 1, 1]);
  });

  it('gets back what it gave up as the server answers', async () => {
    const { pace, clock, sendMany } = setUp({ concurrency: 16 });
    for (let sign = 0; sign < 3; sign += 1) {
      pace.slowDown?.();
      await clock.sleep(1_000);
    }
    expect(pace.window).toBe(2);
    await sendMany(30, 10);
    expect(pace.window).toBeGreaterThan(6);
    await sendMany(150, 1);
    expect(pace.window).toBe(16);
  });

  it('does not begin what nobody wants any more, and has the next one follow', async () => {
    const { clock, pace, send, startedAfter } = setUp({ concurrency: 1 });
    const over = new AbortController();
    const first = send(1_000);
    const unwanted = pace.run(async () => 'begun', { signal: over.signal });
    const refused = expect(unwanted).rejects.toThrow(NotBegunError);
    const next = send();
    await clock.sleep(500);
    over.abort();
    await Promise.all([first, refused, next]);
    expect(startedAfter).toEqual([0, 1]);
  });

  it('does not begin what has waited for too long, and says so', async () => {
    const { pace, clock, send, startedAfter } = setUp({ concurrency: 1 });
    const first = send(10_000);
    const late = pace.run(async () => startedAfter.push(-1), { expiresAt: clock.now() + 2_000 });
    await expect(late).rejects.toBeInstanceOf(NotBegunError);
    await first;
    expect(startedAfter).toEqual([0]);
  });

  it('does not begin what has its turn at the very end of its time', async () => {
    const { pace, clock, send, startedAfter } = setUp({ concurrency: 1 });
    const first = send(2_000);
    const late = pace.run(async () => startedAfter.push(-1), { expiresAt: clock.now() + 2_000 });
    await expect(late).rejects.toBeInstanceOf(NotBegunError);
    await first;
    expect(startedAfter).toEqual([0]);
  });
});

describe('the time of a pace', () => {
  it('is used to the millisecond: each task begins when its turn comes', async () => {
    const { sendMany, startedAfter } = setUp({ concurrency: 2, perSecond: 10 });
    await sendMany(6, 1);
    expect(startedAfter).toEqual([0, 0, 0.1, 0.2, 0.3, 0.4]);
  });

  it('is slept through: nobody wakes up before a turn comes', async () => {
    const clock = createVirtualClock();
    let sleeps = 0;
    const counting = {
      ...clock,
      sleep: (ms: number, signal?: AbortSignal) => {
        sleeps += 1;
        return clock.sleep(ms, signal);
      },
    };
    const pace = createPace({ clock: counting, concurrency: 1, perSecond: 1 });
    await Promise.all(Array.from({ length: 5 }, () => pace.run(async () => {})));
    expect(sleeps).toBeLessThanOrEqual(5);
    expect(clock.sleeping).toBe(0);
  });

  it('that has passed for one who waited leaves its place to the next', async () => {
    const { pace, clock, send, startedAfter } = setUp({ concurrency: 1 });
    const first = send(3_000);
    const late = pace.run(async () => {}, { expiresAt: clock.now() + 2_000 });
    const next = send(10);
    await expect(late).rejects.toBeInstanceOf(NotBegunError);
    await Promise.all([first, next]);
    await send();
    expect(startedAfter).toEqual([0, 3, 3.01]);
  });

  it('begins again after a sign of pressure without a pause and one with it', async () => {
    const { pace, send, startedAfter } = setUp();
    pace.slowDown?.();
    pace.slowDown?.(3);
    await send();
    expect(startedAfter).toEqual([3]);
  });
});

describe('the window', () => {
  it('grows by one for each window of answers', async () => {
    const { pace, sendMany } = setUp({ concurrency: 10 });
    pace.slowDown?.();
    expect(pace.window).toBe(5);
    await sendMany(5, 10);
    expect(pace.window).toBeGreaterThan(5.8);
    expect(pace.window).toBeLessThanOrEqual(6);
  });
});

describe('a lane', () => {
  it('has all its places beside tasks that are in none', async () => {
    const { sendMany, startedAfter } = setUp();
    await Promise.all([sendMany(5), sendMany(20, 50, 'shop/web')]);
    expect(startedAfter.filter((seconds) => seconds === 0)).toHaveLength(9);
  });

  /** Asks a budget with so much room; answers when each was asked, and what it heard. */
  const ask = (room: () => boolean) => {
    const { pace, clock } = setUp();
    const startedAt = clock.now();
    const asked: { at: number; granted: boolean }[] = [];
    const one = async () =>
      pace.run(
        async () => {
          await clock.sleep(10);
          const granted = room();
          asked.push({ at: clock.now() - startedAt, granted });
          return granted;
        },
        { lane: 'shop/web', judge: (granted) => (granted ? 'granted' : 'refused') },
      );
    return { one, asked, clock };
  };

  it('that was refused lets one ask again after 0.1 seconds, then after half as long again, while all others wait', async () => {
    const { one, asked } = ask(() => false);
    await Promise.all(Array.from({ length: 10 }, one));
    // Four were under way when the first was refused.
    expect(asked.slice(0, 4).map(({ at }) => at)).toEqual(Array(4).fill(10));
    const waits = asked.slice(4).map(({ at }, index) => at - (asked[3 + index]?.at ?? 0));
    expect(waits).toEqual([110, 160, 235, 348, 517, 771]);
  });

  it('that is granted again has its others follow at once, more of them each time', async () => {
    let room = 0;
    const { one, asked, clock } = ask(() => room-- > 0);
    const asking = Promise.all(Array.from({ length: 30 }, one));
    await clock.sleep(50);
    room = 30;
    await asking;
    const granted = asked.filter((each) => each.granted).map(({ at }) => at);
    expect(granted.length).toBe(26);
    expect(granted[0]).toBe(120);
    // One, two, four, eight at once.
    expect((granted.at(-1) ?? 0) - (granted[0] ?? 0)).toBeLessThanOrEqual(50);
  });

  it('does not hold up another', async () => {
    const { pace, clock } = setUp();
    await pace.run(async () => 'no', { lane: 'shop/web', judge: () => 'refused' });
    const before = clock.now();
    await pace.run(async () => 'yes', { lane: 'shop/api', judge: () => 'granted' });
    expect(clock.now()).toBe(before);
  });
});
