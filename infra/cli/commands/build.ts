import { resolve } from 'node:path';
import { buildBundles } from '../../build.ts';
import { loadConfigFile } from '../../load-config.ts';
import type { RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { bundleDirectory, exampleConfigFile } from '../defaults.ts';
import { renderTable } from '../table.ts';

/** `caretaker build`: validates the configuration and writes a bundle for every automation. */
export const registerBuild: RegisterCommand = (program, context, finish) => {
  program
    .command('build')
    .description('Validate the configuration and bundle every automation')
    .option('--config <file>', 'caretaker.yaml', exampleConfigFile)
    .option('--out <dir>', 'where the bundles go', bundleDirectory)
    .action(async (options: { config: string; out: string }) => {
      const out = resolve(options.out);
      const built = await buildBundles({ config: loadConfigFile(options.config), out });
      context.out(
        renderTable(
          context,
          ['automation', 'KiB', 'handlers'],
          built.map(({ automation, bytes, exports }) => [
            automation,
            (bytes / 1024).toFixed(0),
            exports.join(', '),
          ]),
        ),
      );
      context.out(`Bundles and config.json are in ${out}`);
      finish(exitCodes.done);
    });
};
