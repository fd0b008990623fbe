import {
  DescribeAccessEntryCommand,
  DescribeClusterCommand,
  ListAccessEntriesCommand,
  ListClustersCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eks';
import { createAddOnPort } from '../../../../../shared/aws/eks/add-ons.ts';
import { describeClusterAddress } from '../../../../../shared/aws/eks/cluster-address.ts';
import { createClusterPort } from '../../../../../shared/aws/eks/clusters.ts';
import { createInsightPort } from '../../../../../shared/aws/eks/insights.ts';
import { createVersionPort } from '../../../../../shared/aws/eks/versions.ts';
import type { Case } from '../../comparison.ts';
import { attempt } from '../../comparison.ts';
import type { Side } from '../../side.ts';
import { CLUSTER } from '../../world.ts';
import { nodeGroup } from './node-group.ts';

const UNKNOWN = 'nobody';
const cluster = CLUSTER.name;

const arnOf = async ({ clients }: Side) =>
  (await clients.eks.send(new DescribeClusterCommand({ name: cluster }))).cluster?.arn ?? '';

export const clusterCases: readonly Case[] = [
  {
    behaviour: 'ClusterPort.describe: the facts that an upgrade turns on',
    run: async ({ clients }) => {
      const facts = await createClusterPort(clients.eks).describe(cluster);
      return { ...facts, platformVersion: /^eks\.\d+$/.test(facts?.platformVersion ?? '') };
    },
  },
  {
    behaviour: 'ClusterPort.describe: undefined for a cluster that is not there',
    run: ({ clients }) => createClusterPort(clients.eks).describe(UNKNOWN),
  },
  {
    behaviour: 'describeClusterAddress: an HTTPS endpoint and a CA in base64',
    run: async ({ clients }) => {
      const { endpoint, certificateAuthority } = await describeClusterAddress(clients.eks, cluster);
      return [/^https:\/\//.test(endpoint), /^[A-Za-z0-9+/=]+$/.test(certificateAuthority)];
    },
  },
  {
    behaviour: 'DescribeCluster of an unknown cluster',
    run: ({ clients }) => clients.eks.send(new DescribeClusterCommand({ name: UNKNOWN })),
  },
  {
    behaviour: 'ListClusters',
    run: async ({ clients }) => {
      const { clusters, nextToken } = await clients.eks.send(new ListClustersCommand({}));
      return { clusters, nextToken };
    },
  },
  {
    behaviour: 'TagResource, ListTagsForResource and UntagResource of a cluster',
    differs: {
      documented: [{ team: 'shop', a: '1', 'with/slash': 'ü' }, { team: 'shop' }],
      because: 'moto takes one key away of the three named; API reference, UntagResource: tagKeys is a list',
    },
    run: async (side) => {
      const resourceArn = await arnOf(side);
      const tags = async () =>
        (await side.clients.eks.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
      await side.clients.eks.send(
        new TagResourceCommand({ resourceArn, tags: { a: '1', 'with/slash': 'ü' } }),
      );
      const tagged = await tags();
      await side.clients.eks.send(
        new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'with/slash', 'none'] }),
      );
      return [tagged, await tags()];
    },
  },
  {
    behaviour: 'ListTagsForResource of a node group',
    differs: {
      documented: { team: 'web' },
      because:
        'moto knows tags of clusters alone; API reference, ListTagsForResource: clusters and managed node groups',
    },
    run: async (side) => {
      const resourceArn = (await nodeGroup(side, 'web'))?.nodegroupArn ?? '';
      return (await side.clients.eks.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
    },
  },
  {
    behaviour: 'ListTagsForResource of a resource that is not there',
    differs: {
      documented: { error: 'NotFoundException', status: 404 },
      because:
        "moto answers ResourceNotFoundException; the API's model has BadRequestException and NotFoundException for this operation",
    },
    run: async (side) =>
      side.clients.eks.send(
        new ListTagsForResourceCommand({ resourceArn: (await arnOf(side)).replace(cluster, UNKNOWN) }),
      ),
  },
  {
    behaviour: 'ClusterPort.updateVersion: more than one minor is refused',
    differs: {
      documented: { error: 'InvalidParameterException', status: 400 },
      because:
        'moto has no UpdateClusterVersion; EKS user guide, "Update existing cluster to new Kubernetes version": one minor at a time',
    },
    run: ({ clients }) =>
      createClusterPort(clients.eks).updateVersion({ cluster, version: '1.36', clientRequestToken: 'two' }),
  },
  {
    behaviour: 'VersionPort.list: the cluster version is among the versions that EKS knows',
    differs: {
      documented: true,
      because: 'moto has no DescribeClusterVersions; API reference, DescribeClusterVersions',
    },
    run: async ({ clients }) =>
      (await createVersionPort(clients.eks).list()).some(({ version }) => version === CLUSTER.version),
  },
  {
    behaviour: 'AddOnPort.list',
    differs: { documented: ['vpc-cni'], because: 'moto has no ListAddons; API reference, ListAddons' },
    run: ({ clients }) => createAddOnPort(clients.eks).list(cluster),
  },
  {
    behaviour: 'AddOnPort.describe: undefined for an add-on that is not installed',
    differs: {
      documented: undefined,
      because: 'moto has no DescribeAddon; API reference, DescribeAddon: ResourceNotFoundException',
    },
    run: ({ clients }) => createAddOnPort(clients.eks).describe(cluster, UNKNOWN),
  },
  {
    behaviour: 'AddOnPort.versions: some for an add-on that EKS offers',
    differs: {
      documented: true,
      because: 'moto has no DescribeAddonVersions; API reference, DescribeAddonVersions',
    },
    run: async ({ clients }) =>
      (await createAddOnPort(clients.eks).versions('vpc-cni', CLUSTER.version)).length > 0,
  },
  {
    behaviour: 'AddOnPort.update of an add-on that is not installed',
    differs: {
      documented: { error: 'ResourceNotFoundException', status: 404 },
      because: 'moto has no UpdateAddon; API reference, UpdateAddon: ResourceNotFoundException',
    },
    run: ({ clients }) =>
      createAddOnPort(clients.eks).update({
        cluster,
        name: 'kube-proxy',
        version: 'v1.34.0-eksbuild.1',
        resolveConflicts: 'PRESERVE',
        clientRequestToken: 'not-there',
      }),
  },
  {
    behaviour: 'InsightPort.listUpgradeReadiness',
    differs: {
      documented: [['Deprecated APIs', 'PASSING']],
      because: 'moto has no ListInsights; API reference, ListInsights',
    },
    run: async ({ clients }) =>
      (await createInsightPort(clients.eks).listUpgradeReadiness(cluster)).map(({ name, status }) => [
        name,
        status,
      ]),
  },
  {
    behaviour: 'InsightPort.startRefresh and refreshStatus',
    differs: {
      documented: ['IN_PROGRESS', 'COMPLETED'],
      because:
        'moto has no StartInsightsRefresh; API reference, StartInsightsRefresh and DescribeInsightsRefresh',
    },
    run: async (side) => {
      const port = createInsightPort(side.clients.eks);
      await port.startRefresh(cluster);
      const begun = await port.refreshStatus(cluster);
      await side.settle();
      return [begun, await port.refreshStatus(cluster)];
    },
  },
  {
    behaviour: 'ListAccessEntries and DescribeAccessEntry of an unknown principal',
    differs: {
      documented: [1, { error: 'ResourceNotFoundException', status: 404 }],
      because: 'moto has no ListAccessEntries; API reference, DescribeAccessEntry: ResourceNotFoundException',
    },
    run: async ({ clients }) => {
      const { accessEntries = [] } = await clients.eks.send(
        new ListAccessEntriesCommand({ clusterName: cluster }),
      );
      return [
        accessEntries.length,
        await attempt(() =>
          clients.eks.send(
            new DescribeAccessEntryCommand({
              clusterName: cluster,
              principalArn: 'arn:aws:iam::123456789012:role/nobody',
            }),
          ),
        ),
      ];
    },
  },
];
