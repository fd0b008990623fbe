import type { Durable } from '../../shared/core/durable.ts';
import { StepFailedError } from '../../shared/core/durable.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { InvocationResult, Verdict } from '../../shared/core/verdict.ts';
import type { Ending, Run, StageResult, UpgradeDecision, UpgradeDeps } from './context.ts';
import { clusterTarget } from './context.ts';
import type { StartInput } from './input.ts';
import { ORDER, report } from './report.ts';
import { approve, lockLost } from './stages/approval.ts';
import type { StepResult } from './stages/carry-out.ts';
import { actionOf, carryOut } from './stages/carry-out.ts';
import { end } from './stages/end.ts';
import { lock } from './stages/lock.ts';
import type { Preflighted, StepHead } from './stages/preflight.ts';
import { loadPlan, preflight } from './stages/preflight.ts';
import { verify } from './stages/verify.ts';

/**
 * One upgrade, from lock to unlock. Lifecycle: the function runs from its top after every pause and every
 * crash; what the steps answered before is replayed. Shutdown: a stop is a flag in the record that is read
 * before each call; an execution that Lambda stopped never runs again, its leases expire. Gotchas: nothing
 * here may depend on clock, chance or the cloud outside a step, and the order of the steps is the program.
 */

type Planned = Preflighted & { kind: 'planned' };

const planDecision = (run: Run, planned: Planned, reason: string, detail: object = {}): UpgradeDecision => ({
  cluster: run.input.cluster,
  target: clusterTarget(run),
  action: reason === 'ready' ? 'plan' : 'none',
  reason,
  detail: {
    planHash: planned.planHash,
    blockedBy: planned.blockedBy,
    steps: planned.steps.map(({ id }) => id),
    planKey: planned.planKey,
    ...detail,
  },
});

const notPlanned = (run: Run, kind: 'cluster-not-found' | 'lock-lost'): Ending =>
  kind === 'lock-lost'
    ? lockLost
    : {
        status: 'failed',
        reason: 'cluster-not-found',
        message: `EKS knows no cluster ${run.input.cluster} in this region; check its name and the stack's region`,
      };

/** What stands against this plan: checks that block, or a plan that is not the one that somebody read. */
const objection = (run: Run, planned: Planned): Ending | undefined => {
  if (planned.blockedBy.length > 0) {
    return {
      status: 'blocked',
      reason: 'blocked',
      message: `these checks block: ${planned.blockedBy.join(', ')}; \`caretaker upgrade plan ${run.input.cluster} ${run.input.version}\` says what to do`,
      detail: { blockedBy: planned.blockedBy },
    };
  }
  if (planned.planHash === run.input.planHash) return undefined;
  return {
    status: 'plan-changed',
    reason: 'plan-changed',
    message: `the cluster has changed: its plan is ${planned.planHash} by now; read it and start again`,
    detail: { planHash: planned.planHash, startedWith: run.input.planHash },
  };
};

/** Plans, records the plan, and says whether it may go on. */
const planAndRecord = async (
  run: Run,
  label: string,
  order: number,
): Promise<StageResult & { planned?: Planned }> => {
  const planned = await preflight(run, label);
  if (planned.kind !== 'planned') return { verdicts: [], ending: notPlanned(run, planned.kind) };
  const ending = objection(run, planned);
  const verdicts = await report(run, run.durable, {
    label,
    order,
    decisions: [planDecision(run, planned, ending?.reason ?? 'ready', ending?.detail)],
    // A plan changes nothing, so it is never published as something that was done.
    mode: 'observe',
    at: planned.at,
    change: (record) => ({
      ...record,
      phase: 'preflight',
      fromVersion: planned.fromVersion,
      planKey: planned.planKey,
      snapshotKey: planned.snapshotKey,
      steps: planned.steps.map(({ id, target }) => ({ id, target, status: 'pending' })),
    }),
  });
  return { verdicts, planned, ...(ending === undefined ? {} : { ending }) };
};

/** Mode observe: the verdicts that acting would begin with, and the end. */
const dryRun = async (run: Run, planned: Planned): Promise<StageResult> => {
  const decisions = await run.durable.step('dry run', async (): Promise<readonly UpgradeDecision[]> => {
    const { plan } = await loadPlan(run, planned.planKey);
    return plan.steps.map(({ id, kind, target, before, after, reason, call }) => ({
      cluster: run.input.cluster,
      target,
      action: actionOf(kind),
      reason,
      detail: { step: id, before, after, operation: call.operation },
    }));
  });
  const verdicts = await report(run, run.durable, {
    label: 'dry run',
    order: ORDER.STEPS,
    decisions,
    mode: 'observe',
    at: planned.at,
  });
  return {
    verdicts,
    ending: {
      status: 'planned',
      reason: 'mode-observe',
      message: 'the mode is observe: this is what would be done; set it to act and start again',
      detail: { planHash: planned.planHash },
    },
  };
};

const endingOf = (results: readonly StepResult[]): Ending | undefined => {
  const failed = results.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined) {
    return {
      status: 'failed',
      reason: failed.reason,
      message: `${failed.id}: ${failed.message}`,
      detail: { step: failed.id },
    };
  }
  const held = results.find(({ outcome }) => outcome === 'held');
  if (held === undefined) return undefined;
  return { status: 'stopped', reason: held.reason, message: held.message, detail: { step: held.id } };
};

/** Control plane, node groups, add-ons, in this order; the first failure or stop ends it. */
const carryOutAll = async (run: Run, planned: Planned): Promise<StageResult> => {
  const { planKey, steps } = planned;
  const verdicts: Verdict[] = [];
  const inTurn = async (heads: readonly StepHead[]): Promise<Ending | undefined> => {
    for (const step of heads) {
      const result = await carryOut(run, run.durable, { step, planKey });
      verdicts.push(...result.verdicts);
      const ending = endingOf([result]);
      if (ending !== undefined) return ending;
    }
    return undefined;
  };
  const ofKind = (kind: StepHead['kind']) => steps.filter((step) => step.kind === kind);
  let ending = await inTurn(ofKind('control-plane'));
  const groups = ofKind('node-group');
  if (ending === undefined && groups.length > 0) {
    const results = await run.durable.map('node groups', groups, {
      concurrency: 1,
      nameOf: ({ id }) => id,
      run: (durable, step) => carryOut(run, durable, { step, planKey }),
    });
    verdicts.push(...results.flatMap((result) => result.verdicts));
    ending = endingOf(results);
  }
  ending ??= await inTurn(ofKind('add-on'));
  return { verdicts, ...(ending === undefined ? {} : { ending }) };
};

const verifyAll = async (run: Run, planned: Planned): Promise<Ending> => {
  const { input } = run;
  const { problems, readyNodes } = await verify(run, planned);
  if (problems.length > 0) {
    return {
      status: 'failed',
      reason: 'verify-failed',
      message: `every update is through, but after 15 minutes ${problems.join('; ')}`,
      detail: { problems, readyNodes },
    };
  }
  return {
    status: 'succeeded',
    reason: 'upgraded',
    message: `${input.cluster} runs ${input.version}: ${planned.steps.length} steps, ${readyNodes} updated nodes Ready`,
    detail: { version: input.version, steps: planned.steps.length, readyNodes },
  };
};

/** Everything between lock and unlock. Verdicts are handed over as they come, so that a failure keeps them. */
const goThrough = async (
  run: Run,
  mode: string,
  keep: (verdicts: readonly Verdict[]) => void,
): Promise<Ending> => {
  const first = await planAndRecord(run, 'preflight', ORDER.PREFLIGHT);
  keep(first.verdicts);
  if (first.planned === undefined || first.ending !== undefined)
    return first.ending ?? notPlanned(run, 'lock-lost');
  if (mode !== 'act') {
    const dry = await dryRun(run, first.planned);
    keep(dry.verdicts);
    if (dry.ending !== undefined) return dry.ending;
  }
  const approval = await approve(run, first.planned);
  keep(approval.verdicts);
  if (approval.ending !== undefined) return approval.ending;
  // Hours may have passed: what was approved is only done while it is still the plan.
  const second = await planAndRecord(run, 'preflight after approval', ORDER.PREFLIGHT_AGAIN);
  keep(second.verdicts);
  if (second.planned === undefined || second.ending !== undefined)
    return second.ending ?? notPlanned(run, 'lock-lost');
  const carried = await carryOutAll(run, second.planned);
  keep(carried.verdicts);
  return carried.ending ?? (await verifyAll(run, second.planned));
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof StepFailedError)) return 'unexpected-error';
  if (error.causeName === 'ClusterUnreachableError' || error.causeName === 'KubernetesConnectionError') {
    return 'cluster-unreachable';
  }
  return /AccessDenied|Forbidden|\b403\b/.test(`${error.causeName} ${error.message}`)
    ? 'missing-right'
    : 'step-failed';
};

/** The durable function. Failures end in a verdict, a record and a message; the execution itself succeeds. */
export const runUpgrade = async (
  deps: UpgradeDeps,
  input: StartInput,
  durable: Durable,
): Promise<InvocationResult> => {
  const run: Run = { deps, input, durable, holder: `cluster-upgrade/${durable.executionName}` };
  const verdicts: Verdict[] = [];
  const locked = await lock(run);
  const { mode } = locked;
  if (locked.refused !== undefined) {
    const refused = await report(run, durable, {
      label: 'refused',
      order: ORDER.END,
      decisions: [locked.refused.decision],
      mode,
      at: locked.at,
    });
    return { automation: 'cluster-upgrade', mode, verdicts: refused };
  }
  let ending: Ending;
  try {
    ending = await goThrough(run, mode, (found) => {
      verdicts.push(...found);
    });
  } catch (error) {
    ending = {
      status: 'failed',
      reason: reasonOf(error),
      message: `${describeError(error)}; repair its cause, then plan and start again`,
    };
  }
  verdicts.push(...(await end(run, ending)));
  return { automation: 'cluster-upgrade', mode, verdicts };
};
