import { addOnTarget } from './add-on-targets.ts';
import { byName, canonicalJson, sha256 } from './canonical.ts';
import { imageFamilyOf } from './node-images.ts';
import type { AddOnSnapshot, NodeGroupSnapshot, Snapshot } from './snapshot.ts';
import { KUBELET_SKEW, minorOf } from './versions.ts';

export type StepKind = 'control-plane' | 'node-group' | 'add-on';

/** The exact request, less the token that makes it safe to repeat. */
export interface PlannedCall {
  readonly service: 'eks';
  readonly operation: 'UpdateClusterVersion' | 'UpdateNodegroupVersion' | 'UpdateAddon';
  readonly input: Readonly<Record<string, string>>;
}

export interface PlanStep {
  /** Unique in the plan, for example `node-group/web-a` or `add-on/vpc-cni@v1.20.1-eksbuild.1`. */
  readonly id: string;
  readonly kind: StepKind;
  /** `cluster/staging`, `node-group/web-a`, `add-on/coredns`. */
  readonly target: string;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly call: PlannedCall;
}

/** Why the kubelets bear the API server at each stage. */
export interface SkewProof {
  readonly stage: string;
  readonly apiServer: string;
  readonly oldestKubelet: string;
  readonly oldestAllowed: string;
}

/** What a person says yes to. Nothing in it depends on when it was made or on the order of a listing. */
export interface UpgradePlan {
  readonly format: 1;
  readonly cluster: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly steps: readonly PlanStep[];
  readonly skew: readonly SkewProof[];
}

/** What others need of the network before they can start comes first. */
const ADD_ON_ORDER = ['kube-proxy', 'coredns', 'vpc-cni'];
const rankOf = (name: string): number => {
  const rank = ADD_ON_ORDER.indexOf(name);
  return rank === -1 ? ADD_ON_ORDER.length : rank;
};

const controlPlaneSteps = ({ cluster, target }: Snapshot): PlanStep[] =>
  cluster.version === target
    ? []
    : [
        {
          id: 'control-plane',
          kind: 'control-plane',
          target: `cluster/${cluster.name}`,
          before: { version: cluster.version },
          after: { version: target },
          reason: 'next-minor',
          call: {
            service: 'eks',
            operation: 'UpdateClusterVersion',
            input: { name: cluster.name, version: target },
          },
        },
      ];

/** Groups that are behind and whose image EKS chooses; a group of one's own images is never touched. */
export const groupsToUpdate = ({ nodeGroups, target }: Snapshot): readonly NodeGroupSnapshot[] =>
  nodeGroups
    .filter(({ version, amiType }) => version !== target && imageFamilyOf(amiType, target).kind !== 'custom')
    .toSorted(byName);

const nodeGroupStep = (group: NodeGroupSnapshot, { cluster, target }: Snapshot): PlanStep => {
  const release: Record<string, string> =
    group.targetRelease === undefined ? {} : { releaseVersion: group.targetRelease };
  return {
    id: `node-group/${group.name}`,
    kind: 'node-group',
    target: `node-group/${group.name}`,
    before: { version: group.version, releaseVersion: group.releaseVersion },
    after: { version: target, ...release },
    reason: 'behind-control-plane',
    call: {
      service: 'eks',
      operation: 'UpdateNodegroupVersion',
      input: { clusterName: cluster.name, nodegroupName: group.name, version: target, ...release },
    },
  };
};

const addOnSteps = (addOn: AddOnSnapshot, snapshot: Snapshot): PlanStep[] => {
  const target = addOnTarget(addOn, snapshot);
  if (target.kind !== 'update') return [];
  return target.versions.map((version, index) => ({
    id: target.versions.length === 1 ? `add-on/${addOn.name}` : `add-on/${addOn.name}@${version}`,
    kind: 'add-on',
    target: `add-on/${addOn.name}`,
    before: { addonVersion: index === 0 ? addOn.version : (target.versions[index - 1] ?? addOn.version) },
    after: { addonVersion: version },
    reason: index < target.versions.length - 1 ? 'one-minor-at-a-time' : 'recommended-for-target',
    call: {
      service: 'eks',
      operation: 'UpdateAddon',
      input: {
        clusterName: snapshot.cluster.name,
        addonName: addOn.name,
        addonVersion: version,
        resolveConflicts: 'PRESERVE',
        ...(addOn.configurationValues === undefined
          ? {}
          : { configurationValues: addOn.configurationValues }),
        ...(addOn.serviceAccountRoleArn === undefined
          ? {}
          : { serviceAccountRoleArn: addOn.serviceAccountRoleArn }),
      },
    },
  }));
};

const skewProofs = (snapshot: Snapshot, rolled: ReadonlySet<string>): SkewProof[] => {
  const target = minorOf(snapshot.target) ?? 0;
  const oldest = (versions: readonly string[]): string => {
    const minors = versions.flatMap((version) => minorOf(version) ?? []);
    return minors.length === 0 ? snapshot.target : `1.${Math.min(...minors)}`;
  };
  const oldestAllowed = `1.${target - KUBELET_SKEW}`;
  const staying = snapshot.nodes.filter(({ nodeGroup }) => nodeGroup === undefined || !rolled.has(nodeGroup));
  return [
    {
      stage: 'after the control plane',
      apiServer: snapshot.target,
      oldestKubelet: oldest(snapshot.nodes.map(({ kubeletVersion }) => kubeletVersion)),
      oldestAllowed,
    },
    {
      stage: 'after the node groups',
      apiServer: snapshot.target,
      oldestKubelet: oldest([
        ...staying.map(({ kubeletVersion }) => kubeletVersion),
        ...(rolled.size === 0 ? [] : [snapshot.target]),
      ]),
      oldestAllowed,
    },
  ];
};

/** Control plane, then node groups, then add-ons; what is there already is left out. */
export const planUpgrade = (snapshot: Snapshot): UpgradePlan => {
  const groups = groupsToUpdate(snapshot);
  const addOns = snapshot.addOns.toSorted((a, b) => rankOf(a.name) - rankOf(b.name) || byName(a, b));
  return {
    format: 1,
    cluster: snapshot.cluster.name,
    fromVersion: snapshot.cluster.version,
    toVersion: snapshot.target,
    steps: [
      ...controlPlaneSteps(snapshot),
      ...groups.map((group) => nodeGroupStep(group, snapshot)),
      ...addOns.flatMap((addOn) => addOnSteps(addOn, snapshot)),
    ],
    skew: skewProofs(snapshot, new Set(groups.map(({ name }) => name))),
  };
};

/** What an approval is bound to. */
export const hashOfPlan = (plan: UpgradePlan): string => sha256(canonicalJson(plan));
