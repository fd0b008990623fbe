import { playSeed } from '../../infra/local/night/play.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { SeedNight, SeedResult } from './seed-night.ts';

/** Plays nights one after the other in one process, which is warm from the second on: `seeds.ts JSON`. A line each. */

const tell = (result: SeedResult): void => {
  process.stdout.write(`${JSON.stringify(result)}\n`);
};

for (const { seed, out, bundles } of JSON.parse(process.argv[2] ?? '[]') as readonly SeedNight[]) {
  try {
    const { expectations } = await playSeed({ seed, out, bundles });
    const unmet = expectations.filter(({ met }) => !met);
    tell({
      seed,
      expectations: expectations.length,
      unmet: unmet.map(({ automation, text, found }) => `${automation}: ${text}: ${found}`),
    });
  } catch (error) {
    tell({ seed, expectations: 0, unmet: [describeError(error)] });
  }
}
process.exit();
