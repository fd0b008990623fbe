import { DateTime } from 'luxon';
import pc from 'picocolors';
import type { Expectation, Story, StoryLine } from './story.ts';

type Colors = ReturnType<typeof pc.createColors>;

const AUTOMATION_WIDTH = 'node-group-schedule'.length;

/** How one detail of a verdict is worth showing on a line; the journal has all of it. */
const shown = (detail: Readonly<Record<string, unknown>> | undefined): string =>
  Object.entries(detail ?? {})
    .flatMap(([key, value]) => {
      const text = Array.isArray(value)
        ? value.filter((item) => typeof item === 'string').join(', ')
        : typeof value === 'object'
          ? ''
          : String(value);
      return text === '' ? [] : [`${key} ${text}`];
    })
    .join(', ');

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

/** One line of the timeline: simulated time, who, what, why. */
export const formatLine = (
  line: StoryLine,
  options: { timeZone: string; colors: Colors; width: number },
): string => {
  const { colors } = options;
  const time = DateTime.fromMillis(line.at, { zone: options.timeZone }).toFormat('ccc HH:mm:ss');
  const who = (line.automation ?? '').padEnd(AUTOMATION_WIDTH);
  if (line.verdict === undefined) {
    return `${colors.dim(time)}  ${who}  ${colors.cyan(cut(line.text, options.width - AUTOMATION_WIDTH - 16))}`;
  }
  const { action, target, reason, cluster, detail } = line.verdict;
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
