import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MetricUnit as Unit } from '@aws-lambda-powertools/metrics/types';

/** `secondsToCordon` and `secondsToEmpty`, both from the event's own time. */
export interface MetricSink {
  addMetric(name: string, unit: Unit, value: number): unknown;
}

/** Both in epoch ms; the later cordons, of workers and looks, count as well. */
export const measureCordon = (
  metrics: MetricSink,
  { noticedAt, at }: { noticedAt: number | undefined; at: number },
): { readonly secondsToCordon?: number } => {
  if (noticedAt === undefined) return {};
  const secondsToCordon = Math.max(0, (at - noticedAt) / 1000);
  metrics.addMetric('secondsToCordon', MetricUnit.Seconds, secondsToCordon);
  return { secondsToCordon };
};
