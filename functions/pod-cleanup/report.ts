import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { CleanupReport } from './decide/report.ts';
import { toldDeletes } from './decide/report.ts';
import type { CleanupMetrics } from './metrics.ts';

/**
 * One verdict on the cluster that sums up the run, before all others in the result, and the metrics. A run that
 * found no pod has nothing to report; its metrics say so.
 */
export const reportRun = (
  run: { cluster: string; mode: Mode; report: CleanupReport; ms: number },
  { call, metrics }: { call: Call; metrics: CleanupMetrics },
): void => {
  const { cluster, mode, report } = run;
  metrics.publish(cluster, mode, report);
  if (report.listed === 0) return;
  const { listed, deleted: _deleted, wouldDelete: _wouldDelete, ...rest } = report;
  call.recorder.record(
    {
      cluster,
      target: `cluster/${cluster}`,
      action: 'none',
      reason: 'report',
      detail: {
        listed,
        ...toldDeletes(mode, report),
        ...rest,
        seconds: Math.round(run.ms / 100) / 10,
      },
    },
    mode,
    { first: true },
  );
};
