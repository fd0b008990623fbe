import { describe, expect, it } from '@jest/globals';
import { createWriteBehind } from '../../../../functions/pod-cleanup/write-behind.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('work that is done behind', () => {
  it('goes on beside what comes after it, one piece at a time', async () => {
    const events: string[] = [];
    const piece = (name: string) => async () => {
      events.push(`begin ${name}`);
      await nextTurn();
      events.push(`end ${name}`);
    };
    const behind = createWriteBehind();
    await behind.begin(piece('one'));
    events.push('meanwhile');
    await behind.begin(piece('two'));
    await behind.end();
    expect(events).toEqual(['begin one', 'meanwhile', 'end one', 'begin two', 'end two']);
  });

  it('tells a failure to who comes next, once, and leaves none unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    const fails = () => Promise.reject(new Error('the table is down'));
    const behind = createWriteBehind();
    await behind.begin(fails);
    await nextTurn();
    await expect(behind.begin(() => Promise.resolve())).rejects.toThrow('the table is down');
    await behind.begin(fails);
    await nextTurn();
    await expect(behind.end()).rejects.toThrow('the table is down');
    await behind.end();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
