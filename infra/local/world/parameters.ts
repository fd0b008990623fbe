import type { ImageFamily } from './versions.ts';
import { imageFamilies, imageId, kubernetesVersions, latestReleaseDate, releaseVersion } from './versions.ts';

/** A public SSM parameter that AWS keeps. */
export interface PublicParameter {
  readonly name: string;
  readonly value: string;
  readonly version: number;
}

/** The recommended node image of each Kubernetes version and image family, under the names that AWS uses. */
export const publicParameters = (): ReadonlyMap<string, PublicParameter> => {
  const parameters = kubernetesVersions.flatMap(({ minor }) =>
    imageFamilies.flatMap((family) => familyParameters(family, minor)),
  );
  return new Map(parameters.map((parameter) => [parameter.name, parameter]));
};

const familyParameters = (family: ImageFamily, minor: string): readonly PublicParameter[] => {
  const path = family.path(minor);
  if (path === undefined) return [];
  const image = imageId(family.amiType, minor, latestReleaseDate);
  const release = releaseVersion(family.amiType, minor, latestReleaseDate);
  const values: readonly (readonly [string, string])[] = family.bottlerocket
    ? [
        ['image_id', image],
        ['image_version', release],
      ]
    : [
        ['image_id', image],
        ['release_version', release],
        ['image_name', `${family.amiType.toLowerCase()}-node-${minor}-v${latestReleaseDate}`],
      ];
  return values.map(([name, value]) => ({ name: `/aws/service/${path}/${name}`, value, version: 31 }));
};
