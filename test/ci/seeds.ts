import { playSeed } from '../../infra/local/night/play.ts';
import { describeError } from '../../shared/core/errors.ts';
import { layOut } from './night-bundles.ts';
import type { SeedNights, SeedResult } from './seed-night.ts';

/** Plays nights one after the other in one process, which is warm from the second on: `seeds.ts JSON`. A line each. */

const tell = (result: SeedResult): void => {
  process.stdout.write(`${JSON.stringify(result)}\n`);
};

const { bundles, nights } = JSON.parse(process.argv[2] ?? '{}') as SeedNights;
for (const { seed, out } of nights) {
  try {
    await layOut(seed, bundles);
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
