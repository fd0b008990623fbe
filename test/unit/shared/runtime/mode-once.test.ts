import { describe, expect, it } from '@jest/globals';
import type { Mode } from '../../../../shared/core/mode.ts';
import { MODE_VALID_MS, modeOnceASecond } from '../../../../shared/runtime/mode-once.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';

describe('a mode that many steps ask for', () => {
  it('is read once a second, by all of them together', async () => {
    const clock = createFakeClock();
    const answers: Mode[] = ['act', 'off'];
    let reads = 0;
    const mode = modeOnceASecond(clock, async () => answers[reads++] ?? 'observe');
    expect(await Promise.all([mode(), mode()])).toEqual(['act', 'act']);
    await clock.sleep(MODE_VALID_MS - 1);
    expect([await mode(), reads]).toEqual(['act', 1]);
    await clock.sleep(1);
    expect([await mode(), reads]).toEqual(['off', 2]);
  });

  it('that could not be read is read again after a second', async () => {
    const clock = createFakeClock();
    let reads = 0;
    const mode = modeOnceASecond(clock, async () => {
      reads += 1;
      if (reads === 1) throw new Error('the table is away');
      return 'act';
    });
    await expect(mode()).rejects.toThrow('the table is away');
    await expect(mode()).rejects.toThrow('the table is away');
    await clock.sleep(MODE_VALID_MS);
    expect([await mode(), reads]).toEqual(['act', 2]);
  });
});
