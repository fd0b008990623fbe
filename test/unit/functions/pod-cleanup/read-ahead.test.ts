import { describe, expect, it } from '@jest/globals';
import { readAhead } from '../../../../functions/pod-cleanup/read-ahead.ts';

/** Pages of one number each; `events` says in which order they were asked for and worked on. */
const pagesOf = (count: number, events: string[], fails?: number) =>
  (async function* () {
    for (let page = 0; page < count; page++) {
      events.push(`asked ${page}`);
      await Promise.resolve();
      if (page === fails) throw new Error(`page ${page}`);
      yield page;
    }
  })();

describe('reading ahead', () => {
  it('asks for the next page before the one at hand is worked on, and for no more than that', async () => {
    const events: string[] = [];
    for await (const page of readAhead(pagesOf(3, events))) {
      events.push(`work ${page}`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`done ${page}`);
    }
    expect(events).toEqual([
      'asked 0',
      'asked 1',
      'work 0',
      'done 0',
      'asked 2',
      'work 1',
      'done 1',
      'work 2',
      'done 2',
    ]);
  });

  it('throws the failure of a page when its turn comes, after the work on the one before', async () => {
    const events: string[] = [];
    const work = async () => {
      for await (const page of readAhead(pagesOf(3, events, 1))) {
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`done ${page}`);
      }
    };
    await expect(work()).rejects.toThrow('page 1');
    expect(events).toEqual(['asked 0', 'asked 1', 'done 0']);
  });

  it('leaves no failure behind that nobody handles, where the reader leaves early', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    for await (const page of readAhead(pagesOf(3, [], 1))) {
      expect(page).toBe(0);
      break;
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('has nothing to read of nothing', async () => {
    const events: string[] = [];
    for await (const page of readAhead(pagesOf(0, events))) events.push(String(page));
    expect(events).toEqual([]);
  });
});
