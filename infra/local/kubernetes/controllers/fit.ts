import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../objects.ts';
import { isReady } from '../objects.ts';
import { meetsAll } from '../selectors.ts';

/** Which nodes a pod may run on: the scheduler's filters, as far as this cluster has something to filter by. */

export const tolerates = (tolerations: readonly Toleration[], taint: Taint): boolean =>
  tolerations.some(
    ({ key = '', operator = 'Equal', value = '', effect = '' }) =>
      (effect === '' || effect === taint.effect) &&
      (key === '' ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

const termMatches = (node: Node, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean =>
  meetsAll(node.metadata.labels, matchExpressions) &&
  meetsAll({ 'metadata.name': node.metadata.name }, matchFields);

const affine = (node: Node, { nodeSelector = {}, affinity }: PodSpec): boolean => {
  const labels = node.metadata.labels ?? {};
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (terms === undefined || terms.some((term) => termMatches(node, term)))
  );
};

/** Why the pod cannot go there, in the scheduler's words; undefined where it can. Room is not looked at. */
export const misfit = (node: Node, spec: PodSpec): string | undefined => {
  const tolerations = spec.tolerations ?? [];
  const { taints = [] } = node.spec;
  if (node.spec.unschedulable === true && !tolerates(tolerations, unschedulable)) {
    return 'node(s) were unschedulable';
  }
  if (!affine(node, spec)) return "node(s) didn't match Pod's node affinity/selector";
  const hard = [...taints, ...(isReady(node) ? [] : [notReady])].filter(
    ({ effect }) => effect !== 'PreferNoSchedule',
  );
  return hard.some((taint) => !tolerates(tolerations, taint))
    ? 'node(s) had untolerated taint(s)'
    : undefined;
};

/** How many taints ask politely to go elsewhere. */
export const reluctance = (node: Node, { tolerations = [] }: PodSpec): number =>
  (node.spec.taints ?? []).filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !tolerates(tolerations, taint),
  ).length;

/** Whether a DaemonSet's pod belongs on the node, and whether one that is there may stay. */
export const daemonFit = (node: Node, spec: PodSpec): { run: boolean; stay: boolean } => {
  const tolerations = spec.tolerations ?? [];
  const { taints = [] } = node.spec;
  if (!affine(node, spec)) return { run: false, stay: false };
  const blocking = taints.filter((taint) => !tolerates(tolerations, taint));
  return {
    run: blocking.every(({ effect }) => effect === 'PreferNoSchedule'),
    stay: blocking.every(({ effect }) => effect !== 'NoExecute'),
  };
};
