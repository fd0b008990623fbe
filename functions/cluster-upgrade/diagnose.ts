import type { UpdateError } from '../../shared/aws/eks/updates.ts';
import { describeError } from '../../shared/core/errors.ts';
import { minorOf } from './decide/versions.ts';
import type { HoldingBudget, UpgradePorts } from './ports.ts';

/** Why an update failed and what to do about it, in names. */
export interface Diagnosis {
  readonly codes: readonly string[];
  readonly remedy: string;
  /** Budgets that held pods back: `namespace/budget -> pods -> nodes`. */
  readonly budgets?: readonly HoldingBudget[];
  /** Why the cluster could not be asked. */
  readonly diagnosisFailed?: string;
}

/** EKS's ErrorCode values (API reference, ErrorDetail) and what helps. */
const REMEDIES: Readonly<Record<string, string>> = {
  PodEvictionFailure:
    'give the named budgets room (more replicas, or a budget that allows one disruption), then plan and start again',
  NodeCreationFailure:
    'new nodes did not join: check their instance profile, security groups and the endpoints they need',
  InsufficientFreeAddresses: 'free addresses in the subnets, then plan and start again',
  IpNotAvailable: 'free addresses in the subnets, then plan and start again',
  EniLimitReached: 'raise the quota of network interfaces or delete unused ones',
  SubnetNotFound: 'a subnet of the cluster is gone: give the cluster subnets that exist',
  SecurityGroupNotFound:
    'a security group of the cluster is gone: create it again or give the cluster another one',
  AccessDenied:
    'the role of the cluster or the node group lacks a right: compare it with the managed EKS policies',
  ClusterUnreachable: 'EKS cannot reach the API server: check the endpoint access and admission webhooks',
  ConfigurationConflict: 'the add-on’s fields were changed by hand and cannot be kept: see the message',
  AdmissionRequestDenied: 'an admission webhook refused the change: see the message',
  InsufficientNumberOfReplicas: 'the add-on has too few replicas to be updated without interruption',
  UnsupportedAddonModification: 'the add-on does not take this change: see the message',
  K8sResourceNotFound: 'an object of the add-on is gone: install the add-on again',
};

const FALLBACK = 'see the errors that EKS reports, repair their cause, then plan and start again';

/** Reads, never changes; a diagnosis that fails says so and hides nothing. */
export const diagnoseUpdate = async (
  ports: UpgradePorts,
  failed: { cluster: string; nodeGroup?: string; version: string; errors: readonly UpdateError[] },
): Promise<Diagnosis> => {
  const codes = [...new Set(failed.errors.map(({ code }) => code))];
  const remedy = [...new Set(codes.map((code) => REMEDIES[code] ?? FALLBACK))].join('; ') || FALLBACK;
  if (failed.nodeGroup === undefined || !codes.includes('PodEvictionFailure')) return { codes, remedy };
  try {
    const nodes = await ports.inside.nodes(failed.cluster);
    const old = nodes.filter(
      ({ nodeGroup, kubeletVersion }) =>
        nodeGroup === failed.nodeGroup && minorOf(kubeletVersion) !== minorOf(failed.version),
    );
    const budgets = await ports.inside.holdingBudgets(
      failed.cluster,
      old.map(({ name }) => name),
    );
    return { codes, remedy, budgets };
  } catch (error) {
    return { codes, remedy, diagnosisFailed: describeError(error) };
  }
};

/** One sentence for people. */
export const diagnosisText = ({ remedy, budgets = [] }: Diagnosis): string =>
  [
    ...budgets.map(
      ({ budget, pods, nodes }) => `budget ${budget} holds ${pods.join(', ')} on ${nodes.join(', ')}`,
    ),
    remedy,
  ].join('; ');
