import type { V1Node, V1Pod, V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { ClusterConnector } from '../../shared/kubernetes/connect.ts';
import { createDrainApi } from '../../shared/kubernetes/drain-api.ts';
import { isReady, listNodes } from '../../shared/kubernetes/nodes.ts';
import { DISRUPTION_BUDGETS, PODS } from '../../shared/kubernetes/resources.ts';
import type { NodeSnapshot } from './decide/snapshot.ts';
import type { ClusterView, HoldingBudget } from './ports.ts';

const NODE_GROUP_LABEL = 'eks.amazonaws.com/nodegroup';

const toNodeSnapshot = (node: V1Node): NodeSnapshot => {
  const nodeGroup = node.metadata?.labels?.[NODE_GROUP_LABEL];
  return {
    name: node.metadata?.name ?? '',
    kubeletVersion: node.status?.nodeInfo?.kubeletVersion ?? '',
    ready: isReady(node),
    ...(nodeGroup === undefined ? {} : { nodeGroup }),
  };
};

const podsOn = async (api: KubernetesApi, nodeNames: readonly string[]): Promise<V1Pod[]> => {
  const wanted = new Set(nodeNames);
  const pods: V1Pod[] = [];
  for await (const page of api.listPages<V1Pod>(PODS)) {
    pods.push(...page.filter(({ spec }) => spec?.nodeName !== undefined && wanted.has(spec.nodeName)));
  }
  return pods;
};

/** Budgets that let nothing go, as `namespace/name`. */
const exhaustedBudgets = async (api: KubernetesApi): Promise<ReadonlySet<string>> => {
  const exhausted = new Set<string>();
  for await (const page of api.listPages<V1PodDisruptionBudget>(DISRUPTION_BUDGETS)) {
    for (const { metadata, status } of page) {
      if ((status?.disruptionsAllowed ?? 0) === 0) exhausted.add(`${metadata?.namespace}/${metadata?.name}`);
    }
  }
  return exhausted;
};

/** Rights: nodes list; pods and poddisruptionbudgets list for the diagnosis alone. */
export const createClusterView = (clusters: ClusterConnector): ClusterView => ({
  nodes: async (cluster) => (await listNodes(await clusters.connect(cluster))).map(toNodeSnapshot),
  holdingBudgets: async (cluster, nodeNames) => {
    const api = await clusters.connect(cluster);
    const exhausted = await exhaustedBudgets(api);
    if (exhausted.size === 0) return [];
    const pods = await podsOn(api, nodeNames);
    const budgetsOf = await createDrainApi(api).budgetsOf(pods);
    const held = new Map<string, { pods: Set<string>; nodes: Set<string> }>();
    for (const pod of pods) {
      for (const name of budgetsOf.get(pod.metadata?.uid ?? '') ?? []) {
        const budget = `${pod.metadata?.namespace}/${name}`;
        if (!exhausted.has(budget)) continue;
        const found = held.get(budget) ?? { pods: new Set<string>(), nodes: new Set<string>() };
        found.pods.add(`${pod.metadata?.namespace}/${pod.metadata?.name}`);
        found.nodes.add(pod.spec?.nodeName ?? '');
        held.set(budget, found);
      }
    }
    return [...held]
      .map(
        ([budget, found]): HoldingBudget => ({
          budget,
          pods: [...found.pods].toSorted(),
          nodes: [...found.nodes].toSorted(),
        }),
      )
      .toSorted((a, b) => (a.budget < b.budget ? -1 : 1));
  },
});
