import type { UpdateError } from '../../../shared/aws/eks/updates.ts';
import type { Durable } from '../../../shared/core/durable.ts';
import { nodeGroupLease, takeLease } from '../../../shared/core/lease.ts';
import { driverOf } from '../apply.ts';
import type { Run } from '../context.ts';
import { LEASE_SECONDS } from '../context.ts';
import type { Diagnosis } from '../diagnose.ts';
import { diagnoseUpdate, diagnosisText } from '../diagnose.ts';
import type { StepHead } from './preflight.ts';
import { loadPlan } from './preflight.ts';
import { renewLock } from './renew.ts';
import type { Started } from './start-update.ts';

interface Followed {
  readonly status: string;
  readonly errors: readonly UpdateError[];
  /** `waiting` until one of the others holds. */
  readonly end: 'waiting' | 'reached' | 'failed' | 'not-reached' | 'overdue' | 'lock-lost';
  /** When EKS first said Successful; 0 before that. */
  readonly successfulAt: number;
  readonly at: number;
}

export interface FollowResult {
  readonly outcome: 'done' | 'failed';
  readonly reason: string;
  readonly message: string;
  readonly at: number;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A control plane takes 10-30 minutes, a node some minutes, an add-on about one. */
const EVERY_SECONDS: Readonly<Record<StepHead['kind'], number>> = {
  'control-plane': 30,
  'node-group': 30,
  'add-on': 10,
};

/** How long a successful update may take to show in the resource itself. */
const SETTLE_MS = 10 * 60_000;

const keepLeases = async (run: Run, step: StepHead): Promise<boolean> => {
  if (!(await renewLock(run))) return false;
  if (step.kind !== 'node-group') return true;
  const lease = await takeLease(run.deps.store, run.deps.clock, {
    resource: nodeGroupLease(run.input.cluster, step.target.slice('node-group/'.length)),
    holder: run.holder,
    seconds: LEASE_SECONDS,
  });
  return lease.held;
};

/** Waits for an update by its status and by the resource's own version; renews the leases meanwhile. */
const wait = (
  run: Run,
  durable: Durable,
  planned: { step: StepHead; planKey: string; started: Started & { kind: 'started' } },
): Promise<Followed> => {
  const { clock, ports } = run.deps;
  const { step, started } = planned;
  return durable.poll<Followed>(`${step.id}: wait`, {
    initial: { status: 'InProgress', errors: [], end: 'waiting', successfulAt: 0, at: 0 },
    everySeconds: EVERY_SECONDS[step.kind],
    check: async ({ successfulAt }) => {
      const at = clock.now();
      const { plan } = await loadPlan(run, planned.planKey);
      const planStep = plan.steps.find(({ id }) => id === step.id);
      if (planStep === undefined) throw new Error(`the plan has no step ${step.id}`);
      const driver = driverOf(planStep, ports);
      const keeps = await keepLeases(run, step);
      const update = await ports.describeUpdate({ ...driver.scope, updateId: started.updateId });
      const next = (end: Followed['end'], since = successfulAt): Followed => ({
        status: update.status,
        errors: update.errors,
        end,
        successfulAt: since,
        at,
      });
      if (update.status === 'Failed' || update.status === 'Cancelled') return next('failed');
      if (update.status === 'Successful') {
        if (await driver.isReached()) return next('reached');
        const since = successfulAt === 0 ? at : successfulAt;
        return next(at - since >= SETTLE_MS ? 'not-reached' : 'waiting', since);
      }
      if (!keeps) return next('lock-lost');
      return next(at - started.at >= driver.limitMinutes * 60_000 ? 'overdue' : 'waiting');
    },
    done: ({ end }) => end !== 'waiting',
  });
};

const failure = (
  reason: string,
  message: string,
  followed: Followed,
  diagnosis?: Diagnosis,
): FollowResult => ({
  outcome: 'failed',
  reason,
  message,
  at: followed.at,
  detail: {
    status: followed.status,
    errors: followed.errors,
    ...(diagnosis === undefined ? {} : { diagnosis }),
  },
});

export const followUpdate = async (
  run: Run,
  durable: Durable,
  planned: { step: StepHead; planKey: string; started: Started & { kind: 'started' } },
): Promise<FollowResult> => {
  const { step, started } = planned;
  const followed = await wait(run, durable, planned);
  switch (followed.end) {
    case 'reached':
      return {
        outcome: 'done',
        reason: started.adopted ? 'updated-adopted' : 'updated',
        message: `${step.target} is updated`,
        at: followed.at,
        detail: { seconds: Math.round((followed.at - started.at) / 1000) },
      };
    case 'failed': {
      const diagnosis = await durable.step(`${step.id}: diagnose`, () =>
        diagnoseUpdate(run.deps.ports, {
          cluster: run.input.cluster,
          ...(step.kind === 'node-group' ? { nodeGroup: step.target.slice('node-group/'.length) } : {}),
          version: run.input.version,
          errors: followed.errors,
        }),
      );
      const reason = followed.status === 'Cancelled' ? 'update-cancelled' : 'update-failed';
      const errors = followed.errors.map(({ code, message }) => `${code}: ${message}`).join('; ');
      return failure(
        reason,
        `${errors === '' ? followed.status : errors}; ${diagnosisText(diagnosis)}`,
        followed,
        diagnosis,
      );
    }
    case 'not-reached':
      return failure(
        'version-not-reached',
        `EKS calls the update of ${step.target} successful, but it is not ACTIVE at the new version; look at it in EKS, then plan and start again`,
        followed,
      );
    case 'lock-lost':
      return failure(
        'lock-lost',
        `another holder took the lease while ${step.target} was updated; the update itself goes on`,
        followed,
      );
    default:
      return failure(
        'update-overdue',
        `the update of ${step.target} takes far too long; it goes on in EKS, which cannot cancel it: look at it there, then plan and start again`,
        followed,
      );
  }
};
