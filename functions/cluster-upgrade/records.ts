import { createHash } from 'node:crypto';
import type { Mode } from '../../shared/core/mode.ts';
import type { Store, StoredItem, StoreKey } from '../../shared/core/store.ts';

/**
 * The upgrade's items in the table, partition `upgrade#<cluster>`:
 * - `sk = <execution name>`: the record of one run (`UpgradeRecord`), written by the run; a person's wish to
 *   stop is written into it by the command line, under the item's version.
 * - `sk = current`: `{ executionName }`, the run that last held the cluster's lease.
 * The lease itself is `lease#cluster/<cluster>` (shared/core/lease.ts).
 */
export const upgradePartition = (cluster: string): string => `upgrade#${cluster}`;

export const currentRunKey = (cluster: string): StoreKey => ({
  pk: upgradePartition(cluster),
  sk: 'current',
});

export const upgradeKey = (cluster: string, executionName: string): StoreKey => ({
  pk: upgradePartition(cluster),
  sk: executionName,
});

/** `running` and `awaiting-approval` are open, all others are how a run ended. */
export type UpgradeStatus =
  | 'running'
  | 'awaiting-approval'
  | 'succeeded'
  | 'failed'
  | 'blocked'
  | 'plan-changed'
  | 'rejected'
  | 'timed-out'
  | 'stopped'
  /** Mode observe: ended after the plan. */
  | 'planned'
  /** Never began: mode off, unknown cluster, somebody else holds the lease. */
  | 'refused';

export const isOpen = (status: UpgradeStatus): boolean =>
  status === 'running' || status === 'awaiting-approval';

export type UpgradePhase =
  | 'lock'
  | 'preflight'
  | 'approval'
  | 'control-plane'
  | 'node-groups'
  | 'add-ons'
  | 'verify'
  | 'ended';

export interface RecordedStep {
  readonly id: string;
  readonly target: string;
  readonly status: 'pending' | 'running' | 'done' | 'failed' | 'skipped';
  readonly reason?: string;
  readonly updateId?: string;
  /** ISO 8601 of its last change. */
  readonly at?: string;
}

/** `version` is the Store's own counter, so Kubernetes versions are `fromVersion` and `targetVersion`. */
export interface UpgradeRecord {
  readonly cluster: string;
  readonly executionName: string;
  readonly executionArn: string;
  readonly targetVersion: string;
  readonly fromVersion?: string;
  /** The hash given at the start; the run goes on only while its own plan has the same. */
  readonly planHash: string;
  readonly mode: Mode;
  readonly status: UpgradeStatus;
  readonly phase: UpgradePhase;
  /** Why it ended, a verdict's reason. */
  readonly reason?: string;
  readonly message?: string;
  readonly callbackId?: string;
  readonly approvalUntil?: string;
  readonly decidedBy?: string;
  /** Written by the command line: no further step is begun. */
  readonly stopRequestedAt?: string;
  readonly stopRequestedBy?: string;
  readonly steps?: readonly RecordedStep[];
  readonly lastVerdict?: {
    readonly target: string;
    readonly action: string;
    readonly reason: string;
    readonly at: string;
  };
  /** Keys in the product's bucket. */
  readonly planKey?: string;
  readonly snapshotKey?: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
}

/** What approves: the result that the callback is completed with, as JSON. */
export interface ApprovalPayload {
  readonly decision: 'approve';
  readonly planHash: string;
  /** Who said yes. */
  readonly by?: string;
}

const NAME_LIMIT = 64; // Lambda: DurableExecutionName, [a-zA-Z0-9-_]{1,64}

/** `staging`, `1.35`, 2 -> `staging-1-35-2`. A cluster's name that is too long is cut and gets a hash. */
export const executionNameOf = (run: { cluster: string; version: string; number: number }): string => {
  const suffix = `-${run.version.replaceAll('.', '-')}-${run.number}`;
  if (run.cluster.length + suffix.length <= NAME_LIMIT) return `${run.cluster}${suffix}`;
  const hash = createHash('sha256').update(run.cluster).digest('hex').slice(0, 8);
  return `${run.cluster.slice(0, NAME_LIMIT - suffix.length - hash.length - 1)}-${hash}${suffix}`;
};

/** One more than the highest number among a cluster's records of this version. */
export const nextExecutionNumber = (
  records: readonly Pick<UpgradeRecord, 'executionName' | 'targetVersion'>[],
  version: string,
): number =>
  1 +
  records
    .filter(({ targetVersion }) => targetVersion === version)
    .reduce(
      (highest, { executionName }) => Math.max(highest, Number(executionName.split('-').at(-1)) || 0),
      0,
    );

const WRITE_ATTEMPTS = 8;

/** The record of a run, as it is now; undefined where the run has none yet. */
export const readRecord = async (
  store: Store,
  run: { cluster: string; executionName: string },
): Promise<(UpgradeRecord & StoredItem) | undefined> =>
  (await store.get(upgradeKey(run.cluster, run.executionName))) as (UpgradeRecord & StoredItem) | undefined;

/** Reads, changes and writes under the item's version, again where somebody else was first (a stop request). */
export const changeRecord = async (
  store: Store,
  run: { cluster: string; executionName: string },
  change: (current: UpgradeRecord | undefined) => UpgradeRecord,
): Promise<UpgradeRecord> => {
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
    const current = await readRecord(store, run);
    const next = change(current);
    const written = await store.write(
      { ...next, ...upgradeKey(run.cluster, run.executionName) },
      current?.version ?? 0,
    );
    if (written !== undefined) return next;
  }
  throw new Error(
    `the record of ${run.executionName} was changed by somebody else ${WRITE_ATTEMPTS} times in a row; try again`,
  );
};

/** Makes a run the cluster's current one. */
export const pointToRun = async (
  store: Store,
  run: { cluster: string; executionName: string },
): Promise<void> => {
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
    const current = await store.get(currentRunKey(run.cluster));
    if (current?.executionName === run.executionName) return;
    const item = { ...currentRunKey(run.cluster), executionName: run.executionName };
    if ((await store.write(item, current?.version ?? 0)) !== undefined) return;
  }
  throw new Error(`the pointer to ${run.cluster}'s current upgrade could not be written; try again`);
};
