import { optionalRecord, text, texts } from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import { startInsightsRefresh } from '../../world/insights.ts';
import { Refusal } from '../../world/refusal.ts';
import type { World } from '../../world/world.ts';
import { eksPage } from './paged.ts';
import { insightShape, insightSummaryShape, nextVersion } from './shapes.ts';

export const insightRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListInsights',
    method: 'POST',
    path: '/clusters/{clusterName}/insights',
    run: (input) => {
      const cluster = world.cluster(text(input, 'clusterName'));
      const filter = optionalRecord(input, 'filter') ?? {};
      const within = (member: string, value: string) => {
        const wanted = texts(filter, member);
        return wanted.length === 0 || wanted.includes(value);
      };
      const chosen = cluster.insights.all.filter(
        ({ category, status }) =>
          within('categories', category) &&
          within('statuses', status) &&
          within('kubernetesVersions', nextVersion(cluster)),
      );
      const { items, rest } = eksPage(chosen, input);
      return { insights: items.map((insight) => insightSummaryShape(cluster, insight)), ...rest };
    },
  },
  {
    operation: 'DescribeInsight',
    method: 'GET',
    path: '/clusters/{clusterName}/insights/{id}',
    run: (input) => {
      const cluster = world.cluster(text(input, 'clusterName'));
      const id = text(input, 'id');
      const insight = cluster.insights.all.find((known) => known.id === id);
      if (insight === undefined)
        throw new Refusal('ResourceNotFoundException', `No insight found for ID: ${id}`, {
          clusterName: cluster.name,
        });
      return { insight: insightShape(cluster, insight) };
    },
  },
  {
    operation: 'StartInsightsRefresh',
    method: 'POST',
    path: '/clusters/{clusterName}/insights-refresh',
    run: (input) => {
      startInsightsRefresh(world.ground, world.cluster(text(input, 'clusterName')));
      return { message: 'Insights refresh is in progress.', status: 'IN_PROGRESS' };
    },
  },
  {
    operation: 'DescribeInsightsRefresh',
    method: 'GET',
    path: '/clusters/{clusterName}/insights-refresh',
    run: (input) => {
      const { refresh } = world.cluster(text(input, 'clusterName')).insights;
      return {
        message:
          refresh.endedAt === undefined
            ? 'Insights refresh is in progress.'
            : 'Insights refresh is complete.',
        status: refresh.endedAt === undefined ? 'IN_PROGRESS' : 'COMPLETED',
        startedAt: new Date(refresh.startedAt),
        ...(refresh.endedAt === undefined ? {} : { endedAt: new Date(refresh.endedAt) }),
      };
    },
  },
];
