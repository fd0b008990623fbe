import { kubernetesVersions, minorsBetween } from './versions.ts';

/** An add-on release and the Kubernetes minors it runs on. */
export interface AddonRelease {
  readonly addonVersion: string;
  readonly minors: readonly string[];
  /** Minors for which this release is the default. */
  readonly defaultFor: readonly string[];
}

export interface CatalogAddon {
  readonly name: string;
  readonly type: string;
  readonly namespace: string;
  readonly releases: readonly AddonRelease[];
}

/** A release for each minor from `from` to `to`, numbered along. */
type Span = { readonly version: string; readonly from: string; readonly to: string };

const addon = (name: string, type: string, spans: readonly Span[]): CatalogAddon => {
  const releases = spans.map(({ version, from, to }) => ({
    addonVersion: version,
    minors: kubernetesVersions
      .map(({ minor }) => minor)
      .filter((minor) => minorsBetween(from, minor) >= 0 && minorsBetween(minor, to) >= 0),
  }));
  return {
    name,
    type,
    namespace: 'kube-system',
    releases: releases.map((release, index) => ({
      ...release,
      // Releases are listed newest first: the first one that fits a minor is its default.
      defaultFor: release.minors.filter(
        (minor) => !releases.slice(0, index).some((newer) => newer.minors.includes(minor)),
      ),
    })),
  };
};

/** kube-proxy follows the Kubernetes version, one release line each. */
const kubeProxy = addon(
  'kube-proxy',
  'networking',
  [...kubernetesVersions].reverse().flatMap(({ minor, patch }) => [
    { version: `v${patch}-eksbuild.2`, from: minor, to: minor },
    { version: `v${minor}.0-eksbuild.2`, from: minor, to: minor },
  ]),
);

export const addonCatalog: readonly CatalogAddon[] = [
  addon('vpc-cni', 'networking', [
    { version: 'v1.21.1-eksbuild.3', from: '1.32', to: '1.36' },
    { version: 'v1.20.4-eksbuild.1', from: '1.31', to: '1.35' },
    { version: 'v1.19.6-eksbuild.7', from: '1.31', to: '1.34' },
  ]),
  addon('coredns', 'networking', [
    { version: 'v1.13.2-eksbuild.1', from: '1.34', to: '1.36' },
    { version: 'v1.12.4-eksbuild.1', from: '1.33', to: '1.35' },
    { version: 'v1.12.1-eksbuild.2', from: '1.31', to: '1.34' },
    { version: 'v1.11.4-eksbuild.24', from: '1.31', to: '1.33' },
  ]),
  kubeProxy,
  addon('aws-ebs-csi-driver', 'storage', [
    { version: 'v1.54.0-eksbuild.1', from: '1.32', to: '1.36' },
    { version: 'v1.48.0-eksbuild.1', from: '1.31', to: '1.35' },
  ]),
  addon('eks-pod-identity-agent', 'security', [
    { version: 'v1.3.10-eksbuild.2', from: '1.31', to: '1.36' },
    { version: 'v1.3.8-eksbuild.2', from: '1.31', to: '1.35' },
  ]),
  addon('metrics-server', 'observability', [
    { version: 'v0.8.1-eksbuild.1', from: '1.31', to: '1.36' },
    { version: 'v0.8.0-eksbuild.2', from: '1.31', to: '1.35' },
  ]),
];

export const findAddon = (name: string): CatalogAddon | undefined =>
  addonCatalog.find((known) => known.name === name);

/** Releases of an add-on that run on a minor, newest first. */
export const addonVersions = (name: string, minor: string): readonly string[] =>
  (findAddon(name)?.releases ?? [])
    .filter((release) => release.minors.includes(minor))
    .map(({ addonVersion }) => addonVersion);

/** What EKS installs when nobody names a version. */
export const defaultAddonVersion = (name: string, minor: string): string | undefined =>
  findAddon(name)?.releases.find((release) => release.defaultFor.includes(minor))?.addonVersion;
