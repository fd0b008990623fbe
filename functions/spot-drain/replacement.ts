import type { V1Node } from '@kubernetes/client-node';
import type { InstanceFacts } from '../../shared/aws/ec2.ts';
import { takeLease } from '../../shared/core/lease.ts';
import { instanceIdOf, listNodes } from '../../shared/kubernetes/nodes.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { groupOf } from './decide/owner.ts';
import type { IntakeDeps } from './intake.ts';
import { viewOf } from './node-view.ts';
import type { StepWork } from './step-work.ts';

/** Longer than any drain after a rebalance recommendation waits. */
const KEPT_SECONDS = 86_400;

const createdAt = ({ metadata }: V1Node): number => new Date(metadata?.creationTimestamp ?? 0).getTime();

/** Nodes that came since then and take pods, the oldest first. */
const newcomers = (nodes: readonly V1Node[], since: number): readonly string[] =>
  nodes
    .filter((node) => {
      const { isReady, isUnschedulable } = viewOf(node);
      return createdAt(node) >= since && isReady && !isUnschedulable;
    })
    .sort(
      (a, b) => createdAt(a) - createdAt(b) || (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''),
    )
    .flatMap((node) => instanceIdOf(node) ?? []);

type Facts = ReadonlyMap<string, InstanceFacts>;

interface Looks {
  nodes?: Promise<readonly V1Node[]>;
  /** By the ids that were asked for. */
  readonly facts: Map<string, Promise<Facts>>;
}

/** By invocation, and in it by cluster: many nodes that wait at the same time are one list, and as a rule one look at EC2. */
const looks = new WeakMap<Call, Map<string, Looks>>();

const looksOf = (call: Call, cluster: string): Looks => {
  const ofCall = looks.get(call) ?? new Map<string, Looks>();
  looks.set(call, ofCall);
  const ofCluster = ofCall.get(cluster) ?? { facts: new Map() };
  ofCall.set(cluster, ofCluster);
  return ofCluster;
};

const nodesOf = (look: Looks, api: StepWork['api']): Promise<readonly V1Node[]> => {
  look.nodes ??= api().then((connected) => listNodes(connected));
  return look.nodes;
};

const factsOf = (look: Looks, { instances }: Pick<IntakeDeps, 'instances'>, ids: readonly string[]) => {
  const key = ids.join();
  const asked = look.facts.get(key) ?? instances.describe(ids);
  look.facts.set(key, asked);
  return asked;
};

/**
 * Has a node of the same group come in the place of this one? Each newcomer stands in for one node alone: a lease on
 * it says for which. One list of the nodes, and one look at EC2 for the groups of those that are new. A node without a
 * group has none.
 */
export const findReplacement = async (
  deps: Pick<IntakeDeps, 'instances' | 'store' | 'clock'>,
  { record, api, call }: Pick<StepWork, 'record' | 'api' | 'call'>,
  since: number,
): Promise<boolean> => {
  if (record.group === undefined) return false;
  const { store, clock } = deps;
  const look = looksOf(call, record.cluster);
  const ids = newcomers(await nodesOf(look, api), since);
  if (ids.length === 0) return false;
  const facts = await factsOf(look, deps, ids);
  for (const id of ids) {
    const tags = facts.get(id)?.tags;
    if (tags === undefined || groupOf(tags) !== record.group) continue;
    const taken = await takeLease(store, clock, {
      resource: `replacement/${record.cluster}/${id}`,
      holder: `spot-drain/${record.instanceId}`,
      seconds: KEPT_SECONDS,
    });
    if (taken.held) return true;
  }
  return false;
};
