import { isoTime } from '../../../shared/core/clock.ts';
import type { Durable } from '../../../shared/core/durable.ts';
import { StepFailedError } from '../../../shared/core/durable.ts';
import { describeError } from '../../../shared/core/errors.ts';
import { nodeGroupLease, releaseLease } from '../../../shared/core/lease.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import type { Run, UpgradeAction } from '../context.ts';
import { runKey } from '../context.ts';
import type { RecordedStep, UpgradePhase, UpgradeRecord } from '../records.ts';
import { changeRecord } from '../records.ts';
import { ORDER, report } from '../report.ts';
import { followUpdate } from './follow-update.ts';
import type { StepHead } from './preflight.ts';
import { startUpdate } from './start-update.ts';

/** How one step of the plan ended. `held`: not begun, because of a stop, a mode or an earlier failure. */
export interface StepResult {
  readonly id: string;
  readonly outcome: 'done' | 'failed' | 'held';
  readonly reason: string;
  readonly message: string;
  readonly verdicts: readonly Verdict[];
}

const ACTIONS: Readonly<Record<StepHead['kind'], UpgradeAction>> = {
  'control-plane': 'update-control-plane',
  'node-group': 'update-node-group',
  'add-on': 'update-add-on',
};

const PHASES: Readonly<Record<StepHead['kind'], UpgradePhase>> = {
  'control-plane': 'control-plane',
  'node-group': 'node-groups',
  'add-on': 'add-ons',
};

export const actionOf = (kind: StepHead['kind']): UpgradeAction => ACTIONS[kind];

export const withStep = (
  record: UpgradeRecord,
  step: StepHead,
  change: Partial<RecordedStep>,
): UpgradeRecord => ({
  ...record,
  steps: (record.steps ?? []).map((known) => (known.id === step.id ? { ...known, ...change } : known)),
});

/** Written down before EKS is asked: whoever reads the record after a crash knows what may be under way. */
const writeIntent = (run: Run, durable: Durable, step: StepHead): Promise<{ at: number }> =>
  durable.step(`${step.id}: intent`, async () => {
    const at = run.deps.clock.now();
    await changeRecord(run.deps.store, runKey(run), (current) => {
      if (current === undefined)
        throw new Error(`the record of ${durable.executionName} is gone from the table`);
      const known = current.steps?.find(({ id }) => id === step.id);
      if (known !== undefined && known.status !== 'pending') return current;
      return {
        ...withStep(current, step, { status: 'running', at: isoTime(at) }),
        phase: PHASES[step.kind],
        updatedAt: isoTime(at),
      };
    });
    return { at };
  });

interface Ended {
  readonly outcome: StepResult['outcome'];
  readonly reason: string;
  readonly message: string;
  readonly at: number;
  readonly mode: 'act' | 'observe' | 'off';
  readonly updateId?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const work = async (
  run: Run,
  durable: Durable,
  planned: { step: StepHead; planKey: string },
): Promise<Ended> => {
  const { step } = planned;
  const started = await startUpdate(run, durable, planned);
  const { at } = started;
  switch (started.kind) {
    case 'satisfied':
      return {
        outcome: 'done',
        reason: 'already-there',
        message: `${step.target} is there already`,
        at,
        mode: 'act',
      };
    case 'gone':
      return {
        outcome: 'done',
        reason: 'gone',
        message: `${step.target} was deleted meanwhile`,
        at,
        mode: 'act',
      };
    case 'held':
      return { outcome: 'held', reason: started.reason, message: started.message, at, mode: started.mode };
    case 'refused':
      return {
        outcome: 'failed',
        reason: started.reason,
        message: started.message,
        at,
        mode: 'act',
        detail: { error: started.message },
      };
    case 'started': {
      const followed = await followUpdate(run, durable, { ...planned, started });
      return { ...followed, mode: 'act', updateId: started.updateId };
    }
  }
};

const failedEnd = (run: Run, durable: Durable, step: StepHead, error: unknown): Promise<Ended> =>
  durable.step(`${step.id}: gave up`, async () => ({
    outcome: 'failed',
    reason: error instanceof StepFailedError ? 'call-failed' : 'unexpected-error',
    message: describeError(error),
    at: run.deps.clock.now(),
    mode: 'act',
    detail: { error: describeError(error) },
  }));

const releaseGroup = (run: Run, durable: Durable, step: StepHead): Promise<void> =>
  durable.step(`${step.id}: release`, () =>
    releaseLease(run.deps.store, {
      resource: nodeGroupLease(run.input.cluster, step.target.slice('node-group/'.length)),
      holder: run.holder,
    }),
  );

/** Intent, start (or adopt, or skip), wait, verdict, record. Never throws: a failure is a result. */
export const carryOut = async (
  run: Run,
  durable: Durable,
  planned: { step: StepHead; planKey: string },
): Promise<StepResult> => {
  const { step } = planned;
  await writeIntent(run, durable, step);
  let ended: Ended;
  try {
    ended = await work(run, durable, planned);
  } catch (error) {
    ended = await failedEnd(run, durable, step, error);
  }
  const { outcome, reason, message, at, mode, updateId, detail } = ended;
  // What was skipped or did not come off has changed nothing, so its action is none.
  const changed = outcome === 'done' && updateId !== undefined;
  const verdicts = await report(run, durable, {
    label: step.id,
    order: ORDER.STEPS + step.number,
    decisions: [
      {
        cluster: run.input.cluster,
        target: step.target,
        action: changed ? actionOf(step.kind) : 'none',
        reason,
        detail: { step: step.id, ...(updateId === undefined ? {} : { updateId }), ...detail },
      },
    ],
    mode,
    at,
    change: (record) =>
      withStep(record, step, {
        status:
          outcome === 'done' ? (changed ? 'done' : 'skipped') : outcome === 'held' ? 'pending' : 'failed',
        reason,
        at: isoTime(at),
        ...(updateId === undefined ? {} : { updateId }),
      }),
  });
  if (step.kind === 'node-group') await releaseGroup(run, durable, step);
  return { id: step.id, outcome, reason, message, verdicts };
};
