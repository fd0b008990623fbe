import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { Mode, ModeState } from '../../../shared/core/mode.ts';
import { MODE_KEY, readModeState } from '../../../shared/core/mode.ts';
import type { Store } from '../../../shared/core/store.ts';
import type { AutomationId } from '../../../shared/core/verdict.ts';
import { parseAutomation } from '../automations.ts';
import type { CliContext, GlobalOptions, RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { UsageError } from '../errors.ts';
import { renderTable } from '../table.ts';

interface ScopeOptions extends GlobalOptions {
  readonly automation?: AutomationId;
  readonly cluster?: string;
}

const ATTEMPTS = 5;

/** A copy with the key set, or without it where there is no mode. */
const withMode = (
  modes: Readonly<Record<string, Mode | undefined>> = {},
  key: string,
  mode: Mode | undefined,
): Record<string, Mode> => {
  const entries = Object.entries(modes).filter(([each]) => each !== key);
  return Object.fromEntries([...entries, [key, mode]].filter(([, each]) => each !== undefined));
};

/** The state with one mode set, or cleared where `mode` is undefined. Pure. */
export const changeMode = (
  { global, automations, clusters }: ModeState,
  scope: { automation?: AutomationId; cluster?: string },
  mode: Mode | undefined,
): ModeState => {
  const everything = scope.automation === undefined && scope.cluster === undefined;
  const newGlobal = everything ? mode : global;
  return {
    ...(newGlobal === undefined ? {} : { global: newGlobal }),
    automations:
      scope.automation === undefined ? { ...automations } : withMode(automations, scope.automation, mode),
    clusters: scope.cluster === undefined ? { ...clusters } : withMode(clusters, scope.cluster, mode),
  };
};

/** Read, change, write under the item's version; somebody else's change in between is kept. */
const writeModes = async (table: Store, change: (state: ModeState) => ModeState): Promise<ModeState> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const item = await table.get(MODE_KEY);
    const modes = change((item?.modes as ModeState | undefined) ?? {});
    if ((await table.write({ ...MODE_KEY, modes }, item?.version ?? 0)) !== undefined) return modes;
  }
  throw new Error('the modes are being changed by somebody else all the time; try again');
};

const rowsOf = ({ global, automations = {}, clusters = {} }: ModeState): readonly (readonly string[])[] => [
  ...(global === undefined ? [] : [['everything', global]]),
  ...Object.entries(automations).map(([id, mode]) => [`automation ${id}`, mode]),
  ...Object.entries(clusters).map(([name, mode]) => [`cluster ${name}`, mode]),
];

const print = (context: CliContext, state: ModeState) => {
  const rows = rowsOf(state);
  context.out(
    rows.length === 0
      ? 'No mode is set at run time: the configured ones hold.'
      : `${renderTable(context, ['what', 'at most'], rows)}\nThe strictest of these and the configured modes holds.`,
  );
};

const scoped = (command: Command): Command =>
  command
    .addOption(new Option('--automation <id>', 'one automation alone').argParser(parseAutomation))
    .option('--cluster <name>', 'one cluster alone, as EKS knows it');

const scopeOf = ({ automation, cluster }: ScopeOptions) => {
  if (automation !== undefined && cluster !== undefined) {
    throw new UsageError('name an automation or a cluster: a run-time mode for both at once is not kept');
  }
  return {
    ...(automation === undefined ? {} : { automation }),
    ...(cluster === undefined ? {} : { cluster }),
  };
};

/** `caretaker mode`: the kill switch. A mode set at run time makes the configured one stricter, never looser. */
export const registerMode: RegisterCommand = (program, context, finish) => {
  const mode = program
    .command('mode')
    .description('Show, set or clear the modes that hold at run time (the kill switch)');

  const change =
    (value: (first: unknown) => Mode | undefined) =>
    async (...parameters: unknown[]) => {
      const command = parameters.at(-1) as Command;
      const options = command.optsWithGlobals<ScopeOptions>();
      const scope = scopeOf(options);
      const { store: table } = await context.connect(options.stack);
      print(context, await writeModes(table, (state) => changeMode(state, scope, value(parameters[0]))));
      finish(exitCodes.done);
    };

  mode
    .command('show')
    .description('What is set')
    .action(async (_: object, command: Command) => {
      const { store: table } = await context.connect(command.optsWithGlobals<GlobalOptions>().stack);
      print(context, await readModeState(table));
      finish(exitCodes.done);
    });
  scoped(mode.command('set').description('Allow at most this mode, from the next step on'))
    .addArgument(new Argument('<mode>').choices(['off', 'observe', 'act']))
    .action(change((value) => value as Mode));
  scoped(mode.command('clear').description('Let the configured mode hold again')).action(
    change(() => undefined),
  );
};
