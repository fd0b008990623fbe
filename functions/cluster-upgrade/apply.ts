import type { RunningUpdate, UpdateScope } from '../../shared/aws/eks/running-updates.ts';
import { isAddOnUpdateTo, isVersionUpdateTo } from './decide/adoption.ts';
import type { PlanStep } from './decide/plan.ts';
import type { UpgradePorts } from './ports.ts';

/** Where the thing that a step is about stands, before anything is started. */
export type Observation =
  /** There already: nothing to start. */
  | { readonly kind: 'satisfied' }
  /** The very update is under way: carried on from there. */
  | { readonly kind: 'under-way'; readonly updateId: string }
  /** Something else is under way, or it is not ACTIVE: waited for. */
  | { readonly kind: 'busy'; readonly why: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'ready' };

/** How one kind of step is observed, started and found done. */
export interface Driver {
  readonly scope: UpdateScope;
  /** Longer than this is reported; the update itself goes on, for EKS cannot cancel it. */
  readonly limitMinutes: number;
  observe(): Promise<Observation>;
  /** Answers the update's id. */
  start(clientRequestToken: string): Promise<string>;
  /** At the version of the plan, and ACTIVE: DescribeUpdate's `Successful` alone is not believed. */
  isReached(): Promise<boolean>;
}

interface Facts {
  readonly version: string;
  readonly status: string;
}

const observeResource = (found: {
  facts: Facts | undefined;
  running: readonly RunningUpdate[];
  isWanted: (update: RunningUpdate) => boolean;
  wantedVersion: string;
}): Observation => {
  const { facts, running, isWanted, wantedVersion } = found;
  if (facts === undefined) return { kind: 'gone' };
  const wanted = running.find(isWanted);
  if (wanted !== undefined) return { kind: 'under-way', updateId: wanted.id };
  const [other] = running;
  if (other !== undefined) return { kind: 'busy', why: `${other.type} ${other.id} is under way` };
  if (facts.status !== 'ACTIVE') return { kind: 'busy', why: `it is ${facts.status}` };
  return facts.version === wantedVersion ? { kind: 'satisfied' } : { kind: 'ready' };
};

const input = (step: PlanStep, member: string): string => {
  const value = step.call.input[member];
  if (value === undefined) throw new Error(`step ${step.id} of the plan names no ${member}`);
  return value;
};

const optional = (step: PlanStep, member: string): Record<string, string> => {
  const value = step.call.input[member];
  return value === undefined ? {} : { [member]: value };
};

const controlPlaneDriver = (step: PlanStep, ports: UpgradePorts): Driver => {
  const cluster = input(step, 'name');
  const version = input(step, 'version');
  const scope = { cluster };
  return {
    scope,
    limitMinutes: 65,
    observe: async () =>
      observeResource({
        facts: await ports.clusters.describe(cluster),
        running: await ports.runningUpdates(scope),
        isWanted: (update) => isVersionUpdateTo(update, version),
        wantedVersion: version,
      }),
    start: (clientRequestToken) => ports.clusters.updateVersion({ cluster, version, clientRequestToken }),
    isReached: async () => {
      const facts = await ports.clusters.describe(cluster);
      return facts?.version === version && facts.status === 'ACTIVE';
    },
  };
};

const nodeGroupDriver = (step: PlanStep, ports: UpgradePorts): Driver => {
  const cluster = input(step, 'clusterName');
  const nodeGroup = input(step, 'nodegroupName');
  const version = input(step, 'version');
  const scope = { cluster, nodeGroup };
  return {
    scope,
    // EKS drains up to 15 minutes a node and a group has up to 100 nodes by default; a day is far too long already.
    limitMinutes: 24 * 60,
    observe: async () =>
      observeResource({
        facts: await ports.nodeGroups.describe(cluster, nodeGroup),
        running: await ports.runningUpdates(scope),
        isWanted: (update) => isVersionUpdateTo(update, version),
        wantedVersion: version,
      }),
    start: (clientRequestToken) =>
      ports.nodeGroups.updateVersion({
        cluster,
        nodeGroup,
        version,
        ...optional(step, 'releaseVersion'),
        clientRequestToken,
      }),
    isReached: async () => {
      const facts = await ports.nodeGroups.describe(cluster, nodeGroup);
      return facts?.version === version && facts.status === 'ACTIVE';
    },
  };
};

const addOnDriver = (step: PlanStep, ports: UpgradePorts): Driver => {
  const cluster = input(step, 'clusterName');
  const name = input(step, 'addonName');
  const version = input(step, 'addonVersion');
  const scope = { cluster, addon: name };
  return {
    scope,
    limitMinutes: 45,
    observe: async () =>
      observeResource({
        facts: await ports.addOns.describe(cluster, name),
        running: await ports.runningUpdates(scope),
        isWanted: (update) => isAddOnUpdateTo(update, version),
        wantedVersion: version,
      }),
    start: (clientRequestToken) =>
      ports.addOns.update({
        cluster,
        name,
        version,
        resolveConflicts: 'PRESERVE',
        ...optional(step, 'configurationValues'),
        ...optional(step, 'serviceAccountRoleArn'),
        clientRequestToken,
      }),
    isReached: async () => {
      const facts = await ports.addOns.describe(cluster, name);
      return facts?.version === version && facts.status === 'ACTIVE';
    },
  };
};

export const driverOf = (step: PlanStep, ports: UpgradePorts): Driver => {
  switch (step.kind) {
    case 'control-plane':
      return controlPlaneDriver(step, ports);
    case 'node-group':
      return nodeGroupDriver(step, ports);
    case 'add-on':
      return addOnDriver(step, ports);
  }
};
