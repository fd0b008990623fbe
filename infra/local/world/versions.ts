import { createHash } from 'node:crypto';

/**
 * Which Kubernetes versions this world's EKS has. Dates to 1.35: the EKS release calendar; 1.36 by its rule of
 * 14 months of standard and 12 of extended support. Patch and platform versions and image releases are the world's own.
 */
export interface KubernetesVersion {
  /** For example `1.34`. */
  readonly minor: string;
  readonly patch: string;
  readonly platformVersion: string;
  readonly releasedOn: string;
  readonly standardSupportUntil: string;
  readonly extendedSupportUntil: string;
}

export const kubernetesVersions: readonly KubernetesVersion[] = [
  version('1.31', 14, 'eks.56', ['2024-09-26', '2025-11-26', '2026-11-26']),
  version('1.32', 11, 'eks.42', ['2025-01-23', '2026-03-23', '2027-03-23']),
  version('1.33', 9, 'eks.33', ['2025-05-29', '2026-07-29', '2027-07-29']),
  version('1.34', 6, 'eks.23', ['2025-10-02', '2026-12-02', '2027-12-02']),
  version('1.35', 4, 'eks.14', ['2026-01-27', '2027-03-27', '2028-03-27']),
  version('1.36', 2, 'eks.5', ['2026-06-02', '2027-08-02', '2028-08-02']),
];

/** What managed groups run at the start, and the newest one, a few weeks on. */
export const startReleaseDate = '20261009';
export const latestReleaseDate = '20261106';

function version(
  minor: string,
  patch: number,
  platformVersion: string,
  [releasedOn, standardSupportUntil, extendedSupportUntil]: readonly [string, string, string],
): KubernetesVersion {
  return {
    minor,
    patch: `${minor}.${patch}`,
    platformVersion,
    releasedOn,
    standardSupportUntil,
    extendedSupportUntil,
  };
}

export const findVersion = (minor: string): KubernetesVersion | undefined =>
  kubernetesVersions.find((known) => known.minor === minor);

/** How many minors `to` is after `from`; negative when it is before. */
export const minorsBetween = (from: string, to: string): number =>
  Number(to.split('.')[1]) - Number(from.split('.')[1]);

export const nextMinor = (minor: string): string => `1.${Number(minor.split('.')[1]) + 1}`;

/** `v1.34.6-eks-1b2c3d4`: what a kubelet of EKS's own images reports. */
export const kubeletVersion = (minor: string): string =>
  `v${findVersion(minor)?.patch ?? `${minor}.0`}-eks-${hash(`kubelet/${minor}`).slice(0, 7)}`;

/** An image family as SSM's public parameters and EKS's AMI types know it. */
export interface ImageFamily {
  readonly amiType: string;
  /** Parameter path under `/aws/service/` for a minor version; undefined where AWS has no image. */
  path(minor: string): string | undefined;
  readonly bottlerocket: boolean;
}

const al2023 = (amiType: string, architecture: string, variant: string): ImageFamily => ({
  amiType,
  path: (minor) => `eks/optimized-ami/${minor}/amazon-linux-2023/${architecture}/${variant}/recommended`,
  bottlerocket: false,
});
/** The last Amazon Linux 2 image is for 1.32. */
const al2 = (amiType: string, suffix: string): ImageFamily => ({
  amiType,
  path: (minor) =>
    minorsBetween('1.32', minor) > 0
      ? undefined
      : `eks/optimized-ami/${minor}/amazon-linux-2${suffix}/recommended`,
  bottlerocket: false,
});
const bottlerocket = (amiType: string, architecture: string, variant = ''): ImageFamily => ({
  amiType,
  path: (minor) => `bottlerocket/aws-k8s-${minor}${variant}/${architecture}/latest`,
  bottlerocket: true,
});

export const imageFamilies: readonly ImageFamily[] = [
  al2023('AL2023_x86_64_STANDARD', 'x86_64', 'standard'),
  al2023('AL2023_ARM_64_STANDARD', 'arm64', 'standard'),
  al2023('AL2023_x86_64_NVIDIA', 'x86_64', 'nvidia'),
  al2023('AL2023_ARM_64_NVIDIA', 'arm64', 'nvidia'),
  al2023('AL2023_x86_64_NEURON', 'x86_64', 'neuron'),
  al2('AL2_x86_64', ''),
  al2('AL2_ARM_64', '-arm64'),
  al2('AL2_x86_64_GPU', '-gpu'),
  bottlerocket('BOTTLEROCKET_x86_64', 'x86_64'),
  bottlerocket('BOTTLEROCKET_ARM_64', 'arm64'),
  bottlerocket('BOTTLEROCKET_x86_64_NVIDIA', 'x86_64', '-nvidia'),
  bottlerocket('BOTTLEROCKET_ARM_64_NVIDIA', 'arm64', '-nvidia'),
  bottlerocket('BOTTLEROCKET_x86_64_FIPS', 'x86_64', '-fips'),
  bottlerocket('BOTTLEROCKET_ARM_64_FIPS', 'arm64', '-fips'),
];

/** `1.34.6-20261106`, or `1.52.0-1b2c3d4e` for Bottlerocket, which does not carry the Kubernetes version. */
export const releaseVersion = (amiType: string, minor: string, date: string): string => {
  const family = imageFamilies.find((known) => known.amiType === amiType);
  if (family?.bottlerocket)
    return `1.${date === latestReleaseDate ? 52 : 51}.0-${hash(`bottlerocket/${date}`).slice(0, 8)}`;
  return `${findVersion(minor)?.patch ?? `${minor}.0`}-${date}`;
};

export const imageId = (amiType: string, minor: string, date: string): string =>
  `ami-0${hash(`${amiType}/${minor}/${date}`).slice(0, 16)}`;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
