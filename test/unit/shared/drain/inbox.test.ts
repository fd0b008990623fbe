import { describe, expect, it } from '@jest/globals';
import { createInbox } from '../../../../shared/drain/inbox.ts';
import type { Observation } from '../../../../shared/drain/observe.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';

const gone = (list: number): Observation => ({ kind: 'node-gone', list });
const TIME: Observation = { kind: 'time' };

const setUp = () => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  return { clock, inbox: createInbox(clock), at: (ms: number) => startedAt + ms };
};

describe('an inbox', () => {
  it('gives what came in, oldest first, without any wait', async () => {
    const { clock, inbox, at } = setUp();
    inbox.put(gone(1));
    inbox.put(gone(2));
    expect([await inbox.take(at(500)), await inbox.take(at(500))]).toEqual([gone(1), gone(2)]);
    expect(clock.now()).toBe(at(0));
    expect(clock.sleeping).toBe(0);
  });

  it('waits for what comes next, and no longer than until it comes', async () => {
    const { clock, inbox, at } = setUp();
    const taking = inbox.take(at(500));
    await clock.sleep(200);
    inbox.put(gone(1));
    inbox.put(gone(2));
    expect(await taking).toEqual(gone(1));
    expect(clock.now()).toBe(at(200));
    expect(clock.sleeping).toBe(0);
    expect(await inbox.take(at(500))).toEqual(gone(2));
  });

  it('says that it is time when nothing comes, again and again', async () => {
    const { clock, inbox, at } = setUp();
    expect(await inbox.take(at(500))).toEqual(TIME);
    expect(clock.now()).toBe(at(500));
    inbox.put(gone(1));
    expect(await inbox.take(at(700))).toEqual(gone(1));
    expect(await inbox.take(at(700))).toEqual(TIME);
    expect(clock.now()).toBe(at(700));
  });

  it.each([0, -100])('does not sleep where the time has come (%i ms)', async (ms) => {
    const { clock, inbox, at } = setUp();
    const taking = inbox.take(at(ms));
    expect(clock.sleeping).toBe(0);
    expect(await taking).toEqual(TIME);
    expect(clock.now()).toBe(at(0));
  });

  it('does not hide it when the clock fails', async () => {
    const { clock } = setUp();
    const inbox = createInbox({ ...clock, sleep: async () => Promise.reject(new Error('no timer')) });
    await expect(inbox.take(clock.now() + 500)).rejects.toThrow('no timer');
  });
});
