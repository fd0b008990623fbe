import { isoTime } from '../../shared/core/clock.ts';
import { cordonStep, forgetCordon, uncordonStep } from './cordon-steps.ts';
import { mergeNotices, settle } from './decide/merge.ts';
import type { Step } from './decide/next.ts';
import { causeOf } from './decide/record.ts';
import type { RecordedNotice } from './decide/recorded-notice.ts';
import type { Stepped } from './follow.ts';
import type { IntakeDeps } from './intake.ts';
import { outOfService } from './out-of-service.ts';
import { findReplacement } from './replacement.ts';
import type { StepWork } from './step-work.ts';
import { changed, lookAtNode, sayOn } from './step-work.ts';
import { askForTurn } from './turn.ts';

const lookAtInstance = async (deps: IntakeDeps, { record }: StepWork): Promise<Stepped> => {
  const found = await deps.instances.describe([record.instanceId]);
  return { view: { instanceState: found.get(record.instanceId)?.state ?? 'unknown' } };
};

/** What EC2 says, as an event would have said it. */
const noteState = async (
  deps: IntakeDeps,
  work: StepWork,
  state: 'running' | 'terminated',
): Promise<Stepped> => {
  const time = deps.clock.now();
  const notice: RecordedNotice = {
    id: `ec2#${state}#${time}`,
    kind: 'state-change',
    time,
    want: 'record',
    state,
  };
  const record = await changed(deps, work.record, (current) => mergeNotices(current, current, [notice]));
  sayOn(work, { action: 'record', reason: `instance-${state}`, detail: { from: 'EC2, no event said it' } });
  return { record };
};

const noteOwner = async (deps: IntakeDeps, work: StepWork, acts: boolean): Promise<Stepped> => {
  const at = deps.clock.now();
  const record = await changed(deps, work.record, (current) =>
    settle({ ...current, ownerSeen: { at, acts } }),
  );
  sayOn(work, {
    action: 'record',
    reason: acts ? 'owner-acts' : 'interruption-queue-missing',
    detail: { event: causeOf(record) },
  });
  return { record, ...(acts ? {} : { unattended: true }) };
};

const noteWait = async (deps: IntakeDeps, work: StepWork, holder: string): Promise<Stepped> => {
  const record = await changed(deps, work.record, (current) => ({ ...current, waitsFor: holder }));
  sayOn(work, { action: 'deferred', reason: 'waits-for-turn', detail: { group: work.record.group, holder } });
  return { record };
};

const OPENED_BY = {
  time: 'lead-time-reached',
  turn: 'turn-taken',
  replacement: 'replacement-ready',
} as const;

const open = async (
  deps: IntakeDeps,
  work: StepWork,
  { opening }: Extract<Step, { kind: 'open' }>,
): Promise<Stepped> => {
  const record = await changed(deps, work.record, (current) => settle({ ...current, opened: opening }));
  const detail = { event: causeOf(record), deadlineAt: isoTime(opening.deadlineAt) };
  sayOn(work, { action: 'record', reason: OPENED_BY[opening.by], detail });
  // In observe nothing else is going to say it.
  if (work.mode !== 'act' && record.cordonedAt === undefined) {
    sayOn(work, { action: 'cordon', reason: causeOf(record), detail });
  }
  return { record };
};

const startWorker = ({ instead, ...work }: StepWork & { instead: string | undefined }): Stepped => {
  if (instead !== undefined) {
    sayOn(work, {
      action: 'none',
      reason: 'lease-expired',
      detail: { holder: instead, takenOverBy: 'another worker' },
    });
  }
  return { view: { hasStarted: true } };
};

/** Carries one step out. */
export const carryOut = async (
  deps: IntakeDeps,
  work: StepWork,
  step: Exclude<Step, { kind: 'rest' }>,
): Promise<Stepped> => {
  switch (step.kind) {
    case 'look-at-node':
      return lookAtNode(work);
    case 'look-at-instance':
      return lookAtInstance(deps, work);
    case 'take-turn':
      return { view: { turn: await askForTurn(deps, work.record) } };
    case 'look-for-replacement':
      return { view: { hasReplacement: await findReplacement(deps, work, step.since) } };
    case 'note-state':
      return noteState(deps, work, step.state);
    case 'note-owner':
      return noteOwner(deps, work, step.acts);
    case 'note-wait':
      return noteWait(deps, work, step.holder);
    case 'open':
      return open(deps, work, step);
    case 'cordon':
      return cordonStep(deps, work);
    case 'taint-out-of-service':
      return outOfService(deps, work);
    case 'uncordon':
      return uncordonStep(deps, work, step.reason);
    case 'forget-cordon':
      return forgetCordon(deps, work, step.reason);
    case 'start-worker':
      return startWorker({ ...work, instead: step.instead });
  }
};
