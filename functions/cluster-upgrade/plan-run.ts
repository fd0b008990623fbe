import { isAwsError } from '../../shared/aws/clients.ts';
import { ClusterUnreachableError, describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import { isForbidden, KubernetesConnectionError } from '../../shared/kubernetes/errors.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { UpgradeDecision, UpgradeDeps } from './context.ts';
import { planMarkdown } from './decide/markdown.ts';
import { assess } from './decide/preflight.ts';
import { gatherSnapshot } from './gather.ts';
import type { PlanInput } from './input.ts';

/** What planning alone needs of it all: no bucket, no notifications, no durable execution. */
export type PlanDeps = Pick<UpgradeDeps, 'config' | 'clock' | 'ports' | 'readMode'>;

const REFRESH_EVERY_MS = 5_000;
/** Left for the reads after the refresh. */
const RESERVE_MS = 60_000;

const refreshInsights = async (deps: PlanDeps, cluster: string, call: Call): Promise<string> => {
  await deps.ports.insights.startRefresh(cluster);
  for (;;) {
    const status = await deps.ports.insights.refreshStatus(cluster);
    if (status !== 'IN_PROGRESS' && status !== 'NONE') return status;
    if (call.deadline.remainingMs() <= RESERVE_MS) return status;
    await deps.clock.sleep(REFRESH_EVERY_MS);
  }
};

const reasonOf = (error: unknown): string | undefined => {
  if (error instanceof ClusterUnreachableError || error instanceof KubernetesConnectionError) {
    return 'cluster-unreachable';
  }
  return isForbidden(error) || isAwsError(error, 'AccessDeniedException', 'UnauthorizedOperation')
    ? 'missing-right'
    : undefined;
};

const planned = async (deps: PlanDeps, input: PlanInput, call: Call): Promise<UpgradeDecision> => {
  const { cluster, version } = input;
  const target = `cluster/${cluster}`;
  const found = await deps.ports.clusters.describe(cluster);
  const none: UpgradeDecision = {
    cluster,
    target,
    action: 'none',
    reason: 'cluster-not-found',
    detail: {
      message: `EKS knows no cluster ${cluster} in this region; check its name and the stack's region`,
    },
  };
  if (found === undefined) return none;
  const insightsRefresh = await refreshInsights(deps, cluster, call);
  const gathered = await gatherSnapshot(deps.ports, { cluster, target: version, insightsRefresh });
  if (gathered.kind === 'cluster-not-found') return none;
  const { plan, planHash, checks, blockedBy } = assess(gathered.snapshot);
  return {
    cluster,
    target,
    action: 'plan',
    reason: blockedBy.length === 0 ? 'ready' : 'blocked',
    detail: { planHash, blockedBy, checks, plan, markdown: planMarkdown({ plan, planHash, checks }) },
  };
};

const skipped = (input: PlanInput, reason: string, message: string): UpgradeDecision => ({
  cluster: input.cluster,
  target: `cluster/${input.cluster}`,
  action: 'none',
  reason,
  detail: { message },
});

/**
 * The synchronous plan: reads, and asks EKS to refresh its insights, which changes nothing in the cluster.
 * Its verdict is always of mode observe: nothing is carried out here, whatever the mode is.
 */
export const runPlan = async (deps: PlanDeps, input: PlanInput, call: Call): Promise<void> => {
  const record = (decision: UpgradeDecision, mode: Mode = 'observe') => call.recorder.record(decision, mode);
  if (!deps.config.clusters.some(({ name }) => name === input.cluster)) {
    record(skipped(input, 'unknown-cluster', `the configuration has no cluster ${input.cluster}`));
    return;
  }
  if ((await deps.readMode(input.cluster)) === 'off') {
    record(skipped(input, 'mode-off', `the mode of cluster-upgrade is off for ${input.cluster}`), 'off');
    return;
  }
  try {
    record(await planned(deps, input, call));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    record(skipped(input, reason, describeError(error)));
    call.recorder.fail(error);
  }
};
