import { InvalidArgumentError } from 'commander';
import type { PreviewedTransition } from '../../../functions/index.ts';
import { previewTransitions } from '../../../functions/index.ts';
import { isoTime } from '../../../shared/core/clock.ts';
import { loadConfigFile } from '../../load-config.ts';
import type { RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { exampleConfigFile } from '../defaults.ts';
import { UsageError } from '../errors.ts';
import { renderTable } from '../table.ts';

interface PreviewOptions {
  readonly config: string;
  readonly schedule?: string;
  readonly from?: number;
  readonly count: number;
}

const MAX_COUNT = 1_000;

const parseInstant = (text: string): number => {
  const ms = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      'An instant is written 2026-03-27T20:00:00Z, with an offset, or as a day (UTC).',
    );
  }
  return ms;
};

const parseCount = (text: string): number => {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1 && count <= MAX_COUNT))
    throw new InvalidArgumentError(`A whole number from 1 to ${MAX_COUNT}.`);
  return count;
};

const REMARKS: Readonly<Record<PreviewedTransition['edge'], string>> = {
  once: '',
  skipped: 'the clocks skip this time: it falls on the jump',
  repeated: 'the clocks show this time twice: the awake one counts',
};

const remarkOn = ({ clocksChange, edge }: PreviewedTransition): string =>
  [clocksChange ? 'clocks change' : '', REMARKS[edge]].filter((text) => text !== '').join(', ');

/** `caretaker schedule preview`: the next transitions, by the evaluator that the function itself uses. */
export const registerSchedule: RegisterCommand = (program, context, finish) => {
  program
    .command('schedule')
    .description('Look at the schedules of node groups')
    .command('preview')
    .description('Print the next transitions of the configured schedules (windows say when groups are awake)')
    .option('--config <file>', 'caretaker.yaml', exampleConfigFile)
    .option('--schedule <name>', 'one schedule alone')
    .option('--from <instant>', 'another start than now', parseInstant)
    .option('--count <number>', 'how many transitions', parseCount, 10)
    .action(async (options: PreviewOptions) => {
      const { schedules } = loadConfigFile(options.config).nodeGroupSchedule;
      const chosen = Object.entries(schedules).filter(
        ([name]) => options.schedule === undefined || name === options.schedule,
      );
      if (chosen.length === 0 && options.schedule !== undefined) {
        const known = Object.keys(schedules).join(', ') || 'none';
        throw new UsageError(`no schedule ${options.schedule} in ${options.config}; configured: ${known}`);
      }
      const from = options.from ?? context.clock.now();
      const rows = chosen.flatMap(([name, schedule]) =>
        previewTransitions(schedule, from, options.count).map((transition) => [
          name,
          transition.awake ? 'wake' : 'sleep',
          transition.local,
          isoTime(transition.at),
          remarkOn(transition),
        ]),
      );
      context.out(
        rows.length === 0
          ? 'No transitions: no schedule is configured, or it is always awake.'
          : renderTable(context, ['schedule', 'what', 'there', 'UTC', ''], rows),
      );
      if (rows.length > 0)
        context.out("Groups wake leadMinutes earlier, each its own; 'sleep' starts the drain.");
      finish(exitCodes.done);
    });
};
