import { join } from 'node:path';
import { counterpart } from '../counterparts/support/variables.ts';
import type { BenchRow } from './rows.ts';
import { drainSingleNodes } from './spot-drain/single.ts';
import { drainStorm } from './spot-drain/storm.ts';

type Bench = (folder: string, progress: (text: string) => void) => Promise<readonly BenchRow[]>;

/** Drains of single nodes on a real API server against kubectl's. Needs the counterparts (`npm run counterparts`). */
export const spotDrain: Bench = async (folder, progress) => {
  counterpart('KUBEBUILDER_ASSETS');
  return drainSingleNodes(join(folder, 'spot-drain'), progress);
};

/** 100 nodes at once, likewise. */
export const spotDrainStorm: Bench = async (folder, progress) => {
  counterpart('KUBEBUILDER_ASSETS');
  return drainStorm(join(folder, 'spot-drain-storm'), progress);
};
