/**
 * Everything that checks and plan are made from: plain JSON, stored before it is used. The shapes are what
 * the ports in `shared/aws/eks` answer, as far as a decision turns on it.
 */
export interface Snapshot {
  /** The minor to reach, for example `1.35`. */
  readonly target: string;
  readonly cluster: ClusterSnapshot;
  /** Live from DescribeClusterVersions. */
  readonly versions: readonly VersionSnapshot[];
  /** How the refresh of the insights ended: `COMPLETED`, or it did not. */
  readonly insightsRefresh: string;
  readonly insights: readonly InsightSnapshot[];
  /** Those of the control plane. */
  readonly subnets: readonly { readonly id: string; readonly zone: string; readonly freeAddresses: number }[];
  readonly nodeGroups: readonly NodeGroupSnapshot[];
  readonly addOns: readonly AddOnSnapshot[];
  readonly nodes: readonly NodeSnapshot[];
  /** Updates of the cluster itself that EKS is carrying out now. */
  readonly running: readonly UpdateSnapshot[];
}

export interface IssueSnapshot {
  readonly code: string;
  readonly message: string;
}

export interface UpdateSnapshot {
  readonly id: string;
  /** For example `VersionUpdate`. */
  readonly type: string;
  /** For example `{ Version: '1.35' }`. */
  readonly params: Readonly<Record<string, string>>;
}

export interface ClusterSnapshot {
  readonly name: string;
  readonly version: string;
  readonly platformVersion: string;
  readonly status: string;
  readonly subnetIds: readonly string[];
  readonly issues: readonly IssueSnapshot[];
}

export interface VersionSnapshot {
  readonly version: string;
  /** `STANDARD_SUPPORT`, `EXTENDED_SUPPORT` or `UNSUPPORTED`. */
  readonly support: string;
  readonly defaultPlatformVersion?: string;
  readonly endOfStandardSupport?: string;
}

export interface InsightSnapshot {
  readonly name: string;
  readonly kubernetesVersion?: string;
  /** `PASSING`, `WARNING`, `ERROR`, `UNKNOWN`. */
  readonly status: string;
  readonly reason: string;
  readonly recommendation?: string;
  readonly resources: readonly string[];
  readonly deprecated: readonly {
    readonly usage: string;
    readonly replacedWith?: string;
    readonly stopServingVersion?: string;
    readonly clients: readonly string[];
  }[];
}

export interface NodeGroupSnapshot {
  readonly name: string;
  readonly version: string;
  readonly releaseVersion: string;
  /** `CUSTOM` where the launch template names its own AMI. */
  readonly amiType: string;
  readonly status: string;
  readonly desired: number;
  readonly issues: readonly IssueSnapshot[];
  /** The newest release of its image family for the target; missing where SSM names none. */
  readonly targetRelease?: string;
  /** Looked up only where the group is not ACTIVE. */
  readonly running: readonly UpdateSnapshot[];
}

export interface AddOnSnapshot {
  readonly name: string;
  readonly version: string;
  readonly status: string;
  readonly issues: readonly IssueSnapshot[];
  readonly configurationValues?: string;
  readonly serviceAccountRoleArn?: string;
  /** What EKS offers for the target. */
  readonly offered: readonly AddOnOffer[];
  /** Looked up only where the add-on is not ACTIVE. */
  readonly running: readonly UpdateSnapshot[];
}

export interface AddOnOffer {
  readonly version: string;
  readonly compatibilities: readonly {
    readonly clusterVersion: string;
    readonly platformVersions: readonly string[];
    readonly isDefault: boolean;
  }[];
}

export interface NodeSnapshot {
  readonly name: string;
  /** For example `v1.34.2-eks-3abb9f6`. */
  readonly kubeletVersion: string;
  readonly ready: boolean;
  /** The managed node group that it belongs to, where it belongs to one. */
  readonly nodeGroup?: string;
}
