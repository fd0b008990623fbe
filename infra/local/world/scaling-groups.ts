import type { LaunchImage } from './instances.ts';
import type { Subnet } from './subnets.ts';

/** An EC2 Auto Scaling group and what it remembers. */
export interface ScalingGroup {
  readonly name: string;
  readonly arn: string;
  readonly clusterName: string;
  /** Set on the group that an EKS managed node group made. */
  readonly nodeGroupName?: string;
  /** Not a group at all, but what Karpenter or Auto Mode launch for a node pool. */
  readonly provisioner?: Provisioner;
  readonly createdAt: number;
  readonly subnets: readonly Subnet[];
  readonly instanceType: string;
  readonly amiType: string;
  readonly spot: boolean;
  readonly hooks: readonly LifecycleHook[];
  readonly scheduledActions: readonly ScheduledAction[];
  readonly tags: Map<string, GroupTag>;
  readonly activities: Activity[];
  readonly suspendedProcesses: Set<string>;
  /** Labels that its nodes register with. */
  readonly nodeLabels: Map<string, string>;
  min: number;
  max: number;
  desired: number;
  /** What the next instance is launched from. */
  image: LaunchImage;
  /** Launches that fail before one succeeds again, with AWS's words for it. */
  failing?: { times: number; readonly message: string };
}

export interface Provisioner {
  readonly kind: 'karpenter' | 'auto-mode';
  /** Whether it is told of interruptions, and so taints the nodes that are about to go. */
  readonly hasQueue: boolean;
}

export interface GroupTag {
  readonly value: string;
  readonly propagateAtLaunch: boolean;
}

export interface LifecycleHook {
  readonly name: string;
  readonly heartbeatSeconds: number;
  readonly defaultResult: 'CONTINUE' | 'ABANDON';
  readonly notificationMetadata?: string;
}

export interface ScheduledAction {
  readonly name: string;
  /** Cron, for example `0 20 * * 1-5`. */
  readonly recurrence: string;
  readonly timeZone?: string;
  readonly min?: number;
  readonly max?: number;
  readonly desired?: number;
}

export interface Activity {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly startedAt: number;
  readonly zone?: string;
  status: 'InProgress' | 'Successful' | 'Failed' | 'WaitingForELBConnectionDraining';
  endedAt?: number;
  message?: string;
}

/** A group may wait this long in all for one hook: AWS's limit of 48 hours or 100 heartbeats. */
export const longestWaitSeconds = (hook: LifecycleHook): number =>
  Math.min(48 * 3600, 100 * hook.heartbeatSeconds);
