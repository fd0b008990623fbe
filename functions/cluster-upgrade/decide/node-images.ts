/**
 * The public SSM parameter that names the newest release of a managed node group's image family.
 * Sources: EKS user guide, "retrieve recommended Amazon Linux AMI IDs" and "... Bottlerocket AMI IDs".
 */
export type ImageFamily =
  | { readonly kind: 'parameter'; readonly name: string }
  /** The launch template names an AMI of its own: EKS refuses version fields. */
  | { readonly kind: 'custom' }
  /** EKS picks the newest release by itself; no parameter names it. */
  | { readonly kind: 'newest' };

const architectureOf = (amiType: string): string => (amiType.includes('ARM_64') ? 'arm64' : 'x86_64');

const amazonLinux2023 = (amiType: string, minor: string): string => {
  const variant =
    ['NVIDIA', 'NEURON'].find((name) => amiType.endsWith(`_${name}`))?.toLowerCase() ?? 'standard';
  return `/aws/service/eks/optimized-ami/${minor}/amazon-linux-2023/${architectureOf(amiType)}/${variant}/recommended/release_version`;
};

const amazonLinux2 = (amiType: string, minor: string): string => {
  const suffix = amiType.endsWith('_GPU') ? '-gpu' : amiType.includes('ARM_64') ? '-arm64' : '';
  return `/aws/service/eks/optimized-ami/${minor}/amazon-linux-2${suffix}/recommended/release_version`;
};

const bottlerocket = (amiType: string, minor: string): string => {
  const flavour = `${amiType.includes('_NVIDIA') ? '-nvidia' : ''}${amiType.includes('_FIPS') ? '-fips' : ''}`;
  return `/aws/service/bottlerocket/aws-k8s-${minor}${flavour}/${architectureOf(amiType)}/latest/image_version`;
};

/** @param amiType EKS's own, for example `AL2023_x86_64_STANDARD` or `BOTTLEROCKET_ARM_64_FIPS` */
export const imageFamilyOf = (amiType: string, minor: string): ImageFamily => {
  if (amiType === 'CUSTOM') return { kind: 'custom' };
  if (amiType.startsWith('AL2023_')) return { kind: 'parameter', name: amazonLinux2023(amiType, minor) };
  if (amiType.startsWith('AL2_')) return { kind: 'parameter', name: amazonLinux2(amiType, minor) };
  if (amiType.startsWith('BOTTLEROCKET_')) return { kind: 'parameter', name: bottlerocket(amiType, minor) };
  return { kind: 'newest' };
};
