import { takeLease } from '../../../shared/core/lease.ts';
import type { Run } from '../context.ts';
import { clusterLease, LEASE_SECONDS } from '../context.ts';

/** Renews the cluster's lease; false when it ran out and somebody else has it by now. Call inside a step. */
export const renewLock = async (run: Run, seconds: number = LEASE_SECONDS): Promise<boolean> => {
  const lease = await takeLease(run.deps.store, run.deps.clock, {
    resource: clusterLease(run.input.cluster),
    holder: run.holder,
    seconds,
  });
  return lease.held;
};
