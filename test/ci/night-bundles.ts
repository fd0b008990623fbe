import { configureBundles } from '../../infra/build.ts';
import { parseConfig } from '../../infra/load-config.ts';
import { drawNight } from '../../infra/local/night/draw.ts';
import { buildOnce } from '../e2e/support/bundles.ts';

/** Puts the bundles into a folder, configured as the night of a seed wants them. */
export const layOut = async (seed: number, folder: string): Promise<void> =>
  configureBundles({
    from: await buildOnce(),
    config: parseConfig(drawNight(seed).configText, 'the drawn caretaker.yaml'),
    out: folder,
  });
