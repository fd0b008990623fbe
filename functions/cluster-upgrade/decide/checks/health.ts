import { addOnTarget } from '../add-on-targets.ts';
import { isAddOnUpdateTo, isVersionUpdateTo } from '../adoption.ts';
import type { Check, CheckRule } from '../check.ts';
import { block, pass, warn } from '../check.ts';
import type { AddOnSnapshot, IssueSnapshot, Snapshot, UpdateSnapshot } from '../snapshot.ts';

/** What is asked of the cluster, every node group and every add-on: ACTIVE, no issue, nothing under way. */
interface Subject {
  readonly target: string;
  readonly status: string;
  readonly issues: readonly IssueSnapshot[];
  /** Updates under way that a step would carry on from. */
  readonly adoptable: readonly UpdateSnapshot[];
}

const problemsOf = ({ target, status, issues }: Subject): string[] => [
  ...(status === 'ACTIVE' ? [] : [`${target} is ${status}`]),
  ...issues.map(({ code, message }) => `${target}: ${code}${message === '' ? '' : `: ${message}`}`),
];

const isAdoptable = ({ status, issues, adoptable }: Subject): boolean =>
  status === 'UPDATING' && issues.length === 0 && adoptable.length > 0;

const judge = (check: string, subjects: readonly Subject[], remedy: string): Check => {
  const blocked = subjects.filter((subject) => !isAdoptable(subject)).flatMap(problemsOf);
  if (blocked.length > 0) {
    return block(check, { summary: `${blocked.length} problem(s) found`, objects: blocked, remedy });
  }
  const adopted = subjects.filter(isAdoptable);
  if (adopted.length > 0) {
    return warn(check, {
      summary: 'the update that is wanted is under way already; it is carried on from there',
      objects: adopted.map(
        ({ target, adoptable }) => `${target}: update ${adoptable.map(({ id }) => id).join(', ')}`,
      ),
      remedy: 'nothing to do',
    });
  }
  return pass(check, subjects.length === 0 ? 'there are none' : `${subjects.length} healthy and ACTIVE`);
};

export const checkClusterHealth: CheckRule = ({ cluster, running, target }) =>
  judge(
    'cluster-health',
    [
      {
        target: `cluster/${cluster.name}`,
        status: cluster.status,
        issues: cluster.issues,
        adoptable: running.filter((update) => isVersionUpdateTo(update, target)),
      },
    ],
    'repair what EKS names under the cluster’s health issues, wait until it is ACTIVE, then plan again',
  );

export const checkNodeGroupHealth: CheckRule = ({ nodeGroups, target }) =>
  judge(
    'node-group-health',
    nodeGroups.map(({ name, status, issues, running }) => ({
      target: `node-group/${name}`,
      status,
      issues,
      adoptable: running.filter((update) => isVersionUpdateTo(update, target)),
    })),
    'repair what EKS names under the node group’s health issues, wait until it is ACTIVE, then plan again',
  );

const adoptableAddOnUpdates = (addOn: AddOnSnapshot, snapshot: Snapshot): readonly UpdateSnapshot[] => {
  const target = addOnTarget(addOn, snapshot);
  if (target.kind !== 'update') return [];
  return addOn.running.filter((update) =>
    target.versions.some((version) => isAddOnUpdateTo(update, version)),
  );
};

export const checkAddOnHealth: CheckRule = (snapshot) =>
  judge(
    'add-on-health',
    snapshot.addOns.map((addOn) => ({
      target: `add-on/${addOn.name}`,
      status: addOn.status,
      issues: addOn.issues,
      adoptable: adoptableAddOnUpdates(addOn, snapshot),
    })),
    'repair the add-on (its health issues say why), or delete it where nobody needs it, then plan again',
  );

/** Any update of the cluster under way, unless it is the one that is wanted. EKS runs one at a time. */
export const checkRunningUpdates: CheckRule = ({ cluster, running, target }) => {
  const others = running.filter((update) => !isVersionUpdateTo(update, target));
  if (others.length > 0) {
    return block('running-updates', {
      summary: 'another update of the cluster is under way',
      objects: others.map(({ id, type }) => `cluster/${cluster.name}: ${type} ${id}`),
      remedy: 'wait until it has ended, then plan again',
    });
  }
  return pass(
    'running-updates',
    running.length === 0 ? 'no update of the cluster is under way' : 'the wanted update is under way already',
  );
};
