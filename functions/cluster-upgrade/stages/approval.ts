import { isoTime } from '../../../shared/core/clock.ts';
import type { Mode } from '../../../shared/core/mode.ts';
import type { Ending, Run, StageResult } from '../context.ts';
import { clusterTarget, LEASE_SECONDS, runKey } from '../context.ts';
import { judgeApproval } from '../decide/approval.ts';
import { planMarkdown } from '../decide/markdown.ts';
import { readRecord } from '../records.ts';
import { ORDER, report, tell } from '../report.ts';
import type { Preflighted } from './preflight.ts';
import { loadPlan } from './preflight.ts';
import { renewLock } from './renew.ts';

type Planned = Preflighted & { kind: 'planned' };

const HOUR_SECONDS = 3_600;

/** Keeps the lease over the whole wait: nothing runs in between that could renew it. */
const prepare = (run: Run): Promise<{ at: number; mode: Mode; ending?: Ending }> =>
  run.durable.step('approval: prepare', async () => {
    const at = run.deps.clock.now();
    const mode = await run.deps.readMode(run.input.cluster);
    const waitSeconds = run.deps.section.approvalTimeoutHours * HOUR_SECONDS + LEASE_SECONDS;
    if (!(await renewLock(run, waitSeconds))) return { at, mode, ending: lockLost };
    const record = await readRecord(run.deps.store, runKey(run));
    return record?.stopRequestedAt === undefined ? { at, mode } : { at, mode, ending: stopRequested };
  });

export const lockLost: Ending = {
  status: 'failed',
  reason: 'lock-lost',
  message:
    'the lease of the cluster ran out and another run took it; look at that run, then plan and start again',
};

export const stopRequested: Ending = {
  status: 'stopped',
  reason: 'stop-requested',
  message: 'somebody asked to stop; no further step was begun',
};

/** Asks for a yes to this plan and waits for it, for hours if need be. Answers who said yes, or how the run ends. */
export const approve = async (run: Run, planned: Planned): Promise<StageResult & { approvedBy?: string }> => {
  const { durable, input, deps } = run;
  const { approvalTimeoutHours } = deps.section;
  const prepared = await prepare(run);
  if (prepared.ending !== undefined) return { verdicts: [], ending: prepared.ending };
  const callback = await durable.callback('approval', { timeoutHours: approvalTimeoutHours });
  const approvalUntil = isoTime(prepared.at + approvalTimeoutHours * HOUR_SECONDS * 1000);
  const asked = await report(run, durable, {
    label: 'approval asked for',
    order: ORDER.ASKED,
    decisions: [
      {
        cluster: input.cluster,
        target: clusterTarget(run),
        action: 'none',
        reason: 'awaiting-approval',
        detail: { planHash: planned.planHash, approvalUntil },
      },
    ],
    mode: prepared.mode,
    at: prepared.at,
    change: (record) => ({
      ...record,
      status: 'awaiting-approval',
      phase: 'approval',
      callbackId: callback.id,
      approvalUntil,
    }),
  });
  await tell(run, 'approval asked for', async () => ({
    subject: `Approve the upgrade of ${input.cluster} to ${input.version}?`,
    cluster: input.cluster,
    text: [
      `caretaker upgrade approve ${input.cluster} --plan ${planned.planHash}`,
      `Until ${approvalUntil}.`,
      '',
      planMarkdown(await loadPlan(run, planned.planKey)),
    ].join('\n'),
  }));
  const answer = judgeApproval(await callback.outcome(), planned.planHash);
  if (answer.kind === 'refused') {
    return {
      verdicts: asked,
      ending: { status: answer.status, reason: answer.reason, message: answer.message },
    };
  }
  const answered = await durable.step('approval: answered', async () => ({
    at: deps.clock.now(),
    mode: await deps.readMode(input.cluster),
  }));
  const approved = await report(run, durable, {
    label: 'approved',
    order: ORDER.APPROVED,
    decisions: [
      {
        cluster: input.cluster,
        target: clusterTarget(run),
        action: 'none',
        reason: 'approved',
        detail: { planHash: planned.planHash, by: answer.by },
      },
    ],
    ...answered,
    change: (record) => ({ ...record, status: 'running', decidedBy: answer.by }),
  });
  return { verdicts: [...asked, ...approved], approvedBy: answer.by };
};
