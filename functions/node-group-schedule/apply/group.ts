import { nodeGroupLease, takeLease } from '../../../shared/core/lease.ts';
import type { Mode } from '../../../shared/core/mode.ts';
import type { DescribedGroup, GroupRecord } from '../decide/model.ts';
import { saveRefusal } from '../decide/sizes.ts';
import type { Step } from '../decide/step.ts';
import { latenessOf, nextStep, planKey, plannedDecisions } from '../decide/step.ts';
import { problemOf } from '../problems.ts';
import type { Tracked } from '../records.ts';
import { readRecord } from '../records.ts';
import { notifyOnce } from './notices.ts';
import { drain, resize, save, verify } from './sleep.ts';
import { beginWake, checkDrift, forget, ready, restore, turnBack } from './wake.ts';
import type { StepResult, Work } from './work.ts';
import { advance, describeSame, LEASE_HOLDER, release, say, targetOf } from './work.ts';

const LEASE_SECONDS = 900; // three ticks: a group under way stays ours between them
/** Kept for the journal, and for the slowest single step that is not a drain. */
const RESERVE_MS = 45_000;

const STEPS: Readonly<Record<Step, (work: Work, tracked: Tracked) => Promise<StepResult>>> = {
  save,
  drain,
  resize,
  verify,
  'begin-wake': beginWake,
  restore,
  ready,
  'turn-back': turnBack,
  drift: checkDrift,
  forget,
};

const refusalOf = (step: Step, group: DescribedGroup) => {
  if (step === 'drift') return 'size-changed-by-others' as const;
  return step === 'save' ? saveRefusal(group) : undefined;
};

/** Observe: what act would do, once per plan; refusals are looked up, so that no plan is reported that cannot be. */
const planOnly = async (
  work: Work,
  tracked: Tracked,
  { step, mode }: { step: Step; mode: Mode },
): Promise<void> => {
  const { record } = tracked;
  const planned = planKey(record, step, work.wish);
  if (record.planned === planned) return;
  const group = await describeSame(work, record);
  const refusal = group === undefined ? 'node-group-deleted' : refusalOf(step, group);
  if (refusal === 'node-group-not-active') {
    say(work, record, { action: 'none', reason: refusal, mode, detail: { status: group?.status } });
    return;
  }
  const detail = { schedule: record.schedule, phase: record.phase, sizes: group?.sizes };
  const decisions =
    refusal === undefined
      ? plannedDecisions(record, step, detail)
      : [
          {
            cluster: record.cluster,
            target: targetOf(record),
            action: 'none' as const,
            reason: refusal,
            detail,
          },
        ];
  for (const decision of decisions) work.call.recorder.record(decision, mode);
  await advance(work, tracked, { planned });
};

const takeGroupLease = async (work: Work, tracked: Tracked): Promise<boolean> => {
  const { record } = tracked;
  const resource = nodeGroupLease(record.cluster, record.nodeGroup);
  const lease = await takeLease(work.deps.store, work.deps.clock, {
    resource,
    holder: LEASE_HOLDER,
    seconds: LEASE_SECONDS,
  });
  if (lease.held) return true;
  say(work, record, {
    action: 'deferred',
    reason: 'lease-held',
    detail: { holder: lease.holder, until: new Date(lease.until).toISOString() },
  });
  return false;
};

/** How far a tick came with a group; kept outside of the steps, for what is to be said when one of them throws. */
interface Progress {
  /** Undefined once the record is removed. */
  tracked: Tracked | undefined;
  step: Step | undefined;
  mode: Mode;
}

const isAtRest = ({ phase }: GroupRecord): boolean => phase === 'awake' || phase === 'asleep';

/** Step after step, until one has to wait for the world; mode and lease are asked before each of them. */
const advanceGroup = async (work: Work, start: Tracked, progress: Progress): Promise<void> => {
  let tracked = start;
  for (let again = true; again; ) {
    const step = progress.step ?? nextStep(tracked.record, work.wish, work.deps.clock.now());
    if (step === undefined) return;
    progress.step = step;
    const mode = await work.deps.readMode(tracked.record.cluster);
    progress.mode = mode;
    if (mode !== 'act') return standStill(work, tracked, progress);
    if (work.call.deadline.remainingMs() < RESERVE_MS) {
      say(work, tracked.record, { action: 'none', reason: 'out-of-time', detail: { step } });
      return;
    }
    if (!(await takeGroupLease(work, tracked))) return;
    const result = await STEPS[step](work, tracked);
    progress.tracked = result.tracked;
    if (result.tracked === undefined) return;
    tracked = result.tracked;
    again = result.again;
    if (again) progress.step = undefined;
  }
  if (isAtRest(tracked.record)) await release(work, tracked.record);
};

const standStill = async (work: Work, tracked: Tracked, progress: Progress): Promise<void> => {
  const { step, mode } = progress;
  if (mode === 'off') say(work, tracked.record, { action: 'none', reason: 'mode-off', mode });
  else if (step === 'forget') progress.tracked = (await forget(work, tracked, mode)).tracked;
  else if (step !== undefined) await planOnly(work, tracked, { step, mode });
};

const noticeProblem = async (
  work: Work,
  record: GroupRecord,
  { step, mode, error }: { step: Step | undefined; mode: Mode; error: unknown },
): Promise<Tracked | undefined> => {
  const problem = problemOf(error);
  const { action, reason, detail } = problem;
  say(work, record, { action, reason, mode, detail: { ...detail, step, phase: record.phase } });
  if (problem.fails) work.call.recorder.fail(error);
  // The step may have written the record before it failed.
  const tracked = await readRecord(work.deps.store, record);
  const cycle = tracked?.record.cycle;
  if (!problem.fails || tracked === undefined || cycle === undefined) return tracked;
  const waking = work.wish.awake;
  return notifyOnce(work, tracked, {
    kind: waking ? 'wake-failed' : 'sleep-failed',
    cycleId: cycle.id,
    subject: `${waking ? 'Wake' : 'Sleep'} of ${record.cluster}/${record.nodeGroup} does not get on: ${reason}`,
    text: `Step ${step ?? 'unknown'} of node group ${record.nodeGroup} (cluster ${record.cluster}) failed: ${String(detail.error)}. Every tick tries again.`,
  });
};

const noticeLateness = async (work: Work, tracked: Tracked): Promise<void> => {
  const { record } = tracked;
  const late = latenessOf(record, { wish: work.wish, settings: work.settings, now: work.deps.clock.now() });
  if (late === undefined || (await work.deps.readMode(record.cluster)) !== 'act') return;
  const what = late.kind === 'wake-late' ? 'wake' : 'sleep';
  await notifyOnce(work, tracked, {
    kind: late.kind,
    cycleId: late.cycleId,
    subject: `The ${what} of ${record.cluster}/${record.nodeGroup} is ${late.minutes} min late`,
    text: `Node group ${record.nodeGroup} (cluster ${record.cluster}) is in phase ${record.phase}; its ${what} was due ${late.minutes} minutes ago. The journal says what it waits for.`,
  });
};

/** One group in one tick, beginning with what is due. Never throws for what happens to this group alone. */
export const runGroup = async (work: Work, start: Tracked, first: Step): Promise<void> => {
  const progress: Progress = { tracked: start, step: first, mode: 'observe' };
  try {
    await advanceGroup(work, start, progress);
    if (progress.tracked !== undefined) await noticeLateness(work, progress.tracked);
  } catch (error) {
    try {
      const { step, mode } = progress;
      const record = progress.tracked?.record ?? start.record;
      const told = await noticeProblem(work, record, { step, mode, error });
      if (told !== undefined) await noticeLateness(work, told);
    } catch (second) {
      work.call.recorder.fail(second);
    }
  }
};
