/**
 * Awake windows as people write them: `Mon-Fri 07:00-20:00`, `Mon,Wed 08:00-12:00`, `Sat-Sun 00:00-24:00`.
 * A window belongs to the weekday on which it starts: `Fri 20:00-08:00` is over on Saturday at 08:00.
 */

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
type Weekday = (typeof WEEKDAYS)[number];

const MINUTES_A_DAY = 24 * 60;

export interface Window {
  /** As it was written. */
  readonly text: string;
  /** ISO weekdays on which it starts: 1 is Monday, 7 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Minutes after local midnight, 0 to 1439. */
  readonly startMinute: number;
  /** Minutes after the local midnight of the day on which it starts; above 1440 it ends on the next day. */
  readonly endMinute: number;
}

/** What a window may look like; the JSON Schema carries it too. */
export const WINDOW_PATTERN =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?(,(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?)* ([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

export const WINDOW_FORM =
  'weekdays and times such as "Mon-Fri 07:00-20:00", "Mon,Wed 08:00-12:00" or "Fri 20:00-08:00"';

const weekdayNumber = (name: string): number => WEEKDAYS.indexOf(name as Weekday) + 1;

/** `Sat-Tue` runs over the end of the week: Saturday, Sunday, Monday, Tuesday. */
const weekdaysOf = (range: string): number[] => {
  const [first = '', last = first] = range.split('-');
  const from = weekdayNumber(first);
  const length = ((weekdayNumber(last) - from + 7) % 7) + 1;
  return Array.from({ length }, (_, index) => ((from - 1 + index) % 7) + 1);
};

const minuteOf = (time: string): number => {
  const [hours = '', minutes = ''] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
};

/** What is wrong with a window, or undefined when it can be used. */
export const windowProblem = (text: string): string | undefined => {
  if (!WINDOW_PATTERN.test(text)) return WINDOW_FORM;
  const [, times = ''] = text.split(' ');
  const [start, end] = times.split('-');
  return start === end ? 'a window that is not of zero length; a whole day is 00:00-24:00' : undefined;
};

/** Throws RangeError for text that `windowProblem` finds fault with; a validated configuration has none. */
export const parseWindow = (text: string): Window => {
  const problem = windowProblem(text);
  if (problem !== undefined) throw new RangeError(`"${text}" is no awake window: expected ${problem}`);
  const [days = '', times = ''] = text.split(' ');
  const [start = '', end = ''] = times.split('-');
  const startMinute = minuteOf(start);
  const endMinute = minuteOf(end);
  return {
    text,
    weekdays: new Set(days.split(',').flatMap(weekdaysOf)),
    startMinute,
    endMinute: endMinute > startMinute ? endMinute : endMinute + MINUTES_A_DAY,
  };
};
