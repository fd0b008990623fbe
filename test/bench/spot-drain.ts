import { join } from 'node:path';
import { counterpart } from '../counterparts/support/variables.ts';
import type { BenchRow } from './rows.ts';
import { drainSingleNodes } from './spot-drain/single.ts';
import { drainStorm } from './spot-drain/storm.ts';

/** The drain on a real API server against kubectl's. Needs the counterparts (`npm run counterparts`). */
export const spotDrain = async (
  folder: string,
  progress: (text: string) => void,
): Promise<readonly BenchRow[]> => {
  counterpart('KUBEBUILDER_ASSETS');
  return [
    ...(await drainSingleNodes(join(folder, 'spot-drain'), progress)),
    ...(await drainStorm(join(folder, 'spot-drain-storm'), progress)),
  ];
};
