import type { EKSClient } from '@aws-sdk/client-eks';
import {
  DescribeInsightCommand,
  DescribeInsightsRefreshCommand,
  ListInsightsCommand,
  StartInsightsRefreshCommand,
} from '@aws-sdk/client-eks';
import { isAwsError } from '../clients.ts';

/** A client that still calls a deprecated API. */
export interface DeprecatedUse {
  readonly usage: string;
  readonly replacedWith?: string;
  readonly stopServingVersion?: string;
  /** `user agent (count in 30 days)` each. */
  readonly clients: readonly string[];
}

/** An upgrade insight; the details are there only where it does not pass. */
export interface InsightFacts {
  readonly id: string;
  readonly name: string;
  /** The Kubernetes minor that it is about; some insights have none. */
  readonly kubernetesVersion?: string;
  /** `PASSING`, `WARNING`, `ERROR`, `UNKNOWN`. */
  readonly status: string;
  readonly reason: string;
  readonly recommendation?: string;
  /** URIs or ARNs of the resources that do not pass. */
  readonly resources: readonly string[];
  readonly deprecated: readonly DeprecatedUse[];
}

/** `IN_PROGRESS`, `FAILED`, `COMPLETED`, or `NONE` where no refresh was ever asked for. */
export type RefreshStatus = string;

export interface InsightPort {
  /** Asks EKS to look again. A refresh that is under way already is as good. */
  startRefresh(cluster: string): Promise<void>;
  refreshStatus(cluster: string): Promise<RefreshStatus>;
  /** Every UPGRADE_READINESS insight, described where it does not pass. */
  listUpgradeReadiness(cluster: string): Promise<readonly InsightFacts[]>;
}

export const createInsightPort = (client: EKSClient): InsightPort => {
  const describe = async (
    clusterName: string,
    id: string,
  ): Promise<Pick<InsightFacts, 'recommendation' | 'resources' | 'deprecated'>> => {
    const { insight } = await client.send(new DescribeInsightCommand({ clusterName, id }));
    return {
      ...(insight?.recommendation === undefined ? {} : { recommendation: insight.recommendation }),
      resources: (insight?.resources ?? [])
        .filter(({ insightStatus }) => insightStatus?.status !== 'PASSING')
        .flatMap(({ kubernetesResourceUri, arn }) => kubernetesResourceUri ?? arn ?? []),
      deprecated: (insight?.categorySpecificSummary?.deprecationDetails ?? []).map((detail) => ({
        usage: detail.usage ?? '',
        ...(detail.replacedWith === undefined ? {} : { replacedWith: detail.replacedWith }),
        ...(detail.stopServingVersion === undefined ? {} : { stopServingVersion: detail.stopServingVersion }),
        clients: (detail.clientStats ?? []).map(
          ({ userAgent, numberOfRequestsLast30Days }) =>
            `${userAgent ?? 'unknown'} (${numberOfRequestsLast30Days ?? 0} in 30 days)`,
        ),
      })),
    };
  };

  return {
    startRefresh: async (clusterName) => {
      try {
        await client.send(new StartInsightsRefreshCommand({ clusterName }));
      } catch (error) {
        // EKS refuses a second refresh while one is under way; that one is waited for just the same.
        const underWay =
          isAwsError(error, 'InvalidRequestException', 'ResourceInUseException') &&
          /progress|already|running/i.test(error.message);
        if (!underWay) throw error;
      }
    },
    refreshStatus: async (clusterName) => {
      try {
        const { status } = await client.send(new DescribeInsightsRefreshCommand({ clusterName }));
        return status ?? 'NONE';
      } catch (error) {
        if (isAwsError(error, 'ResourceNotFoundException')) return 'NONE';
        throw error;
      }
    },
    listUpgradeReadiness: async (clusterName) => {
      const insights: InsightFacts[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListInsightsCommand({
            clusterName,
            filter: { categories: ['UPGRADE_READINESS'] },
            ...(nextToken === undefined ? {} : { nextToken }),
          }),
        );
        for (const { id, name, kubernetesVersion, insightStatus } of page.insights ?? []) {
          const status = insightStatus?.status ?? 'UNKNOWN';
          const details =
            status === 'PASSING' || id === undefined
              ? { resources: [], deprecated: [] }
              : await describe(clusterName, id);
          insights.push({
            id: id ?? '',
            name: name ?? id ?? 'unnamed insight',
            ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
            status,
            reason: insightStatus?.reason ?? '',
            ...details,
          });
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return insights;
    },
  };
};
