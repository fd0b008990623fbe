import { describe, expect, it } from '@jest/globals';
import { parseWindow, windowProblem } from '../../../../../functions/node-group-schedule/decide/windows.ts';

describe('an awake window', () => {
  it.each<[string, readonly number[], number, number]>([
    ['Mon-Fri 07:00-20:00', [1, 2, 3, 4, 5], 420, 1200],
    ['Mon,Wed 08:00-12:00', [1, 3], 480, 720],
    ['Mon-Wed,Fri 08:00-12:00', [1, 2, 3, 5], 480, 720],
    ['Sat-Tue 00:00-24:00', [1, 2, 6, 7], 0, 1440],
    ['Fri 20:00-08:00', [5], 1200, 1920],
    ['Fri 20:00-24:00', [5], 1200, 1440],
    ['Fri 20:00-00:00', [5], 1200, 1440],
    ['Sun 23:59-23:58', [7], 1439, 2878],
    ['Mon-Mon 09:00-10:00', [1], 540, 600],
  ])('%s starts on days %j and runs from minute %i to minute %i', (text, days, start, end) => {
    const window = parseWindow(text);
    expect([...window.weekdays].sort()).toEqual(days);
    expect([window.startMinute, window.endMinute]).toEqual([start, end]);
    expect(windowProblem(text)).toBeUndefined();
  });

  it.each(['Mon 07:00-07:00', 'Mon-Sun 00:00-00:00'])('%s is refused, because it has no length', (text) => {
    expect(windowProblem(text)).toMatch(/zero length.*00:00-24:00/);
    expect(() => parseWindow(text)).toThrow(/zero length/);
  });

  it.each([
    '',
    'Mon',
    '07:00-20:00',
    'mon 07:00-20:00',
    'Monday 07:00-20:00',
    'Mon 7:00-20:00',
    'Mon 07:00 - 20:00',
    'Mon 24:00-25:00',
    'Mon 07:60-08:00',
    'Mon 24:00-08:00',
    'Mon 07:00-24:01',
    'Mon- 07:00-08:00',
    'Mon,,Tue 07:00-08:00',
    'Mon 07:00-08:00 ',
    'daily 07:00-08:00',
  ])('"%s" is refused with the form that is expected', (text) => {
    expect(windowProblem(text)).toBe(
      'weekdays and times such as "Mon-Fri 07:00-20:00", "Mon,Wed 08:00-12:00" or "Fri 20:00-08:00"',
    );
    expect(() => parseWindow(text)).toThrow(`"${text}" is no awake window: expected weekdays and times`);
  });
});
