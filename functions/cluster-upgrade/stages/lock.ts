import { isoTime } from '../../../shared/core/clock.ts';
import { takeLease } from '../../../shared/core/lease.ts';
import type { Mode } from '../../../shared/core/mode.ts';
import type { Run, UpgradeDecision } from '../context.ts';
import { clusterLease, clusterTarget, LEASE_SECONDS, runKey } from '../context.ts';
import type { UpgradeRecord } from '../records.ts';
import { changeRecord, pointToRun } from '../records.ts';

export interface Locked {
  readonly at: number;
  readonly mode: Mode;
  /** Why the run may not begin. */
  readonly refused?: {
    readonly reason: string;
    readonly message: string;
    readonly decision: UpgradeDecision;
  };
}

const refusal = async (run: Run, mode: Mode): Promise<Locked['refused']> => {
  const { cluster } = run.input;
  const skip = (reason: string, message: string): Locked['refused'] => ({
    reason,
    message,
    decision: { cluster, target: clusterTarget(run), action: 'none', reason, detail: { message } },
  });
  if (!run.deps.config.clusters.some(({ name }) => name === cluster)) {
    return skip('unknown-cluster', `the configuration has no cluster ${cluster}`);
  }
  if (mode === 'off') return skip('mode-off', `the mode of cluster-upgrade is off for ${cluster}`);
  const lease = await takeLease(run.deps.store, run.deps.clock, {
    resource: clusterLease(cluster),
    holder: run.holder,
    seconds: LEASE_SECONDS,
  });
  if (lease.held) return undefined;
  const until = isoTime(lease.until);
  return {
    reason: 'locked',
    message: `${lease.holder} works on ${cluster}, at the latest until ${until}`,
    decision: {
      cluster,
      target: clusterTarget(run),
      action: 'deferred',
      reason: 'locked',
      detail: { holder: lease.holder, until },
    },
  };
};

/** Takes the cluster's lease and opens the run's record. Runs again unharmed: the same holder takes it again. */
export const lock = (run: Run): Promise<Locked> =>
  run.durable.step('lock', async () => {
    const { clock, store, readMode } = run.deps;
    const at = clock.now();
    const mode = await readMode(run.input.cluster);
    const refused = await refusal(run, mode);
    await changeRecord(
      store,
      runKey(run),
      (current): UpgradeRecord => ({
        ...current,
        ...runKey(run),
        executionArn: run.durable.executionArn,
        targetVersion: run.input.version,
        planHash: run.input.planHash,
        mode,
        status: refused === undefined ? 'running' : 'refused',
        phase: refused === undefined ? 'lock' : 'ended',
        ...(refused === undefined
          ? {}
          : { reason: refused.reason, message: refused.message, endedAt: isoTime(at) }),
        startedAt: current?.startedAt ?? isoTime(at),
        updatedAt: isoTime(at),
      }),
    );
    if (refused === undefined) await pointToRun(store, runKey(run));
    return { at, mode, ...(refused === undefined ? {} : { refused }) };
  });
