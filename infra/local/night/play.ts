import { join } from 'node:path';
import { drawNight } from './draw.ts';
import { judge } from './expectations.ts';
import { playNight } from './scenes.ts';
import { openStage } from './stage.ts';
import type { Story, StoryLine } from './story.ts';

export interface SeedOptions {
  readonly seed: number;
  /** Where the bundles go. */
  readonly out: string;
  /** Bundles that are there already; left out: they are built. */
  readonly bundles?: string;
  readonly onLine?: (line: StoryLine) => void;
}

const latest = (times: readonly (number | undefined)[]): number | undefined =>
  times.some((time) => time === undefined) ? undefined : Math.max(...times.map((time) => time ?? 0));

/** Plays the night that a seed draws, in an account of its own, and judges it. */
export const playSeed = async ({ seed, out, bundles, onLine = () => {} }: SeedOptions): Promise<Story> => {
  const night = drawNight(seed);
  const stage = await openStage(night, {
    out: join(out, 'bundles'),
    ...(bundles === undefined ? {} : { bundles }),
    onLine,
  });
  try {
    const facts = await playNight(stage);
    return {
      seed,
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
      expectations: judge(night, facts),
    };
  } finally {
    await stage.close();
  }
};
