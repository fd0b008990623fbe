import {
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribeAddonConfigurationCommand,
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeInsightCommand,
  DescribeInsightsRefreshCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  ListAccessEntriesCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListInsightsCommand,
  ListNodegroupsCommand,
  ListTagsForResourceCommand,
  ListUpdatesCommand,
  StartInsightsRefreshCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAddonCommand,
  UpdateClusterVersionCommand,
  UpdateNodegroupConfigCommand,
  UpdateNodegroupVersionCommand,
} from '@aws-sdk/client-eks';
import { administrator, roleArn } from '../../../../infra/local/world/principals.ts';
import type { CallContext } from '../sdk.ts';
import { call, refused } from '../sdk.ts';

const clusterName = 'staging';
const web = { clusterName, nodegroupName: 'web' };
const cni = { clusterName, addonName: 'vpc-cni' };
const nowhere = 'nowhere';

const cluster = ({ account }: CallContext) => account.world.cluster(clusterName);

const reads = [
  call('eks ListClusters', ({ as }) => as.eks.send(new ListClustersCommand({ maxResults: 1 }))),
  call('eks DescribeCluster', ({ as }) => as.eks.send(new DescribeClusterCommand({ name: clusterName }))),
  call('eks DescribeClusterVersions', ({ as }) =>
    as.eks.send(new DescribeClusterVersionsCommand({ includeAll: true })),
  ),
  call('eks ListNodegroups', ({ as }) => as.eks.send(new ListNodegroupsCommand({ clusterName }))),
  call('eks DescribeNodegroup', ({ as }) => as.eks.send(new DescribeNodegroupCommand(web))),
  call('eks ListAddons', ({ as }) => as.eks.send(new ListAddonsCommand({ clusterName }))),
  call('eks DescribeAddon', ({ as }) => as.eks.send(new DescribeAddonCommand(cni))),
  call('eks DescribeAddonVersions', ({ as }) => as.eks.send(new DescribeAddonVersionsCommand({}))),
  call('eks DescribeAddonConfiguration', ({ as }) =>
    as.eks.send(
      new DescribeAddonConfigurationCommand({ addonName: 'vpc-cni', addonVersion: 'v1.20.4-eksbuild.1' }),
    ),
  ),
  call('eks ListInsights', ({ as }) => as.eks.send(new ListInsightsCommand({ clusterName }))),
  call('eks DescribeInsight', (context) =>
    context.as.eks.send(
      new DescribeInsightCommand({ clusterName, id: cluster(context).insights.all[0]?.id ?? '' }),
    ),
  ),
  call('eks StartInsightsRefresh', ({ as }) => as.eks.send(new StartInsightsRefreshCommand({ clusterName }))),
  call('eks DescribeInsightsRefresh', ({ as }) =>
    as.eks.send(new DescribeInsightsRefreshCommand({ clusterName })),
  ),
  call('eks ListAccessEntries', ({ as }) => as.eks.send(new ListAccessEntriesCommand({ clusterName }))),
  call('eks DescribeAccessEntry', ({ as, account }) =>
    as.eks.send(
      new DescribeAccessEntryCommand({
        clusterName,
        principalArn: roleArn(account.world.ground, administrator),
      }),
    ),
  ),
];

const tags = [
  call('eks TagResource', (context) =>
    context.as.eks.send(
      new TagResourceCommand({ resourceArn: cluster(context).arn, tags: { team: 'shop' } }),
    ),
  ),
  call('eks ListTagsForResource', (context) =>
    context.as.eks.send(new ListTagsForResourceCommand({ resourceArn: cluster(context).arn })),
  ),
  call('eks UntagResource', (context) =>
    context.as.eks.send(new UntagResourceCommand({ resourceArn: cluster(context).arn, tagKeys: ['team'] })),
  ),
  refused('eks ListTagsForResource', 'NotFoundException', ({ as }) =>
    as.eks.send(
      new ListTagsForResourceCommand({
        resourceArn: 'arn:aws:eks:eu-central-1:111122223333:cluster/nowhere',
      }),
    ),
  ),
];

const updates = [
  call('eks UpdateNodegroupConfig', ({ as }) =>
    as.eks.send(new UpdateNodegroupConfigCommand({ ...web, scalingConfig: { desiredSize: 1 } })),
  ),
  refused('eks UpdateNodegroupConfig', 'ResourceInUseException', ({ as }) =>
    as.eks.send(new UpdateNodegroupConfigCommand({ ...web, scalingConfig: { desiredSize: 2 } })),
  ),
  refused('eks UpdateNodegroupVersion', 'ResourceInUseException', ({ as }) =>
    as.eks.send(new UpdateNodegroupVersionCommand({ ...web })),
  ),
  refused('eks UpdateNodegroupConfig', 'InvalidParameterException', ({ as }) =>
    as.eks.send(
      new UpdateNodegroupConfigCommand({
        clusterName,
        nodegroupName: 'batch',
        scalingConfig: { minSize: 3, maxSize: 2 },
      }),
    ),
  ),
  call('eks UpdateNodegroupVersion', ({ as }) =>
    as.eks.send(new UpdateNodegroupVersionCommand({ clusterName, nodegroupName: 'old' })),
  ),
  call('eks UpdateAddon', ({ as }) =>
    as.eks.send(new UpdateAddonCommand({ ...cni, resolveConflicts: 'PRESERVE' })),
  ),
  refused('eks UpdateAddon', 'ResourceInUseException', ({ as }) => as.eks.send(new UpdateAddonCommand(cni))),
  refused('eks UpdateAddon', 'InvalidParameterException', ({ as }) =>
    as.eks.send(
      new UpdateAddonCommand({ clusterName, addonName: 'kube-proxy', addonVersion: 'v0.0.1-eksbuild.1' }),
    ),
  ),
  refused('eks UpdateClusterVersion', 'InvalidParameterException', ({ as }) =>
    as.eks.send(new UpdateClusterVersionCommand({ name: clusterName, version: '1.99' })),
  ),
  refused('eks UpdateClusterVersion', 'InvalidRequestException', ({ as }) =>
    as.eks.send(new UpdateClusterVersionCommand({ name: clusterName, version: '1.35' })),
  ),
  call('eks UpdateClusterVersion', ({ as }) =>
    as.eks.send(new UpdateClusterVersionCommand({ name: clusterName, version: '1.35', force: true })),
  ),
  refused('eks UpdateClusterVersion', 'ResourceInUseException', ({ as }) =>
    as.eks.send(new UpdateClusterVersionCommand({ name: clusterName, version: '1.35', force: true })),
  ),
  call('eks ListUpdates', ({ as }) => as.eks.send(new ListUpdatesCommand({ name: clusterName }))),
  call('eks DescribeUpdate', ({ as, account }) =>
    as.eks.send(
      new DescribeUpdateCommand({
        name: clusterName,
        updateId: account.world.updates.list({ clusterName })[0]?.id ?? '',
      }),
    ),
  ),
];

const refusals = [
  refused('eks DescribeCluster', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new DescribeClusterCommand({ name: nowhere })),
  ),
  refused('eks ListNodegroups', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new ListNodegroupsCommand({ clusterName: nowhere })),
  ),
  refused('eks ListNodegroups', 'InvalidParameterException', ({ as }) =>
    as.eks.send(new ListNodegroupsCommand({ clusterName, nextToken: 'forged' })),
  ),
  refused('eks DescribeNodegroup', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName: nowhere })),
  ),
  refused('eks DescribeAddon', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new DescribeAddonCommand({ clusterName, addonName: nowhere })),
  ),
  refused('eks DescribeAddonVersions', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new DescribeAddonVersionsCommand({ addonName: nowhere })),
  ),
  refused('eks DescribeAddonConfiguration', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new DescribeAddonConfigurationCommand({ addonName: nowhere, addonVersion: 'v1' })),
  ),
  refused('eks DescribeInsight', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(new DescribeInsightCommand({ clusterName, id: 'd0e0a0d0-0000-4000-8000-000000000000' })),
  ),
  refused('eks DescribeUpdate', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(
      new DescribeUpdateCommand({ name: clusterName, updateId: 'd0e0a0d0-0000-4000-8000-000000000000' }),
    ),
  ),
  refused('eks DescribeAccessEntry', 'ResourceNotFoundException', ({ as }) =>
    as.eks.send(
      new DescribeAccessEntryCommand({ clusterName, principalArn: 'arn:aws:iam::111122223333:role/nobody' }),
    ),
  ),
  refused('eks ListAddons', 'AccessDeniedException', ({ asCleanup }) =>
    asCleanup.eks.send(new ListAddonsCommand({ clusterName })),
  ),
];

export const eksCalls = [...reads, ...tags, ...updates, ...refusals];
