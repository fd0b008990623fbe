import type { Command } from 'commander';
import { readUpgradeRecord } from '../../../functions/index.ts';
import type { CliContext, Connection, ExitCode, GlobalOptions, RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { approve, reject, stop } from '../upgrade/decide.ts';
import { answerOf, exitCodeOf, renderPlan, renderPlanJson } from '../upgrade/plan.ts';
import { readCurrent } from '../upgrade/records.ts';
import { startRun } from '../upgrade/start.ts';
import { follow, renderStatus } from '../upgrade/status.ts';

const PLAN_ENTRY = 'cluster-upgrade-plan';

interface Parsed {
  readonly args: readonly string[];
  readonly options: GlobalOptions & {
    readonly json?: boolean;
    readonly plan?: string;
    readonly reason?: string;
    readonly follow?: boolean;
    readonly run?: string;
  };
}

type Work = (connection: Connection, parsed: Parsed, context: CliContext) => Promise<ExitCode>;

const plan: Work = async (
  { deployment, functions },
  { args: [cluster = '', version = ''], options },
  context,
) => {
  const payload = { action: 'plan', cluster, version };
  const answer = answerOf(await functions.invoke(deployment.functionName(PLAN_ENTRY), payload));
  if (options.json) context.out(renderPlanJson(answer));
  else if (answer.planned) context.out(renderPlan(context, answer));
  else context.err(`${context.colors.red('no plan:')} ${answer.message} (${answer.reason})`);
  return exitCodeOf(answer);
};

const start: Work = async (connection, { args: [cluster = '', version = ''], options }, context) => {
  const name = await startRun(connection, { cluster, version, planHash: options.plan ?? '' });
  context.out(name);
  context.err(`Started. Follow it with: caretaker upgrade status ${cluster} --run ${name} --follow`);
  return exitCodes.done;
};

const status: Work = async ({ store }, { args: [cluster = ''], options }, context) => {
  const { run } = options;
  const read = () =>
    run === undefined
      ? readCurrent(store, cluster)
      : readUpgradeRecord(store, { cluster, executionName: run });
  const record = await read();
  if (options.follow && (record !== undefined || run !== undefined)) return follow(context, read);
  if (record === undefined) {
    context.err(`${context.colors.red('caretaker:')} no upgrade ${run ?? `of ${cluster}`} is recorded`);
    return exitCodes.failed;
  }
  context.out(options.json ? JSON.stringify(record, null, 2) : renderStatus(context, record));
  return exitCodes.done;
};

const approveRun: Work = async (connection, { args: [cluster = ''], options }, context) => {
  const record = await approve(connection, { cluster, plan: options.plan ?? '', by: context.user });
  context.out(`Approved ${record.executionName}. It plans once more and goes on if nothing has changed.`);
  return exitCodes.done;
};

const rejectRun: Work = async (connection, { args: [cluster = ''], options }, context) => {
  const reason = options.reason ?? 'no reason given';
  const record = await reject(connection, { cluster, by: context.user, reason });
  context.out(`Rejected ${record.executionName}. Nothing was changed.`);
  return exitCodes.done;
};

const stopRun: Work = async (connection, { args: [cluster = ''] }, context) => {
  const { record, atOnce } = await stop(connection, context, cluster);
  context.out(
    atOnce
      ? `${record.executionName} was waiting for a decision and ends now. Nothing was changed.`
      : `${record.executionName} takes no further step. An update that EKS carries out already cannot be cancelled and is waited for.`,
  );
  return exitCodes.done;
};

/** `caretaker upgrade`: plans, starts, follows and decides about upgrades. */
export const registerUpgrade: RegisterCommand = (program, context, finish) => {
  const upgrade = program
    .command('upgrade')
    .description('Plan, start, follow, approve and stop cluster upgrades');
  const does =
    (work: Work) =>
    async (...parameters: unknown[]) => {
      const command = parameters.at(-1) as Command;
      const parsed: Parsed = { args: command.processedArgs, options: command.optsWithGlobals() };
      finish(await work(await context.connect(parsed.options.stack), parsed, context));
    };
  const cluster = ['<cluster>', 'as EKS knows it'] as const;
  const version = ['<version>', 'the minor version to reach, for example 1.35'] as const;

  upgrade
    .command('plan')
    .description(
      'Check everything and say what an upgrade would do; changes nothing (exit 3: it may not run)',
    )
    .argument(...cluster)
    .argument(...version)
    .option('--json', 'the document')
    .action(does(plan));
  upgrade
    .command('start')
    .description('Start the planned upgrade; prints the name of the run, which then waits for approval')
    .argument(...cluster)
    .argument(...version)
    .requiredOption('--plan <hash>', 'hash of the plan, as `upgrade plan` prints it')
    .action(does(start));
  upgrade
    .command('status')
    .description('Where the upgrade of a cluster stands')
    .argument(...cluster)
    .option('--run <name>', 'another run than the latest')
    .option('--follow', 'print what changes until it has ended (exit 0 succeeded, 1 failed, 3 held back)')
    .option('--json', 'the record')
    .action(does(status));
  upgrade
    .command('approve')
    .description('Say yes to the plan that the run waits for')
    .argument(...cluster)
    .requiredOption('--plan <hash>', 'hash of the plan that you have read (12 characters or more)')
    .action(does(approveRun));
  upgrade
    .command('reject')
    .description('Say no to the plan that the run waits for')
    .argument(...cluster)
    .option('--reason <text>', 'why')
    .action(does(rejectRun));
  upgrade
    .command('stop')
    .description('Begin no further step')
    .argument(...cluster)
    .action(does(stopRun));
};
