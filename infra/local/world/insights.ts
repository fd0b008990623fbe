import type { Cluster, Insight, Insights } from './clusters.ts';
import type { Ground } from './ground.ts';
import type { InsightSpec } from './spec.ts';
import { timings } from './timings.ts';

/** EKS refreshes its insights once a day by itself; this world's last time was six hours before its start. */
export const createInsights = (ground: Ground, specs: readonly InsightSpec[]): Insights => {
  const now = ground.clock.now();
  const startedAt = now - 6 * 3_600_000;
  return {
    all: specs.map(
      (spec): Insight => ({
        ...spec,
        id: ground.newUuid(),
        category: 'UPGRADE_READINESS',
        lastTransitionAt: now - 9 * 86_400_000,
      }),
    ),
    refresh: { startedAt, endedAt: startedAt + timings.insightsRefresh * 1000 },
  };
};

/** Does nothing more while one is running. */
export const startInsightsRefresh = (ground: Ground, cluster: Cluster): void => {
  const { insights } = cluster;
  if (insights.refresh.endedAt === undefined) return;
  const startedAt = ground.clock.now();
  insights.refresh = { startedAt };
  ground.after(timings.insightsRefresh, () => {
    insights.refresh = { startedAt, endedAt: ground.clock.now() };
  });
};
