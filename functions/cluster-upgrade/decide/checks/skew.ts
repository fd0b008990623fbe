import type { CheckRule } from '../check.ts';
import { block, pass, warn } from '../check.ts';
import { KUBELET_SKEW, minorOf } from '../versions.ts';

const CHECK = 'kubelet-skew';

/**
 * Kubelets are never newer than the API server and at most three minors older (kubernetes.io, version skew
 * policy). The API server moves first, so each kubelet has to bear the target's.
 */
export const checkSkew: CheckRule = ({ cluster, nodes, target }) => {
  const server = minorOf(cluster.version) ?? 0;
  const oldest = (minorOf(target) ?? 0) - KUBELET_SKEW;
  const nameOf = ({ name, kubeletVersion }: { name: string; kubeletVersion: string }) =>
    `node/${name} (${kubeletVersion})`;
  const unreadable = nodes.filter(({ kubeletVersion }) => minorOf(kubeletVersion) === undefined);
  const newer = nodes.filter(({ kubeletVersion }) => (minorOf(kubeletVersion) ?? 0) > server);
  const tooOld = nodes.filter(({ kubeletVersion }) => (minorOf(kubeletVersion) ?? oldest) < oldest);
  if (tooOld.length > 0) {
    return block(CHECK, {
      summary: `${tooOld.length} of ${nodes.length} kubelets are older than 1.${oldest}, which an API server at ${target} no longer bears`,
      objects: tooOld.map(nameOf),
      remedy: `bring these nodes to ${cluster.version} first: update their node groups, replace self-managed nodes`,
    });
  }
  if (newer.length > 0 || unreadable.length > 0) {
    return block(CHECK, {
      summary: `${newer.length + unreadable.length} kubelets are newer than the API server at ${cluster.version}, or say no version`,
      objects: [...newer, ...unreadable].map(nameOf),
      remedy: 'replace these nodes by ones of the cluster’s version',
    });
  }
  const unmanaged = nodes.filter(
    ({ nodeGroup, kubeletVersion }) => nodeGroup === undefined && minorOf(kubeletVersion) !== minorOf(target),
  );
  if (unmanaged.length > 0) {
    return warn(CHECK, {
      summary: `${unmanaged.length} nodes belong to no managed node group; they stay at their version`,
      objects: unmanaged.map(nameOf),
      remedy: 'replace them yourself after the upgrade: their kubelets are within the skew until then',
    });
  }
  return pass(CHECK, `all ${nodes.length} kubelets are from 1.${oldest} to ${cluster.version}`);
};
