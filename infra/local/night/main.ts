import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '../../../shared/core/errors.ts';
import { projectRoot } from '../../build.ts';
import { drawNight } from './draw.ts';
import { judge } from './expectations.ts';
import { playNight } from './scenes.ts';
import { openStage } from './stage.ts';
import type { Story, StoryLine } from './story.ts';
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
  const night = drawNight(options.seed);
  const width = process.stdout.isTTY ? Math.max(80, process.stdout.columns) : 160;
  const timeline = createTimeline((line: StoryLine, alike: number) =>
    process.stdout.write(`${formatLine(line, { timeZone: night.timeZone, colors, width, alike })}\n`),
  );
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  progress(`Seed ${options.seed}: building the bundles and starting an account in ${night.spec.region} ...`);
  const stage = await openStage(night, {
    out: join(options.out, 'bundles'),
    ...(options.bundles === undefined ? {} : { bundles: options.bundles }),
    onLine: timeline.add,
  });
  try {
    const facts = await playNight(stage);
    timeline.end();
    const expectations = judge(night, facts);
    const story: Story = {
      seed: options.seed,
      timeZone: night.timeZone,
      startedAt: night.times.evening - 30 * 60_000,
      endedAt: stage.account.clock.now(),
      lines: [...stage.lines].sort((a, b) => a.at - b.at),
      sizes: stage.sizes(),
      drains: facts.interruptions.map(({ node, noticeAt, cordonedAt, pods }) => ({
        node,
        noticeAt,
        cordonedAt,
        emptyAt: pods.length === 0 ? noticeAt : latest(pods.map(({ goneAt }) => goneAt)),
        pods: pods.length,
        heldBy: pods.some(({ name }) => name.startsWith(`${night.heldOnSpot.workload}-`))
          ? [`${night.heldOnSpot.namespace}/${night.heldOnSpot.budget}`]
          : [],
      })),
      expectations,
    };
    progress('Drawing the report ...');
    const { renderReport } = await import('./report.ts');
    const file = join(options.out, 'night.html');
    await mkdir(options.out, { recursive: true });
    await writeFile(file, await renderReport(story));
    process.stdout.write(`\n${formatOutcome(story, colors)}\nReport: ${file}\n`);
    return expectations.every(({ met }) => met);
  } finally {
    await stage.close();
  }
};

const latest = (times: readonly (number | undefined)[]): number | undefined =>
  times.some((time) => time === undefined) ? undefined : Math.max(...times.map((time) => time ?? 0));

try {
  const options = readArguments();
  process.exitCode = (await play(options)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${describeError(error)}\n${USAGE}\n`);
  process.exitCode = 1;
}
