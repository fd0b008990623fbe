import {
  DescribeInsightCommand,
  DescribeInsightsRefreshCommand,
  EKSClient,
  ListInsightsCommand,
  StartInsightsRefreshCommand,
} from '@aws-sdk/client-eks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createInsightPort } from '../../../../../shared/aws/eks/insights.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const eks = mockClient(EKSClient);
const insights = createInsightPort(new EKSClient({ region: 'eu-central-1' }));
const awsError = (name: string, message = name) => Object.assign(new Error(message), { name });

beforeEach(() => {
  eks.reset();
});

describe('the refresh of insights', () => {
  it('is asked for; one that is under way is as good', async () => {
    eks
      .on(StartInsightsRefreshCommand)
      .resolvesOnce({})
      .rejects(awsError('InvalidRequestException', 'An insights refresh is already in progress'));
    await insights.startRefresh('staging');
    await expect(insights.startRefresh('staging')).resolves.toBeUndefined();
    expect(eks.commandCalls(StartInsightsRefreshCommand)).toHaveLength(2);
  });

  it.each([
    awsError('InvalidRequestException', 'Cluster is not ACTIVE'),
    awsError('AccessDeniedException', 'a refresh in progress is none of your business'),
  ])('that is refused otherwise says so: %s', async (error) => {
    eks.on(StartInsightsRefreshCommand).rejects(error);
    await expect(insights.startRefresh('staging')).rejects.toBe(error);
  });

  it('has a status, or none where nobody ever asked', async () => {
    eks
      .on(DescribeInsightsRefreshCommand)
      .resolvesOnce({ status: 'IN_PROGRESS' })
      .resolvesOnce({})
      .rejects(awsError('ResourceNotFoundException'));
    expect(await insights.refreshStatus('staging')).toBe('IN_PROGRESS');
    expect(await insights.refreshStatus('staging')).toBe('NONE');
    expect(await insights.refreshStatus('staging')).toBe('NONE');
  });
});

describe('upgrade insights', () => {
  it('come from every page and are described where they do not pass', async () => {
    eks
      .on(ListInsightsCommand)
      .resolvesOnce({
        insights: [
          {
            id: 'i-1',
            name: 'Kubelet skew',
            kubernetesVersion: '1.35',
            insightStatus: { status: 'PASSING' },
          },
        ],
        nextToken: 't',
      })
      .resolves({
        insights: [{ id: 'i-2', name: 'APIs', insightStatus: { status: 'ERROR', reason: 'used' } }],
      });
    eks.on(DescribeInsightCommand, { clusterName: 'staging', id: 'i-2' }).resolves({
      insight: {
        recommendation: 'Migrate.',
        resources: [
          { kubernetesResourceUri: '/apis/x', insightStatus: { status: 'ERROR' } },
          { arn: 'arn:aws:eks:x', insightStatus: { status: 'WARNING' } },
          { kubernetesResourceUri: '/apis/fine', insightStatus: { status: 'PASSING' } },
        ],
        categorySpecificSummary: {
          deprecationDetails: [
            {
              usage: '/apis/x/v1beta1',
              replacedWith: '/apis/x/v1',
              stopServingVersion: '1.35',
              clientStats: [{ userAgent: 'argocd', numberOfRequestsLast30Days: 31 }, {}],
            },
          ],
        },
      },
    });
    expect(await insights.listUpgradeReadiness('staging')).toEqual([
      {
        id: 'i-1',
        name: 'Kubelet skew',
        kubernetesVersion: '1.35',
        status: 'PASSING',
        reason: '',
        resources: [],
        deprecated: [],
      },
      {
        id: 'i-2',
        name: 'APIs',
        status: 'ERROR',
        reason: 'used',
        recommendation: 'Migrate.',
        resources: ['/apis/x', 'arn:aws:eks:x'],
        deprecated: [
          {
            usage: '/apis/x/v1beta1',
            replacedWith: '/apis/x/v1',
            stopServingVersion: '1.35',
            clients: ['argocd (31 in 30 days)', 'unknown (0 in 30 days)'],
          },
        ],
      },
    ]);
    expect(eks.commandCalls(DescribeInsightCommand)).toHaveLength(1);
    expect(eks.commandCalls(ListInsightsCommand)[1]?.args[0].input).toEqual({
      clusterName: 'staging',
      filter: { categories: ['UPGRADE_READINESS'] },
      nextToken: 't',
    });
  });

  it('without a status are unknown', async () => {
    eks.on(ListInsightsCommand).resolves({ insights: [{ name: 'odd' }] });
    expect(await insights.listUpgradeReadiness('staging')).toMatchObject([
      { name: 'odd', status: 'UNKNOWN' },
    ]);
  });
});
