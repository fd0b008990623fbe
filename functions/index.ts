import * as z from 'zod/mini';
import type { Automation } from '../shared/core/automation.ts';
import { checkShared, sharedShape } from '../shared/core/config.ts';
import type { ConfigurationIssue } from '../shared/core/config-problems.ts';
import { checkNetworks, networksSchema } from '../shared/core/networks.ts';
import { checkClusterUpgrade, clusterUpgradeSchema } from './cluster-upgrade/config.ts';
import { clusterUpgradeEntries } from './cluster-upgrade/manifest.ts';
import { checkEcrRescan, ecrRescanSchema } from './ecr-rescan/config.ts';
import { ecrRescanEntries } from './ecr-rescan/manifest.ts';
import { checkNodeGroupSchedule, nodeGroupScheduleSchema } from './node-group-schedule/config.ts';
import { nodeGroupScheduleEntries } from './node-group-schedule/manifest.ts';
import { checkPodCleanup, podCleanupSchema } from './pod-cleanup/config.ts';
import { podCleanupEntries } from './pod-cleanup/manifest.ts';
import { checkSpotDrain, spotDrainSchema } from './spot-drain/config.ts';
import { spotDrainEntries } from './spot-drain/manifest.ts';

/** caretaker.yaml: the shared parts and one section an automation. Unknown keys are refused everywhere. */
export const configSchema = z.strictObject({
  ...sharedShape,
  networks: networksSchema,
  nodeGroupSchedule: nodeGroupScheduleSchema,
  ecrRescan: ecrRescanSchema,
  spotDrain: spotDrainSchema,
  clusterUpgrade: clusterUpgradeSchema,
  podCleanup: podCleanupSchema,
});

export type Config = z.infer<typeof configSchema>;

/** The automations in the order in which people read about them. */
export const automations: readonly Automation<Config>[] = [
  { id: 'node-group-schedule', section: 'nodeGroupSchedule', entries: nodeGroupScheduleEntries },
  { id: 'ecr-rescan', section: 'ecrRescan', entries: ecrRescanEntries },
  { id: 'spot-drain', section: 'spotDrain', entries: spotDrainEntries },
  { id: 'cluster-upgrade', section: 'clusterUpgrade', entries: clusterUpgradeEntries },
  { id: 'pod-cleanup', section: 'podCleanup', entries: podCleanupEntries },
];

/** What a schema cannot say: references from one part of the file to another. */
export const checkConfig = (config: Config): readonly ConfigurationIssue[] => [
  ...checkShared(config),
  ...checkNetworks(config),
  ...checkNodeGroupSchedule(config),
  ...checkEcrRescan(config),
  ...checkSpotDrain(config),
  ...checkClusterUpgrade(config),
  ...checkPodCleanup(config),
];

/** The records of upgrades, which `caretaker upgrade` reads, and into which it writes a person's wish to stop. */
export type { ApprovalPayload, UpgradeRecord, UpgradeStatus } from './cluster-upgrade/records.ts';
export {
  changeRecord as changeUpgradeRecord,
  currentRunKey,
  executionNameOf,
  isOpen as isUpgradeOpen,
  nextExecutionNumber,
  readRecord as readUpgradeRecord,
  upgradePartition,
} from './cluster-upgrade/records.ts';
/** What the command line shares with the functions: the evaluator behind `caretaker schedule preview`. */
export type { PreviewedTransition } from './node-group-schedule/decide/preview.ts';
export { previewTransitions } from './node-group-schedule/decide/preview.ts';
