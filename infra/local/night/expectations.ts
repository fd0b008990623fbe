import type { AutomationId, Verdict } from '../../../shared/core/verdict.ts';
import type { FailedPodSpec } from '../world/spec.ts';
import type { Night } from './draw.ts';
import type { GroupFact, PodFact, WorkloadFact } from './facts.ts';
import type { Expectation } from './story.ts';

/**
 * What must come out of a night. Everything here follows from the drawn world and from what the world itself
 * shows; nothing is taken from the automations' code.
 */
export interface NightFacts {
  /** Managed groups of the test cluster before the evening, once everything sleeps, and when people come. */
  readonly beforeSleep: readonly GroupFact[];
  readonly asleep: readonly GroupFact[];
  readonly awake: readonly GroupFact[];
  readonly baselineNotifications: readonly NotificationFact[];
  readonly rescanNotifications: readonly NotificationFact[];
  readonly affectedWorkloads: readonly WorkloadFact[];
  /** Images of the configured repositories that were scanned in the night, of all there are. */
  readonly scans: { readonly scanned: number; readonly all: number };
  readonly interruptions: readonly InterruptionFact[];
  readonly failedBefore: readonly string[];
  readonly failedAfter: readonly string[];
  readonly upgrade: UpgradeFact;
  readonly verdicts: readonly Verdict[];
}

export interface NotificationFact {
  readonly automation: string;
  readonly text: string;
}

export interface InterruptionFact {
  readonly node: string;
  readonly noticeAt: number;
  readonly goneAt: number;
  readonly cordonedAt: number | undefined;
  readonly pods: readonly (PodFact & {
    readonly askedToGoAt: number | undefined;
    readonly goneAt: number | undefined;
  })[];
}

export interface UpgradeFact {
  readonly versionBeforeApproval: string;
  readonly version: string;
  readonly groups: readonly GroupFact[];
  /** Kubelet versions of the cluster's nodes. */
  readonly kubelets: readonly string[];
  /** Add-ons that do not run on the new version. */
  readonly unfitAddons: readonly string[];
  readonly planReason: string;
  readonly status: string;
}

const NOTICE_SECONDS = 120;
/** Everything that no budget holds has to be asked to go long before the end. */
const PROMPT_SECONDS = 30;
const CORDON_SECONDS = 10;

const expectation = (
  automation: AutomationId,
  text: string,
  outcome: { met: boolean; found?: unknown },
): Expectation => ({
  automation,
  text,
  met: outcome.met,
  found: outcome.met ? '' : typeof outcome.found === 'string' ? outcome.found : JSON.stringify(outcome.found),
});

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && [...a].sort().every((item, index) => item === [...b].sort()[index]);

const sleepExpectations = (night: Night, facts: NightFacts): Expectation[] => {
  const find = (groups: readonly GroupFact[], name: string) =>
    groups.find(({ nodeGroup }) => nodeGroup === name);
  const slept = night.optedIn.map((name) => {
    const [before, asleep, awake] = [facts.beforeSleep, facts.asleep, facts.awake].map((groups) =>
      find(groups, name),
    );
    return { name, before, asleep, awake };
  });
  const others = facts.beforeSleep.filter(({ nodeGroup }) => !night.optedIn.includes(nodeGroup));
  const { nodeGroup, budget } = night.heldAsleep;
  const naming = facts.verdicts.filter(
    (verdict) =>
      verdict.automation === 'node-group-schedule' &&
      verdict.cluster === night.sleepCluster &&
      verdict.target === `node-group/${nodeGroup}` &&
      JSON.stringify(verdict.detail ?? {}).includes(budget),
  );
  return [
    expectation(
      'node-group-schedule',
      `${slept.length} opted-in groups are at size 0 with no instance left, max kept`,
      {
        met: slept.every(
          ({ before, asleep }) =>
            asleep !== undefined &&
            asleep.min === 0 &&
            asleep.desired === 0 &&
            asleep.instances === 0 &&
            asleep.max === before?.max,
        ),
        found: slept.map(({ asleep }) => asleep),
      },
    ),
    expectation(
      'node-group-schedule',
      `${others.length} group(s) that did not opt in are left as they were`,
      {
        met: others.every((before) =>
          [facts.asleep, facts.awake].every((groups) => {
            const now = find(groups, before.nodeGroup);
            return (
              now?.desired === before.desired && now.min === before.min && now.instances === before.instances
            );
          }),
        ),
        found: facts.asleep.filter(({ nodeGroup: name }) => !night.optedIn.includes(name)),
      },
    ),
    expectation('node-group-schedule', `the budget ${budget} that blocks ${nodeGroup} is named`, {
      met: naming.length > 0,
      found: 'no verdict on that group names it',
    }),
    expectation(
      'node-group-schedule',
      'at 07:00 every group has its sizes back and as many Ready nodes as before',
      {
        met: slept.every(
          ({ before, awake }) =>
            before !== undefined &&
            awake?.min === before.min &&
            awake.desired === before.desired &&
            awake.max === before.max &&
            awake.readyNodes === before.desired,
        ),
        found: slept.map(({ awake }) => awake),
      },
    ),
  ];
};

/** Whether one line of a message names the workload with its cluster and namespace. */
const isNamed = (text: string, { cluster, namespace, name }: WorkloadFact): boolean =>
  text.split('\n').some((line) => [cluster, namespace, name].every((part) => line.includes(part)));

const rescanExpectations = (night: Night, facts: NightFacts): Expectation[] => {
  const { name, repository } = night.newFinding;
  const naming = facts.rescanNotifications.filter(({ text }) => text.includes(name));
  const [first] = naming;
  const workloads = facts.affectedWorkloads;
  return [
    expectation('ecr-rescan', 'the baseline scan is silent', {
      met: facts.baselineNotifications.length === 0,
      found: facts.baselineNotifications,
    }),
    expectation(
      'ecr-rescan',
      `all ${facts.scans.all} images of the configured repositories are scanned again`,
      {
        met: facts.scans.all > 0 && facts.scans.scanned === facts.scans.all,
        found: facts.scans,
      },
    ),
    expectation(
      'ecr-rescan',
      `people hear of ${name} in ${repository} once, with the workloads that run it`,
      {
        met:
          naming.length === 1 &&
          first !== undefined &&
          first.text.includes(repository) &&
          workloads.length > 0 &&
          workloads.every((workload) => isNamed(first.text, workload)),
        found: { notifications: facts.rescanNotifications, workloads },
      },
    ),
  ];
};

const isHeld = (night: Night, pod: PodFact): boolean =>
  pod.namespace === night.heldOnSpot.namespace && pod.name.startsWith(`${night.heldOnSpot.workload}-`);

const spotExpectations = (night: Night, facts: NightFacts): Expectation[] => {
  const seconds = (from: number, to: number | undefined) =>
    to === undefined ? Number.POSITIVE_INFINITY : (to - from) / 1000;
  const nodes = facts.interruptions;
  const free = nodes.flatMap((node) =>
    node.pods.filter((pod) => !isHeld(night, pod)).map((pod) => ({ ...pod, node })),
  );
  const held = nodes.flatMap((node) =>
    node.pods.filter((pod) => isHeld(night, pod)).map((pod) => ({ ...pod, node })),
  );
  const heldNodes = [...new Set(held.map(({ node }) => node.node))];
  const budget = night.heldOnSpot.budget;
  const named = heldNodes.filter((node) =>
    facts.verdicts.some(
      (verdict) =>
        verdict.automation === 'spot-drain' &&
        verdict.target === `node/${node}` &&
        JSON.stringify(verdict.detail ?? {}).includes(budget),
    ),
  );
  return [
    expectation(
      'spot-drain',
      `${nodes.length} interrupted nodes are cordoned within ${CORDON_SECONDS} s of the notice`,
      {
        met:
          nodes.length > 0 &&
          nodes.every(({ noticeAt, cordonedAt }) => seconds(noticeAt, cordonedAt) <= CORDON_SECONDS),
        found: nodes.map(({ node, noticeAt, cordonedAt }) => ({
          node,
          seconds: seconds(noticeAt, cordonedAt),
        })),
      },
    ),
    expectation(
      'spot-drain',
      `${free.length} pods that no budget holds are asked to go within ${PROMPT_SECONDS} s`,
      {
        met:
          free.length > 0 &&
          free.every(({ node, askedToGoAt }) => seconds(node.noticeAt, askedToGoAt) <= PROMPT_SECONDS),
        found: free
          .filter(({ node, askedToGoAt }) => seconds(node.noticeAt, askedToGoAt) > PROMPT_SECONDS)
          .map(({ name, node, askedToGoAt }) => ({ name, seconds: seconds(node.noticeAt, askedToGoAt) })),
      },
    ),
    expectation(
      'spot-drain',
      `${held.length} pods behind ${budget} stay as long as their grace allows and still stop before the node goes`,
      {
        met:
          held.length > 0 &&
          held.every(
            ({ node, askedToGoAt, goneAt }) =>
              seconds(node.noticeAt, askedToGoAt) > PROMPT_SECONDS &&
              seconds(node.noticeAt, goneAt) < NOTICE_SECONDS,
          ),
        found: held.map(({ name, node, askedToGoAt, goneAt }) => ({
          name,
          asked: seconds(node.noticeAt, askedToGoAt),
          gone: seconds(node.noticeAt, goneAt),
        })),
      },
    ),
    expectation('spot-drain', `the report of ${heldNodes.length} node(s) names ${budget}`, {
      met: named.length === heldNodes.length,
      found: named,
    }),
  ];
};

const SHUTDOWN_REASONS = ['Terminated', 'NodeShutdown', 'Shutdown'];

/** Whether a shutdown left the pod behind and nobody else looks after it. */
const isLeftBehind = (pod: FailedPodSpec, minimumAgeMinutes: number): boolean =>
  SHUTDOWN_REASONS.includes(pod.reason) &&
  pod.owner.kind !== 'Job' &&
  pod.failedMinutesAgo >= minimumAgeMinutes;

const cleanupExpectations = (night: Night, facts: NightFacts): Expectation[] => {
  const early = night.spec.clusters.find(({ name }) => name === night.spotCluster)?.failedPods ?? [];
  const all = [...early, ...night.lateFailures];
  const nameOf = ({ namespace, name }: FailedPodSpec) => `${namespace}/${name}`;
  const there = all.filter((pod) => facts.failedBefore.includes(nameOf(pod)));
  const kept = there.filter((pod) => !isLeftBehind(pod, 10)).map(nameOf);
  return [
    expectation(
      'pod-cleanup',
      `${there.length - kept.length} of ${there.length} Failed pods are deleted: left by a shutdown, old enough, not of a Job`,
      {
        met:
          kept.length < there.length &&
          sameSet(facts.failedBefore, there.map(nameOf)) &&
          sameSet(facts.failedAfter, kept),
        found: { before: facts.failedBefore, left: facts.failedAfter, expectedLeft: kept },
      },
    ),
  ];
};

const upgradeExpectations = (night: Night, facts: NightFacts): Expectation[] => {
  const { upgrade } = facts;
  const before = night.spec.clusters.find(({ name }) => name === night.upgradeCluster)?.version;
  const target = night.upgradeTo;
  return [
    expectation('cluster-upgrade', 'the plan is ready and nothing moves before it is approved', {
      met: upgrade.planReason === 'ready' && upgrade.versionBeforeApproval === before,
      found: { plan: upgrade.planReason, version: upgrade.versionBeforeApproval },
    }),
    expectation(
      'cluster-upgrade',
      `control plane, ${upgrade.groups.length} node group(s), every kubelet and add-on are at ${target}`,
      {
        met:
          upgrade.version === target &&
          upgrade.groups.length > 0 &&
          upgrade.groups.every(
            ({ version, readyNodes, desired }) => version === target && readyNodes === desired,
          ) &&
          upgrade.kubelets.length > 0 &&
          upgrade.kubelets.every((kubelet) => kubelet.startsWith(`v${target}.`)) &&
          upgrade.unfitAddons.length === 0,
        found: upgrade,
      },
    ),
    expectation('cluster-upgrade', 'the run ends as succeeded', {
      met: upgrade.status === 'succeeded',
      found: upgrade.status,
    }),
  ];
};

/** Every expectation of a night, met or not. */
export const judge = (night: Night, facts: NightFacts): Expectation[] => [
  ...sleepExpectations(night, facts),
  ...rescanExpectations(night, facts),
  ...spotExpectations(night, facts),
  ...cleanupExpectations(night, facts),
  ...upgradeExpectations(night, facts),
];
