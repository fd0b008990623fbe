type Tags = Readonly<Record<string, string>>;

const CLUSTER_TAG = /^kubernetes\.io\/cluster\/(.+)$/;

/**
 * The configured cluster of an instance, by its tags: `eks:cluster-name` (managed node groups), `eks:eks-cluster-name`
 * (Karpenter, Auto Mode) or `kubernetes.io/cluster/<name>`. Undefined for an instance that is no node of ours.
 */
export const configuredClusterOf = (tags: Tags, configured: readonly string[]): string | undefined => {
  const named = [
    tags['eks:cluster-name'],
    tags['aws:eks:cluster-name'],
    tags['eks:eks-cluster-name'],
    ...Object.keys(tags).map((key) => CLUSTER_TAG.exec(key)?.[1]),
  ];
  return named.find((name) => name !== undefined && configured.includes(name));
};
