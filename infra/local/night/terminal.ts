import { DateTime } from 'luxon';
import pc from 'picocolors';
import type { Expectation, Story, StoryLine } from './story.ts';

type Colors = ReturnType<typeof pc.createColors>;

const AUTOMATION_WIDTH = 'node-group-schedule'.length;

/** Told on a line before anything else, for it is what a person has to act on. */
const FIRST = ['blocked', 'evicted', 'deleted', 'secondsToEmpty', 'readyNodes', 'error', 'message'];

const shownValue = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(shownValue).filter(Boolean).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  const { pod, budgets } = value as { pod?: string; budgets?: readonly string[] };
  return pod === undefined ? '' : `${pod} by ${(budgets ?? []).join(' and ')}`;
};

/** What of a verdict's detail is worth showing on a line; the journal has all of it. */
export const shown = (detail: Readonly<Record<string, unknown>> | undefined): string =>
  Object.entries(detail ?? {})
    .sort(([a], [b]) => Number(FIRST.includes(b)) - Number(FIRST.includes(a)))
    .flatMap(([key, value]) => {
      const text = shownValue(value);
      return text === '' ? [] : [`${key} ${text}`];
    })
    .join(', ');

/** `sha256:36434ef2` is enough for eyes. */
export const shortDigest = (text: string): string => text.replace(/(sha256:[0-9a-f]{8})[0-9a-f]{56}/g, '$1');

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

/** One line of the timeline: simulated time, who, what, why. */
export const formatLine = (
  line: StoryLine,
  options: { timeZone: string; colors: Colors; width: number; alike?: number },
): string => {
  const { colors } = options;
  const time = DateTime.fromMillis(line.at, { zone: options.timeZone }).toFormat('ccc HH:mm:ss');
  const who = (line.automation ?? '').padEnd(AUTOMATION_WIDTH);
  if (line.verdict === undefined) {
    return `${colors.dim(time)}  ${who}  ${colors.cyan(cut(line.text, options.width - AUTOMATION_WIDTH - 16))}`;
  }
  const { action, reason, cluster, detail } = line.verdict;
  const target = shortDigest(line.verdict.target);
  const more = options.alike ?? 1;
  if (more > 1) {
    const text = `${cluster === undefined ? '' : `${cluster} `}${target} and ${more - 1} more: ${action}, ${reason}`;
    return `${colors.dim(time)}  ${colors.bold(who)}  ${colors.dim(cut(text, options.width - AUTOMATION_WIDTH - 16))}`;
  }
  const what = `${cluster === undefined ? '' : `${cluster} `}${target}: ${action}, ${reason}`;
  const rest = shown(detail);
  const text = cut(rest === '' ? what : `${what} (${rest})`, options.width - AUTOMATION_WIDTH - 16);
  const quiet = action === 'none' || action === 'deferred';
  return `${colors.dim(time)}  ${colors.bold(who)}  ${quiet ? colors.dim(text) : text}`;
};

const formatExpectation = (expectation: Expectation, colors: Colors): string =>
  expectation.met
    ? `  ${colors.green('met')}      ${expectation.automation}: ${expectation.text}`
    : `  ${colors.red('NOT MET')}  ${expectation.automation}: ${expectation.text}\n           found: ${expectation.found}`;

/** What came out of the night: each expectation, and the sum. */
export const formatOutcome = (story: Story, colors: Colors): string => {
  const unmet = story.expectations.filter(({ met }) => !met);
  const names = [...new Set(unmet.map(({ automation }) => automation))];
  const sum =
    unmet.length === 0
      ? colors.green(`All ${story.expectations.length} expectations met.`)
      : colors.red(
          `${unmet.length} of ${story.expectations.length} expectations not met: ${names.join(', ')}.`,
        );
  return [...story.expectations.map((expectation) => formatExpectation(expectation, colors)), sum].join('\n');
};

/** Colours on a terminal only, and not where NO_COLOR is set. */
export const colorsFor = (stream: NodeJS.WriteStream): Colors =>
  pc.createColors(stream.isTTY === true && process.env.NO_COLOR === undefined);
