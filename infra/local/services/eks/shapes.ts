import type { AddonRelease, CatalogAddon } from '../../world/addon-catalog.ts';
import type { Addon, Cluster, Insight, NodeGroup } from '../../world/clusters.ts';
import type { UpdateRecord } from '../../world/updates.ts';
import type { KubernetesVersion } from '../../world/versions.ts';
import { kubernetesVersions } from '../../world/versions.ts';

/** The world's things in the members of EKS's service model. */

export const clusterShape = (cluster: Cluster, region: string) => ({
  name: cluster.name,
  arn: cluster.arn,
  createdAt: new Date(cluster.createdAt),
  version: cluster.version,
  endpoint: cluster.address.endpoint,
  roleArn: cluster.roleArn,
  resourcesVpcConfig: {
    subnetIds: cluster.subnets.map(({ id }) => id),
    securityGroupIds: [],
    clusterSecurityGroupId: cluster.securityGroupId,
    vpcId: cluster.vpcId,
    endpointPublicAccess: true,
    endpointPrivateAccess: true,
    publicAccessCidrs: ['0.0.0.0/0'],
  },
  kubernetesNetworkConfig: {
    serviceIpv4Cidr: '172.20.0.0/16',
    ipFamily: 'ipv4',
    elasticLoadBalancing: { enabled: false },
  },
  logging: {
    clusterLogging: [
      { types: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'], enabled: false },
    ],
  },
  identity: { oidc: { issuer: `https://oidc.eks.${region}.amazonaws.com/id/${cluster.id}` } },
  status: cluster.status,
  certificateAuthority: { data: cluster.address.certificateAuthority },
  platformVersion: cluster.platformVersion,
  tags: Object.fromEntries(cluster.tags),
  health: { issues: cluster.issues },
  accessConfig: { authenticationMode: cluster.authenticationMode },
  upgradePolicy: { supportType: cluster.supportType },
  deletionProtection: false,
});

export const nodeGroupShape = (group: NodeGroup) => ({
  nodegroupName: group.name,
  nodegroupArn: group.arn,
  clusterName: group.clusterName,
  version: group.version,
  releaseVersion: group.releaseVersion,
  createdAt: new Date(group.createdAt),
  modifiedAt: new Date(group.modifiedAt),
  status: group.status,
  capacityType: group.spot ? 'SPOT' : 'ON_DEMAND',
  scalingConfig: {
    minSize: group.scaling.min,
    maxSize: group.scaling.max,
    desiredSize: group.scaling.desired,
  },
  instanceTypes: [group.instanceType],
  subnets: group.scaling.subnets.map(({ id }) => id),
  amiType: group.amiType,
  nodeRole: group.nodeRole,
  labels: Object.fromEntries(group.labels),
  diskSize: 20,
  resources: { autoScalingGroups: [{ name: group.scaling.name }] },
  health: { issues: group.issues },
  updateConfig: group.updateConfig,
  tags: Object.fromEntries(group.tags),
});

export const addonShape = (cluster: Cluster, addon: Addon) => ({
  addonName: addon.name,
  clusterName: cluster.name,
  status: addon.status,
  addonVersion: addon.version,
  health: { issues: addon.issues },
  addonArn: addon.arn,
  createdAt: new Date(addon.createdAt),
  modifiedAt: new Date(addon.modifiedAt),
  tags: Object.fromEntries(addon.tags),
  podIdentityAssociations: addon.podIdentityAssociations,
  ...(addon.configurationValues === undefined ? {} : { configurationValues: addon.configurationValues }),
  ...(addon.serviceAccountRoleArn === undefined
    ? {}
    : { serviceAccountRoleArn: addon.serviceAccountRoleArn }),
});

export const updateShape = (update: UpdateRecord) => ({
  id: update.id,
  status: update.status,
  type: update.type,
  params: update.params,
  createdAt: new Date(update.createdAt),
  errors: update.errors,
});

export const insightSummaryShape = (cluster: Cluster, insight: Insight) => ({
  id: insight.id,
  name: insight.name,
  category: insight.category,
  kubernetesVersion: nextVersion(cluster),
  lastRefreshTime: new Date(cluster.insights.refresh.endedAt ?? cluster.insights.refresh.startedAt),
  lastTransitionTime: new Date(insight.lastTransitionAt),
  description: `Checks ${insight.name.toLowerCase()} before the next Kubernetes version.`,
  insightStatus: { status: insight.status, reason: insight.reason },
});

export const insightShape = (cluster: Cluster, insight: Insight) => ({
  ...insightSummaryShape(cluster, insight),
  recommendation:
    insight.status === 'PASSING' ? 'Nothing to do.' : `Resolve before the upgrade: ${insight.reason}`,
  additionalInfo: {},
  resources: (insight.resources ?? []).map(({ status, reason, ...named }) => ({
    insightStatus: { status, ...(reason === undefined ? {} : { reason }) },
    ...named,
  })),
  categorySpecificSummary: {
    deprecationDetails: (insight.deprecations ?? []).map((found) => ({
      usage: found.usage,
      replacedWith: found.replacedWith,
      stopServingVersion: found.stopServingVersion,
      clientStats: [
        {
          userAgent: found.userAgent,
          numberOfRequestsLast30Days: found.requestsLast30Days,
          lastRequestTime: new Date(found.lastRequestAt),
        },
      ],
    })),
    addonCompatibilityDetails: insight.addonCompatibilities ?? [],
  },
});

/** Insights look at the next minor version. */
export const nextVersion = (cluster: Cluster): string => {
  const index = kubernetesVersions.findIndex(({ minor }) => minor === cluster.version);
  return kubernetesVersions[index + 1]?.minor ?? cluster.version;
};

export const addonInfoShape = (addon: CatalogAddon, minor: string | undefined) => ({
  addonName: addon.name,
  type: addon.type,
  publisher: 'eks',
  owner: 'aws',
  defaultNamespace: addon.namespace,
  addonVersions: addon.releases
    .filter(({ minors }) => minor === undefined || minors.includes(minor))
    .map((release) => ({
      addonVersion: release.addonVersion,
      architecture: ['amd64', 'arm64'],
      computeTypes: ['ec2', 'auto', 'hybrid'],
      compatibilities: compatibilities(release, minor),
      requiresConfiguration: false,
      requiresIamPermissions: addon.name === 'vpc-cni' || addon.name === 'aws-ebs-csi-driver',
    })),
});

/** In no useful order, as EKS gives them: the first one is not the one for a cluster. */
const compatibilities = (release: AddonRelease, minor: string | undefined) =>
  release.minors
    .filter((known) => minor === undefined || known === minor)
    .map((known) => ({
      clusterVersion: known,
      platformVersions: ['*'],
      defaultVersion: release.defaultFor.includes(known),
    }));

export const versionShape = (version: KubernetesVersion, at: { now: number; isDefault: boolean }) => {
  const status = supportAt(version, at.now);
  return {
    clusterVersion: version.minor,
    clusterType: 'eks',
    defaultPlatformVersion: version.platformVersion,
    defaultVersion: at.isDefault,
    releaseDate: new Date(version.releasedOn),
    endOfStandardSupportDate: new Date(version.standardSupportUntil),
    endOfExtendedSupportDate: new Date(version.extendedSupportUntil),
    status: status.toLowerCase().replace('_', '-'),
    versionStatus: status,
    kubernetesPatchVersion: version.patch,
  };
};

export const supportAt = (version: KubernetesVersion, now: number) => {
  if (now >= Date.parse(version.extendedSupportUntil)) return 'UNSUPPORTED';
  return now >= Date.parse(version.standardSupportUntil) ? 'EXTENDED_SUPPORT' : 'STANDARD_SUPPORT';
};
