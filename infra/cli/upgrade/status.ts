import type { UpgradeRecord, UpgradeStatus } from '../../../functions/index.ts';
import { isUpgradeOpen } from '../../../functions/index.ts';
import type { CliContext, ExitCode } from '../context.ts';
import { exitCodes } from '../context.ts';
import { renderTable } from '../table.ts';

const DONE: ReadonlySet<UpgradeStatus> = new Set<UpgradeStatus>(['succeeded', 'planned']);
const FAILED: ReadonlySet<UpgradeStatus> = new Set<UpgradeStatus>(['failed', 'timed-out']);

/** Exit code of a run that was followed to its end; what neither succeeded nor failed was held back. */
export const outcomeCode = ({ status }: UpgradeRecord): ExitCode => {
  if (DONE.has(status)) return exitCodes.done;
  return FAILED.has(status) ? exitCodes.failed : exitCodes.blocked;
};

const because = ({ reason, message }: UpgradeRecord): string =>
  [reason, message].filter((text) => text !== undefined).join(': ');

/** What a person has to do now, if anything. */
const nextAction = (record: UpgradeRecord): readonly string[] =>
  record.status === 'awaiting-approval'
    ? [
        `Waits for a decision${record.approvalUntil === undefined ? '' : ` until ${record.approvalUntil}`}:`,
        `  caretaker upgrade approve ${record.cluster} --plan ${record.planHash}`,
        `  caretaker upgrade reject ${record.cluster}`,
      ]
    : [];

/** A record for people: where the run stands, its steps, and what it waits for. */
export const renderStatus = (context: CliContext, record: UpgradeRecord): string => {
  const facts: [string, string | undefined][] = [
    ['run', record.executionName],
    ['status', record.status],
    ['phase', record.phase],
    ['because', because(record) || undefined],
    ['version', `${record.fromVersion ?? '?'} to ${record.targetVersion}`],
    ['mode', record.mode],
    ['plan', record.planHash],
    ['started', record.startedAt],
    ['updated', record.updatedAt],
    ['ended', record.endedAt],
    ['decided by', record.decidedBy],
    ['stop asked', record.stopRequestedAt],
  ];
  const steps = record.steps ?? [];
  return [
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(11)}${value}`])),
    ...(steps.length === 0
      ? []
      : [
          '',
          renderTable(
            context,
            ['step', 'target', 'status', 'reason'],
            steps.map(({ id, target, status, reason }) => [id, target, status, reason ?? '']),
          ),
        ]),
    ...nextAction(record),
  ].join('\n');
};

/** What changed from one look at a run to the next, a line each. */
export const changesBetween = (
  before: UpgradeRecord | undefined,
  after: UpgradeRecord,
): readonly string[] => {
  const stepBefore = new Map(before?.steps?.map((step) => [step.id, step.status]));
  const steps = (after.steps ?? []).filter(({ id, status }) => (stepBefore.get(id) ?? 'pending') !== status);
  const moved = before?.status !== after.status || before.phase !== after.phase;
  return [
    ...(moved ? [[after.status, after.phase, because(after)].filter((text) => text !== '').join('  ')] : []),
    ...steps.map(
      ({ target, status, reason }) => `  ${target}  ${status}${reason === undefined ? '' : `: ${reason}`}`,
    ),
    ...(before?.status === after.status ? [] : nextAction(after)),
  ];
};

const POLL_MS = 5_000;

/** Prints what changes until the run has ended, and answers how it did. */
export const follow = async (
  context: CliContext,
  read: () => Promise<UpgradeRecord | undefined>,
): Promise<ExitCode> => {
  let before: UpgradeRecord | undefined;
  for (;;) {
    const record = await read();
    if (record !== undefined) {
      for (const line of changesBetween(before, record)) context.out(`${record.updatedAt}  ${line}`);
      if (!isUpgradeOpen(record.status)) return outcomeCode(record);
      before = record;
    }
    await context.clock.sleep(POLL_MS);
  }
};
