import type { NetworkConfig } from '../../../shared/core/networks.ts';

/** What EKS says of a cluster, as far as it decides who reaches and enters it. */
export interface ClusterFacts {
  readonly status: string;
  readonly authenticationMode: string;
  readonly publicAccess: boolean;
  readonly privateAccess: boolean;
  /** Addresses that the public endpoint lets in. */
  readonly publicAccessCidrs: readonly string[];
  readonly vpcId: string;
  readonly securityGroupId: string | undefined;
}

/** An entry that talks to the cluster, and what the cluster knows of its role. */
export interface EntryAccess {
  readonly entryId: string;
  readonly group: string;
  /** undefined: the deployed stack does not have the entry. */
  readonly roleArn: string | undefined;
  /** Groups of its access entry; undefined where there is none. */
  readonly groups: readonly string[] | undefined;
}

export interface ClusterCase {
  readonly cluster: string;
  readonly network: NetworkConfig | undefined;
  /** undefined: there is no such cluster in this account and region. */
  readonly facts: ClusterFacts | undefined;
  /** undefined: the stack is not deployed yet. */
  readonly access: readonly EntryAccess[] | undefined;
  readonly functionSecurityGroups: readonly string[];
}

export interface Finding {
  /** `problem`: it will not work. `check`: it cannot be known from here. */
  readonly level: 'problem' | 'check';
  readonly cluster: string;
  readonly text: string;
}
