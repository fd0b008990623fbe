import type { V1Node } from '@kubernetes/client-node';
import type { InstanceReader } from '../../shared/aws/ec2.ts';
import { ClusterUnreachableError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Decision } from '../../shared/core/verdict.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { instanceIdOf } from '../../shared/kubernetes/nodes.ts';
import { NODES } from '../../shared/kubernetes/resources.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { PodCleanupDeps } from './clean-cluster.ts';
import { decideCleanup } from './decide/decide.ts';
import { configuredClusterOf } from './decide/instance.ts';
import { createNewestPods } from './decide/newest.ts';
import { createTally } from './decide/report.ts';
import type { Patience } from './gather.ts';
import { endedPods, optedOutNamespaces } from './gather.ts';
import { createPace } from './pace.ts';
import { problemDecision } from './problems.ts';
import type { TerminatedInstance } from './terminated-event.ts';

export type VerifyDeps = Omit<PodCleanupDeps, 'metrics'> & { readonly instances: InstanceReader };

/**
 * Looks at what a terminated node left behind, and says what the cluster's tick would do about it. It deletes
 * nothing and has no right to: pods of a Node that is gone go by themselves (PodGC), and those of a Node that stays
 * are the tick's, with its budget and its limits.
 */
export const runVerify = async (
  deps: VerifyDeps,
  { instanceId }: TerminatedInstance,
  call: Call,
): Promise<void> => {
  const target = `instance/${instanceId}`;
  const say = (decision: Omit<Decision, 'action'>, mode: Mode) =>
    call.recorder.record({ ...decision, action: 'none' }, mode);
  const facts = (await deps.instances.describe([instanceId])).get(instanceId);
  const cluster = configuredClusterOf(
    facts?.tags ?? {},
    deps.config.clusters.map(({ name }) => name),
  );
  if (cluster === undefined) {
    say({ target, reason: facts === undefined ? 'instance-unknown' : 'not-a-node' }, await deps.readMode());
    return;
  }
  const mode = await deps.readMode(cluster);
  if (mode === 'off') {
    say({ cluster, target, reason: 'mode-off' }, mode);
    return;
  }
  const patience = { retryUntil: createPace(deps.clock, call.deadline).until };
  try {
    const api = await deps.clusters.connect(cluster);
    const name = await nodeNameOf(api, instanceId, patience);
    if (name === undefined) say({ cluster, target, reason: 'node-gone' }, mode);
    else say({ cluster, target: `node/${name}`, ...(await leftBehind(deps, api, { name, patience })) }, mode);
  } catch (error) {
    // No other run comes for this event: also a server that asks to slow down is asked again by Lambda's next attempt.
    call.recorder.fail(error);
    const problem = problemDecision(cluster, error);
    call.recorder.record(error instanceof ClusterUnreachableError ? problem : { ...problem, target }, mode);
  }
};

/** The Node of an instance; undefined where it is gone. */
const nodeNameOf = async (
  api: KubernetesApi,
  instanceId: string,
  patience: Patience,
): Promise<string | undefined> => {
  for await (const page of api.listPages<V1Node>(NODES, patience)) {
    const node = page.find((one) => instanceIdOf(one) === instanceId);
    if (node !== undefined) return node.metadata?.name;
  }
  return undefined;
};

/** What the rules say of the Failed pods of one node; limits that other pods count in are the tick's. */
const leftBehind = async (
  { section, clock }: VerifyDeps,
  api: KubernetesApi,
  { name, patience }: { name: string; patience: Patience },
): Promise<Pick<Decision, 'reason' | 'detail'>> => {
  const tally = createTally();
  const input = {
    cluster: api.cluster,
    rules: section,
    now: clock.now(),
    optedOutNamespaces: section.namespaceOptOut ? await optedOutNamespaces(api, patience) : new Set<string>(),
    ownerState: () => undefined,
  };
  const limits = {
    budget: Number.POSITIVE_INFINITY,
    newest: createNewestPods(0),
    allowedIn: () => Number.POSITIVE_INFINITY,
  };
  const selection = { phases: ['Failed'] as const, labelSelector: section.labelSelector, nodeName: name };
  for await (const page of endedPods(api, selection, patience)) {
    for (const decision of decideCleanup(page, input, limits).decisions) tally.add(decision);
  }
  const { listed, wouldDelete, kept, reasons } = tally.report();
  if (listed === 0) return { reason: 'nothing-left-behind' };
  return { reason: 'left-behind', detail: { failedPods: listed, wouldDelete, kept, reasons } };
};
