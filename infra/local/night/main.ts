import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '../../../shared/core/errors.ts';
import { projectRoot } from '../../build.ts';
import { drawNight } from './draw.ts';
import { playSeed } from './play.ts';
import type { StoryLine } from './story.ts';
import { colorsFor, formatLine, formatOutcome } from './terminal.ts';
import { createTimeline } from './timeline.ts';

const USAGE = 'usage: npm start [-- --seed N] [--out DIR] [--bundles DIR]   (N: a whole number from 0)';

const readArguments = () => {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join(projectRoot, 'out') },
      bundles: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed ${values.seed} is no whole number`);
  return { seed, out: values.out, ...(values.bundles === undefined ? {} : { bundles: values.bundles }) };
};

const play = async (options: { seed: number; out: string; bundles?: string }): Promise<boolean> => {
  const colors = colorsFor(process.stdout);
  const { timeZone, spec } = drawNight(options.seed);
  const width = process.stdout.isTTY ? Math.max(80, process.stdout.columns) : 160;
  const timeline = createTimeline((line: StoryLine, alike: number) =>
    process.stdout.write(`${formatLine(line, { timeZone, colors, width, alike })}\n`),
  );
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  progress(`Seed ${options.seed}: building the bundles and starting an account in ${spec.region} ...`);
  const story = await playSeed({ ...options, onLine: timeline.add });
  timeline.end();
  progress('Drawing the report ...');
  const { renderReport } = await import('./report.ts');
  const file = join(options.out, 'night.html');
  await mkdir(options.out, { recursive: true });
  await writeFile(file, await renderReport(story));
  process.stdout.write(`\n${formatOutcome(story, colors)}\nReport: ${file}\n`);
  return story.expectations.every(({ met }) => met);
};

try {
  const options = readArguments();
  process.exitCode = (await play(options)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${describeError(error)}\n${USAGE}\n`);
  process.exitCode = 1;
}
