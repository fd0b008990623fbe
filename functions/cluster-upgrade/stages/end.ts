import { isoTime } from '../../../shared/core/clock.ts';
import { nodeGroupLease, releaseLease } from '../../../shared/core/lease.ts';
import type { Mode } from '../../../shared/core/mode.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import type { Ending, Run, UpgradeDecision } from '../context.ts';
import { clusterLease, clusterTarget, runKey } from '../context.ts';
import { readRecord } from '../records.ts';
import { ORDER, report, tell } from '../report.ts';

const decisionOf = (run: Run, ending: Ending): UpgradeDecision => ({
  cluster: run.input.cluster,
  target: clusterTarget(run),
  action: ending.status === 'succeeded' ? 'complete-upgrade' : 'none',
  reason: ending.reason,
  detail: { status: ending.status, message: ending.message, ...ending.detail },
});

/** Gives back every lease that this run may hold; those of others stay. */
const unlock = (run: Run): Promise<void> =>
  run.durable.step('end: unlock', async () => {
    const { store } = run.deps;
    const { cluster } = run.input;
    const record = await readRecord(store, runKey(run));
    for (const { target } of record?.steps ?? []) {
      if (!target.startsWith('node-group/')) continue;
      const resource = nodeGroupLease(cluster, target.slice('node-group/'.length));
      await releaseLease(store, { resource, holder: run.holder });
    }
    await releaseLease(store, { resource: clusterLease(cluster), holder: run.holder });
  });

/** Verdict and record, then the leases, then a message: in this order whatever the run came to. */
export const end = async (run: Run, ending: Ending): Promise<readonly Verdict[]> => {
  const { durable, deps, input } = run;
  const { at, mode } = await durable.step(
    'end: read mode',
    async (): Promise<{ at: number; mode: Mode }> => ({
      at: deps.clock.now(),
      mode: await deps.readMode(input.cluster),
    }),
  );
  let verdicts: readonly Verdict[];
  try {
    verdicts = await report(run, durable, {
      label: 'end',
      order: ORDER.END,
      decisions: [decisionOf(run, ending)],
      // A success has changed the cluster, whatever the mode was set to since.
      mode: ending.status === 'succeeded' ? 'act' : mode,
      at,
      change: ({ callbackId: _answered, ...record }) => ({
        ...record,
        status: ending.status,
        phase: 'ended',
        reason: ending.reason,
        message: ending.message,
        endedAt: isoTime(at),
      }),
    });
  } finally {
    await unlock(run);
  }
  await tell(run, 'end', async () => ({
    subject: `Upgrade of ${input.cluster} to ${input.version}: ${ending.status}`,
    cluster: input.cluster,
    text: [
      `${ending.reason}: ${ending.message}`,
      `Run ${durable.executionName}, plan ${input.planHash}.`,
    ].join('\n'),
  }));
  return verdicts;
};
