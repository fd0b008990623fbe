import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { isoTime } from '../../../shared/core/clock.ts';
import { readJournal } from '../../../shared/core/journal.ts';
import type { Store } from '../../../shared/core/store.ts';
import type { AutomationId, Verdict } from '../../../shared/core/verdict.ts';
import { automationIds, parseAutomation } from '../automations.ts';
import type { GlobalOptions, RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { renderTable } from '../table.ts';

interface JournalOptions extends GlobalOptions {
  readonly automation?: AutomationId;
  readonly day?: string;
  readonly json?: boolean;
}

const parseDay = (text: string): string => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || isoTime(ms).slice(0, 10) !== text)
    throw new InvalidArgumentError('A day is written YYYY-MM-DD.');
  return text;
};

const readDay = async (
  store: Store,
  ids: readonly AutomationId[],
  day: string,
): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const id of ids) {
    for await (const verdict of readJournal(store, id, day)) verdicts.push(verdict);
  }
  return verdicts.sort((a, b) => a.at.localeCompare(b.at));
};

const rowOf = ({ at, automation, cluster, target, action, reason, mode }: Verdict): readonly string[] => [
  at.slice(11, 19),
  automation,
  cluster ?? '-',
  target,
  action,
  reason,
  mode,
];

/** `caretaker journal`: what was decided and done on a day, oldest first. */
export const registerJournal: RegisterCommand = (program, context, finish) => {
  program
    .command('journal')
    .description('List what was decided and done on a day (UTC)')
    .option('--automation <id>', 'of one automation alone', parseAutomation)
    .option('--day <YYYY-MM-DD>', 'another day than today', parseDay)
    .option('--json', 'one verdict a line, as JSON with all details')
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<JournalOptions>();
      const day = options.day ?? isoTime(context.clock.now()).slice(0, 10);
      const { store } = await context.connect(options.stack);
      const verdicts = await readDay(
        store,
        options.automation === undefined ? automationIds : [options.automation],
        day,
      );
      if (options.json) {
        for (const verdict of verdicts) context.out(JSON.stringify(verdict));
      } else if (verdicts.length === 0) {
        context.out(`Nothing was journaled on ${day} (UTC).`);
      } else {
        const head = ['time', 'automation', 'cluster', 'target', 'action', 'reason', 'mode'];
        context.out(renderTable(context, head, verdicts.map(rowOf)));
      }
      finish(exitCodes.done);
    });
};
