import { isAwsError } from '../../../shared/aws/clients.ts';
import type { Durable } from '../../../shared/core/durable.ts';
import { describeError } from '../../../shared/core/errors.ts';
import { nodeGroupLease, takeLease } from '../../../shared/core/lease.ts';
import type { Mode } from '../../../shared/core/mode.ts';
import { driverOf } from '../apply.ts';
import type { Run } from '../context.ts';
import { LEASE_SECONDS, runKey } from '../context.ts';
import { canonicalJson, sha256 } from '../decide/canonical.ts';
import type { PlanStep } from '../decide/plan.ts';
import { readRecord } from '../records.ts';
import type { StepHead } from './preflight.ts';
import { loadPlan } from './preflight.ts';
import { renewLock } from './renew.ts';

export type Started =
  | { readonly kind: 'started'; readonly updateId: string; readonly adopted: boolean; readonly at: number }
  | { readonly kind: 'satisfied' | 'gone'; readonly at: number }
  | {
      readonly kind: 'held';
      readonly reason: string;
      readonly message: string;
      readonly mode: Mode;
      readonly at: number;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string; readonly at: number };

interface Waiting {
  readonly kind: 'waiting';
  readonly why: string;
  readonly since: number;
}

const BUSY_LIMIT_MS = 60 * 60_000;

/** Answers of EKS that asking again would not change. */
const FINAL_ERRORS = [
  'InvalidParameterException',
  'InvalidRequestException',
  'InvalidStateException',
  'ResourceNotFoundException',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'ClientException',
];

/** EKS takes the same token for the same request: a call whose answer was lost is not made twice. */
export const requestToken = (run: Run, step: PlanStep): string =>
  sha256(canonicalJson({ run: run.durable.executionName, step: step.id, attempt: 1, call: step.call }));

/** Why nothing may be begun at this moment, read from mode, record and leases. */
const hindrance = async (
  run: Run,
  step: StepHead,
  now: number,
): Promise<Started | Omit<Waiting, 'since'> | undefined> => {
  const { deps, input } = run;
  const held = (reason: string, message: string, mode: Mode): Started => ({
    kind: 'held',
    reason,
    message,
    mode,
    at: now,
  });
  const mode = await deps.readMode(input.cluster);
  if (mode !== 'act') {
    return held(
      `mode-${mode}`,
      `the mode was set to ${mode} while the upgrade ran; no further step was begun`,
      mode,
    );
  }
  const record = await readRecord(deps.store, runKey(run));
  if (record?.stopRequestedAt !== undefined) {
    return held('stop-requested', 'somebody asked to stop; no further step was begun', mode);
  }
  const failed = record?.steps?.find(({ id, status }) => id !== step.id && status === 'failed');
  if (failed !== undefined) return held('earlier-step-failed', `${failed.id} failed before`, mode);
  if (!(await renewLock(run))) {
    return {
      kind: 'refused',
      reason: 'lock-lost',
      message: 'another run holds the cluster’s lease',
      at: now,
    };
  }
  if (step.kind !== 'node-group') return undefined;
  const lease = await takeLease(deps.store, deps.clock, {
    resource: nodeGroupLease(input.cluster, step.target.slice('node-group/'.length)),
    holder: run.holder,
    seconds: LEASE_SECONDS,
  });
  return lease.held ? undefined : { kind: 'waiting', why: `${lease.holder} works on it` };
};

const begin = async (run: Run, step: PlanStep, now: number): Promise<Started | Omit<Waiting, 'since'>> => {
  const driver = driverOf(step, run.deps.ports);
  const observed = await driver.observe();
  switch (observed.kind) {
    case 'satisfied':
    case 'gone':
      return { kind: observed.kind, at: now };
    case 'under-way':
      return { kind: 'started', updateId: observed.updateId, adopted: true, at: now };
    case 'busy':
      return { kind: 'waiting', why: observed.why };
    case 'ready':
      break;
  }
  try {
    const updateId = await driver.start(requestToken(run, step));
    return { kind: 'started', updateId, adopted: false, at: now };
  } catch (error) {
    if (isAwsError(error, 'ResourceInUseException')) return { kind: 'waiting', why: describeError(error) };
    if (isAwsError(error, ...FINAL_ERRORS)) {
      return { kind: 'refused', reason: 'call-refused', message: describeError(error), at: now };
    }
    throw error;
  }
};

/**
 * Starts a step's update, or finds that it need not: it is there already, or under way. Waits up to an hour
 * for whatever else is at work on the same thing. Mode, stop request and leases are read right before the call.
 */
export const startUpdate = async (
  run: Run,
  durable: Durable,
  planned: { step: StepHead; planKey: string },
): Promise<Started> => {
  const { clock } = run.deps;
  const initial: Started | Waiting = { kind: 'waiting', why: 'not asked yet', since: 0 };
  const settled = await durable.poll<Started | Waiting>(`${planned.step.id}: start`, {
    initial,
    everySeconds: 30,
    check: async (state) => {
      const now = clock.now();
      const since = state.kind === 'waiting' && state.since !== 0 ? state.since : now;
      const { plan } = await loadPlan(run, planned.planKey);
      const step = plan.steps.find(({ id }) => id === planned.step.id);
      if (step === undefined) throw new Error(`the plan has no step ${planned.step.id}`);
      const next = (await hindrance(run, planned.step, now)) ?? (await begin(run, step, now));
      if (next.kind !== 'waiting') return next;
      if (now - since < BUSY_LIMIT_MS) return { ...next, since };
      return { kind: 'refused', reason: 'still-busy', message: `an hour later still: ${next.why}`, at: now };
    },
    done: ({ kind }) => kind !== 'waiting',
  });
  if (settled.kind === 'waiting') throw new Error(`${planned.step.id} was left waiting; this is a defect`);
  return settled;
};
