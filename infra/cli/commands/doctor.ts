import type { Command } from 'commander';
import { loadConfigFile } from '../../load-config.ts';
import { networkGroups } from '../../networks.ts';
import type { CliContext, GlobalOptions, RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { exampleConfigFile } from '../defaults.ts';
import type { GroupReport } from '../doctor/examine.ts';
import { examine } from '../doctor/examine.ts';

interface DoctorOptions extends GlobalOptions {
  readonly config: string;
}

const render = (
  { colors }: CliContext,
  { stackName, clusters, findings, endpoints }: GroupReport,
): string => {
  const lines = clusters.flatMap((cluster) => {
    const own = findings.filter((finding) => finding.cluster === cluster);
    if (own.length === 0) return [`  ${colors.green('ok')}       ${cluster}`];
    return own.map(({ level, text }) =>
      level === 'problem'
        ? `  ${colors.red('problem')}  ${cluster}: ${text}`
        : `  ${colors.yellow('check')}    ${cluster}: ${text}`,
    );
  });
  const needs =
    endpoints === undefined
      ? []
      : [
          `  Subnets without a NAT gateway need interface endpoints for ${endpoints.interfaces.join(', ')}, and gateway endpoints for ${endpoints.gateways.join(', ')}.`,
        ];
  return [colors.bold(stackName), ...lines, ...needs].join('\n');
};

/** `caretaker doctor`: whether the functions can reach and enter each cluster. Reads, changes nothing. */
export const registerDoctor: RegisterCommand = (program, context, finish) => {
  program
    .command('doctor')
    .description('Check that the functions can reach and enter every cluster')
    .option('--config <file>', 'caretaker.yaml', exampleConfigFile)
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<DoctorOptions>();
      const groups = networkGroups(loadConfigFile(options.config));
      const inspector = await context.inspect();
      let problems = 0;
      for (const group of groups) {
        const report = await examine(group, { inspector, stackName: options.stack });
        problems += report.findings.filter(({ level }) => level === 'problem').length;
        context.out(render(context, report));
      }
      context.out(problems === 0 ? 'No problem found.' : `${problems} problem(s) found.`);
      finish(problems === 0 ? exitCodes.done : exitCodes.blocked);
    });
};
