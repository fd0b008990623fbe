/** Kubernetes versions as numbers. EKS knows major version 1 alone. */

/** The minor of `1.34` or of a kubelet's `v1.34.2-eks-3abb9f6`; undefined for anything else. */
export const minorOf = (version: string): number | undefined => {
  const minor = /^v?1\.(\d{1,3})(?:[.+-].*)?$/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
};

/** Kubelets may be this many minors behind the API server (kubernetes.io, version skew policy). */
export const KUBELET_SKEW = 3;

const numbersOf = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number);

/** Orders versions such as `v1.19.2-eksbuild.10` by their numbers: negative where `a` is older than `b`. */
export const compareVersions = (a: string, b: string): number => {
  const left = numbersOf(a);
  const right = numbersOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
