/** Who looks after an instance. `karpenter` and `auto-mode` drain their nodes themselves. */
export type Owner = 'managed' | 'self-managed' | 'karpenter' | 'auto-mode';

type Tags = Readonly<Record<string, string>>;

const NAMING_TAGS = ['eks:cluster-name', 'aws:eks:cluster-name', 'eks:eks-cluster-name'];
const CLUSTER_TAG = /^kubernetes\.io\/cluster\/(.+)$/;

/**
 * The cluster that an instance's tags name: `eks:cluster-name` (managed node groups), `eks:eks-cluster-name`
 * (Karpenter, Auto Mode), `kubernetes.io/cluster/<name>` (one's own). Undefined where they name none, or
 * several that contradict each other.
 */
export const clusterOf = (tags: Tags): string | undefined => {
  const named = new Set(NAMING_TAGS.flatMap((tag) => tags[tag] ?? []));
  if (named.size > 0) return named.size === 1 ? [...named][0] : undefined;
  const clusters = Object.entries(tags).flatMap(([key, value]) => {
    const name = CLUSTER_TAG.exec(key)?.[1];
    return name !== undefined && (value === 'owned' || value === 'shared') ? [name] : [];
  });
  return clusters.length === 1 ? clusters[0] : undefined;
};

/** Auto Mode's tags: EKS user guide, "Learn about identity and access in EKS Auto Mode". */
const isAutoMode = (tags: Tags): boolean =>
  tags['eks:kubernetes-node-pool-name'] !== undefined || tags['eks:kubernetes-node-class-name'] !== undefined;

export const ownerOf = (tags: Tags): Owner => {
  if (isAutoMode(tags)) return 'auto-mode';
  if (tags['karpenter.sh/nodepool'] !== undefined) return 'karpenter';
  if (tags['karpenter.sh/provisioner-name'] !== undefined) return 'karpenter'; // before its v1beta1
  return tags['eks:nodegroup-name'] === undefined ? 'self-managed' : 'managed';
};

/**
 * The group of nodes that stand in for each other: node group, node pool or Auto Scaling group. Undefined for an
 * instance that somebody launched by itself.
 */
export const groupOf = (tags: Tags): string | undefined =>
  tags['eks:nodegroup-name'] ??
  tags['eks:kubernetes-node-pool-name'] ??
  tags['karpenter.sh/nodepool'] ??
  tags['aws:autoscaling:groupName'];
