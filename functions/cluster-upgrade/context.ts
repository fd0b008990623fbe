import type { Clock } from '../../shared/core/clock.ts';
import type { SharedConfig } from '../../shared/core/config.ts';
import type { Durable } from '../../shared/core/durable.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { BlobStore, Notifier, Store } from '../../shared/core/store.ts';
import type { Decision, Verdict } from '../../shared/core/verdict.ts';
import type { WriteVerdicts } from '../../shared/runtime/verdict-writer.ts';
import type { ClusterUpgradeConfig } from './config.ts';
import type { StartInput } from './input.ts';
import type { UpgradePorts } from './ports.ts';
import type { UpgradeStatus } from './records.ts';

export type UpgradeAction =
  | 'plan'
  | 'update-control-plane'
  | 'update-node-group'
  | 'update-add-on'
  | 'complete-upgrade';

export type UpgradeDecision = Decision<UpgradeAction>;

/** What an upgrade works with. */
export interface UpgradeDeps {
  readonly config: SharedConfig;
  readonly section: ClusterUpgradeConfig;
  readonly clock: Clock;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly notifier: Notifier;
  readonly ports: UpgradePorts;
  readonly writeVerdicts: WriteVerdicts;
  readMode(cluster?: string): Promise<Mode>;
  warn(message: string, detail: object): void;
}

/** One run: its dependencies, its input and its durable execution. */
export interface Run {
  readonly deps: UpgradeDeps;
  readonly input: StartInput;
  readonly durable: Durable;
  /** `cluster-upgrade/<execution name>`: who holds the leases. */
  readonly holder: string;
}

/** How a run ends. */
export interface Ending {
  readonly status: UpgradeStatus;
  /** Stable code; becomes the last verdict's reason. */
  readonly reason: string;
  /** One sentence for a person, with what to do next. */
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** What a stage leaves behind: verdicts, and an ending where the run goes no further. */
export interface StageResult {
  readonly verdicts: readonly Verdict[];
  readonly ending?: Ending;
}

export const runKey = (run: Run) => ({
  cluster: run.input.cluster,
  executionName: run.durable.executionName,
});

export const clusterTarget = (run: Run): string => `cluster/${run.input.cluster}`;

export const clusterLease = (cluster: string): string => `cluster/${cluster}`;

/** Long enough for a Lambda outage, short enough that a run that died does not lock the cluster for the night. */
export const LEASE_SECONDS = 1_800;
