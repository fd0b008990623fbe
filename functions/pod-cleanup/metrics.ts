import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Mode } from '../../shared/core/mode.ts';
import type { CleanupReport } from './decide/report.ts';
import { toldDeletes } from './decide/report.ts';

/** What a run counted, by cluster. */
export interface CleanupMetrics {
  publish(cluster: string, mode: Mode, report: CleanupReport): void;
}

/**
 * CloudWatch metrics in the embedded metric format, one line a run and cluster: namespace `eks-caretaker`,
 * dimensions `service` and `cluster`; the counts by reason lie beside them for Logs Insights. What was not deleted
 * because of the mode `observe` counts as `PodsWouldDelete`.
 */
export const createCleanupMetrics = (): CleanupMetrics => ({
  publish: (cluster, mode, report) => {
    const metrics = new Metrics({
      namespace: 'eks-caretaker',
      serviceName: 'pod-cleanup',
      defaultDimensions: { cluster },
    });
    const count = (name: string, value: number) => metrics.addMetric(name, MetricUnit.Count, value);
    count('PodsListed', report.listed);
    const { deleted, wouldDelete } = toldDeletes(mode, report);
    if (deleted !== undefined) count('PodsDeleted', deleted);
    if (wouldDelete !== undefined) count('PodsWouldDelete', wouldDelete);
    count('PodsKept', report.kept);
    count('PodsRefused', report.refused);
    count('PodsPostponed', report.postponed);
    count('PodsFailed', report.failed);
    metrics.addMetadata('reasons', JSON.stringify(report.reasons));
    metrics.publishStoredMetrics();
  },
});
