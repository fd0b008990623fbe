import { join } from 'node:path';
import { projectRoot } from '../build.ts';

/** The commented example; what `npm run build` and synth take when no configuration is named. */
export const exampleConfigFile = join(projectRoot, 'infra', 'config', 'caretaker.yaml');
export const bundleDirectory = join(projectRoot, 'dist');
