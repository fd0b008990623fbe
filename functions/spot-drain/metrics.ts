import type { MetricUnit } from '@aws-lambda-powertools/metrics/types';

/** `secondsToCordon` and `secondsToEmpty`, both from the event's own time. */
export interface MetricSink {
  addMetric(name: string, unit: MetricUnit, value: number): unknown;
}
