/** What a world is made of at its start: data only, drawn from a seed (`night/draw.ts`) or written in a test. */

export interface WorldSpec {
  /** 12 digits. */
  readonly accountId: string;
  readonly region: string;
  /** Epoch ms at which the world's clock starts. */
  readonly startAt: number;
  readonly clusters: readonly ClusterSpec[];
  readonly repositories: readonly RepositorySpec[];
}

export interface ClusterSpec {
  readonly name: string;
  /** Kubernetes minor, for example `1.34`. */
  readonly version: string;
  /** Availability zones, for example `eu-central-1a`; one subnet each. */
  readonly zones: readonly string[];
  readonly freeAddressesPerSubnet: number;
  readonly nodeGroups: readonly NodeGroupSpec[];
  readonly selfManagedGroups: readonly SelfManagedGroupSpec[];
  readonly addons: readonly AddonSpec[];
  readonly insights: readonly InsightSpec[];
  readonly workloads: readonly WorkloadSpec[];
  readonly failedPods: readonly FailedPodSpec[];
  /** `API_AND_CONFIG_MAP` where left out. */
  readonly authenticationMode?: 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';
  /** `EXTENDED` where left out, as EKS does. */
  readonly supportType?: 'STANDARD' | 'EXTENDED';
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * The cluster's Kubernetes API is somewhere else, for example a real API server: DescribeCluster answers this
   * address. The embedded API goes on beside it as EKS's own view of nodes and add-ons, and whoever gives an
   * address brings the nodes of the world's instances there. `certificateAuthority`: base64 of the PEM.
   */
  readonly kubernetesApi?: { readonly endpoint: string; readonly certificateAuthority: string };
}

interface GroupSpec {
  readonly name: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  readonly instanceType: string;
  readonly spot: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The classic way to put a group to sleep; two masters fight. */
  readonly scheduledActions?: readonly ScheduledActionSpec[];
}

export interface ScheduledActionSpec {
  readonly name: string;
  /** Cron, for example `0 20 * * 1-5`. */
  readonly recurrence: string;
  readonly timeZone?: string;
  readonly min?: number;
  readonly max?: number;
  readonly desired?: number;
}

/** An EKS managed node group; its Auto Scaling group is made with it. */
export interface NodeGroupSpec extends GroupSpec {
  /** For example `AL2023_x86_64_STANDARD`. */
  readonly amiType: string;
  /** Kubernetes minor of its nodes; the cluster's where left out. */
  readonly version?: string;
  readonly maxUnavailable?: number;
}

/** An Auto Scaling group of one's own whose nodes join the cluster, or what stands for a node pool. */
export interface SelfManagedGroupSpec extends GroupSpec {
  /** The nodes are Karpenter's, or Auto Mode's, with the tags and labels that go with it. */
  readonly provisioner?: {
    readonly kind: 'karpenter' | 'auto-mode';
    /** Whether it is told of interruptions, and so taints the nodes that are about to go. Default true. */
    readonly hasQueue?: boolean;
  };
  /** Name of a terminate lifecycle hook on the group, where there is one. */
  readonly terminateHook?: string;
  /** The hook's heartbeat time-out; Auto Scaling's default of an hour where left out. */
  readonly terminateHookSeconds?: number;
}

export interface AddonSpec {
  readonly name: string;
  readonly version: string;
  readonly configurationValues?: string;
}

export interface InsightSpec {
  readonly name: string;
  readonly status: 'PASSING' | 'WARNING' | 'ERROR' | 'UNKNOWN';
  readonly reason: string;
  /** Uses of an API that the next minor no longer serves. */
  readonly deprecations?: readonly DeprecationSpec[];
  /** What the insight looked at. */
  readonly resources?: readonly InsightResourceSpec[];
  /** Add-ons that have to be updated first, and the versions that run on the next minor. */
  readonly addonCompatibilities?: readonly {
    readonly name: string;
    readonly compatibleVersions: readonly string[];
  }[];
}

/** A resource of the cluster, or one of AWS: EKS names each by one of the two. */
export type InsightResourceSpec = (
  | {
      /** For example `/api/v1/nodes/ip-10-0-1-5.eu-central-1.compute.internal`. */
      readonly kubernetesResourceUri: string;
    }
  | { readonly arn: string }
) & { readonly status: InsightSpec['status']; readonly reason?: string };

export interface DeprecationSpec {
  /** For example `/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas`. */
  readonly usage: string;
  readonly replacedWith: string;
  readonly stopServingVersion: string;
  readonly userAgent: string;
  readonly requestsLast30Days: number;
  /** Epoch ms. */
  readonly lastRequestAt: number;
}

/** A Deployment with its ReplicaSet and pods. */
export interface WorkloadSpec {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** `repository:tag` of this registry; pods report it as `registry/repository@digest`. */
  readonly image: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly graceSeconds: number;
  /** How long its pods take to stop after they were asked to. */
  readonly stopSeconds: number;
  readonly budget?: {
    readonly name: string;
    readonly minAvailable?: number;
    readonly maxUnavailable?: number;
  };
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * A pod that a node shutdown (or something else) left in phase Failed. Its owner is made where there is none (a
 * ReplicaSet may be named by its Deployment). The controllers of StatefulSets and DaemonSets remove such pods
 * themselves, as in a real cluster, so only pods of ReplicaSets and Jobs stay.
 */
export interface FailedPodSpec {
  readonly namespace: string;
  readonly name: string;
  readonly owner: {
    readonly kind: 'ReplicaSet' | 'StatefulSet' | 'Job' | 'DaemonSet';
    readonly name: string;
  };
  /** `status.reason`, for example `Terminated`. */
  readonly reason: string;
  readonly message: string;
  readonly failedMinutesAgo: number;
}

export interface RepositorySpec {
  readonly name: string;
  readonly scanOnPush: boolean;
  readonly images: readonly ImageSpec[];
}

export interface ImageSpec {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly tags: readonly string[];
  /** Epoch ms. */
  readonly pushedAt: number;
  readonly findings: readonly FindingSpec[];
  /** Digests of the images that this one is the index of (multi-architecture). */
  readonly children?: readonly { readonly digest: string; readonly architecture: string }[];
  /** Archived images cannot be scanned. */
  readonly archived?: boolean;
}

export interface FindingSpec {
  /** `CVE-2026-12345` */
  readonly name: string;
  readonly severity: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW' | 'INFORMATIONAL' | 'UNDEFINED';
  readonly packageName: string;
  readonly packageVersion: string;
  /** The version that repairs it, where there is one. */
  readonly fixedInVersion?: string;
  /** Scans started before this instant do not know it yet (epoch ms). */
  readonly knownFrom: number;
}
