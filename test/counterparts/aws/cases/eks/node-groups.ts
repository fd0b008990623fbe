import {
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
  UpdateNodegroupConfigCommand,
} from '@aws-sdk/client-eks';
import { createNodeGroupVersionPort } from '../../../../../shared/aws/eks/node-group-versions.ts';
import { createNodeGroups, isNodeGroupBusy } from '../../../../../shared/aws/eks/node-groups.ts';
import { listRunningUpdates } from '../../../../../shared/aws/eks/running-updates.ts';
import { describeUpdate } from '../../../../../shared/aws/eks/updates.ts';
import type { Case } from '../../comparison.ts';
import { attempt } from '../../comparison.ts';
import type { Side } from '../../side.ts';
import { CLUSTER } from '../../world.ts';
import { nodeGroup } from './node-group.ts';

const UNKNOWN = 'nobody';
const cluster = CLUSTER.name;

const resize = ({ clients }: Side, nodegroupName: string, scalingConfig: object) =>
  attempt(async () => {
    const { update } = await clients.eks.send(
      new UpdateNodegroupConfigCommand({ clusterName: cluster, nodegroupName, scalingConfig }),
    );
    return update?.status;
  });

export const nodeGroupCases: readonly Case[] = [
  {
    behaviour: 'NodeGroups.list and NodeGroupVersionPort.list: names, all pages',
    run: async ({ clients }) => [
      await createNodeGroups(clients.eks).list(cluster),
      await createNodeGroupVersionPort(clients.eks).list(cluster),
    ],
  },
  {
    behaviour: 'ListNodegroups in pages of one',
    run: async ({ clients }) => {
      const pages: (readonly string[] | undefined)[] = [];
      let nextToken: string | undefined;
      do {
        const page = await clients.eks.send(
          new ListNodegroupsCommand({ clusterName: cluster, maxResults: 1, nextToken }),
        );
        pages.push(page.nodegroups);
        nextToken = page.nextToken;
      } while (nextToken !== undefined && pages.length < 5);
      return pages;
    },
  },
  {
    behaviour: 'ListNodegroups of an unknown cluster',
    differs: {
      documented: { error: 'ResourceNotFoundException', status: 404 },
      because: 'moto fails (500); API reference, ListNodegroups: ResourceNotFoundException',
    },
    run: ({ clients }) => clients.eks.send(new ListNodegroupsCommand({ clusterName: UNKNOWN })),
  },
  {
    behaviour: 'NodeGroups.describe: sizes, tags, state',
    run: async ({ clients }) => {
      const group = await createNodeGroups(clients.eks).describe(cluster, 'web');
      return { ...group, autoScalingGroups: group?.autoScalingGroups.length };
    },
  },
  {
    behaviour: 'NodeGroups.describe and NodeGroupVersionPort.describe: undefined for what is not there',
    run: async ({ clients }) => [
      await createNodeGroups(clients.eks).describe(cluster, UNKNOWN),
      await createNodeGroups(clients.eks).describe(UNKNOWN, 'web'),
      await createNodeGroupVersionPort(clients.eks).describe(cluster, UNKNOWN),
    ],
  },
  {
    behaviour: 'NodeGroupVersionPort.describe: version, image type, state',
    run: async ({ clients }) => {
      const facts = await createNodeGroupVersionPort(clients.eks).describe(cluster, 'web');
      return { ...facts, releaseVersion: facts?.releaseVersion.startsWith(CLUSTER.version) };
    },
  },
  {
    behaviour: 'DescribeNodegroup of an unknown group, and in an unknown cluster',
    run: async ({ clients }) => {
      const describe = (clusterName: string, nodegroupName: string) =>
        attempt(() => clients.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName })));
      return [await describe(cluster, UNKNOWN), await describe(UNKNOWN, 'web')];
    },
  },
  {
    behaviour: 'DescribeNodegroup: the members of a group',
    run: async (side) => {
      const group = await nodeGroup(side, 'web');
      return {
        names: [group?.nodegroupName, group?.clusterName],
        arn: group?.nodegroupArn,
        times: [group?.createdAt, group?.modifiedAt],
        capacityType: group?.capacityType,
        instanceTypes: group?.instanceTypes,
        amiType: group?.amiType,
        labels: group?.labels,
        subnets: group?.subnets,
        health: group?.health,
        diskSize: group?.diskSize,
        scalingConfig: group?.scalingConfig,
      };
    },
  },
  {
    behaviour: 'NodeGroups.resize: all three sizes hold when the update is over',
    run: async (side) => {
      const groups = createNodeGroups(side.clients.eks);
      const { updateId } = await groups.resize({
        cluster,
        nodeGroup: 'batch',
        sizes: { min: 0, desired: 1, max: 3 },
        token: 'wake',
      });
      await side.settle();
      const after = await groups.describe(cluster, 'batch');
      return [updateId, after?.status, after?.sizes];
    },
  },
  {
    behaviour: 'UpdateNodegroupConfig answers an update with type, status and the sizes asked for',
    differs: {
      documented: {
        id: '<uuid>',
        status: 'InProgress',
        type: 'ConfigUpdate',
        params: ['DesiredSize=0', 'MaxSize=2', 'MinSize=0'],
        createdAt: '<time>',
        errors: [],
      },
      because:
        'moto is done at once and names a parameter ScalingConfig; API reference, UpdateParam: MinSize, DesiredSize, MaxSize are types, ScalingConfig is none',
    },
    run: async (side) => {
      const { update } = await side.clients.eks.send(
        new UpdateNodegroupConfigCommand({
          clusterName: cluster,
          nodegroupName: 'batch',
          scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 2 },
        }),
      );
      await side.settle();
      return {
        ...update,
        params: update?.params?.map(({ type, value }) => `${type}=${value}`).sort(),
      };
    },
  },
  {
    behaviour: 'UpdateNodegroupConfig leaves sizes that are not named as they are',
    differs: {
      documented: [
        { minSize: 1, maxSize: 4, desiredSize: 2 },
        'InProgress',
        { minSize: 1, maxSize: 5, desiredSize: 2 },
      ],
      because:
        "the sizes are the same; moto's update is done at once, the API reference's (UpdateNodegroupConfig) is InProgress",
    },
    run: async (side) => {
      const before = (await nodeGroup(side, 'web'))?.scalingConfig;
      const answer = await resize(side, 'web', { maxSize: 5 });
      await side.settle();
      const after = (await nodeGroup(side, 'web'))?.scalingConfig;
      await resize(side, 'web', { maxSize: 4 });
      await side.settle();
      return [before, answer, after];
    },
  },
  {
    behaviour: 'UpdateNodegroupConfig adds and removes labels',
    run: async (side) => {
      const change = async (labels: object) => {
        await side.clients.eks.send(
          new UpdateNodegroupConfigCommand({ clusterName: cluster, nodegroupName: 'batch', labels }),
        );
        await side.settle();
        return (await nodeGroup(side, 'batch'))?.labels;
      };
      return [
        await change({ addOrUpdateLabels: { tier: 'b', zone: 'x' } }),
        await change({ addOrUpdateLabels: { tier: 'c' }, removeLabels: ['zone', 'never-there'] }),
        await change({ removeLabels: ['tier'] }),
      ];
    },
  },
  {
    behaviour: 'UpdateNodegroupConfig of an unknown group, and in an unknown cluster',
    run: async ({ clients }) => {
      const update = (clusterName: string, nodegroupName: string) =>
        attempt(() =>
          clients.eks.send(
            new UpdateNodegroupConfigCommand({ clusterName, nodegroupName, scalingConfig: { maxSize: 2 } }),
          ),
        );
      return [await update(cluster, UNKNOWN), await update(UNKNOWN, 'web')];
    },
  },
  {
    behaviour:
      'UpdateNodegroupConfig refuses sizes out of order: minimum above desired, desired above maximum, maximum of 0',
    differs: {
      documented: [
        { error: 'InvalidParameterException', status: 400 },
        { error: 'InvalidParameterException', status: 400 },
        { error: 'InvalidParameterException', status: 400 },
      ],
      because:
        'moto takes any sizes; API reference, NodegroupScalingConfig: minSize from 0, maxSize from 1, InvalidParameterException otherwise',
    },
    run: async (side) => [
      await resize(side, 'batch', { minSize: 2, desiredSize: 1, maxSize: 2 }),
      await resize(side, 'batch', { minSize: 0, desiredSize: 3, maxSize: 2 }),
      await resize(side, 'batch', { minSize: 0, desiredSize: 0, maxSize: 0 }),
    ],
  },
  {
    behaviour: 'isNodeGroupBusy: a second change while the first one runs',
    differs: {
      documented: 'busy',
      because:
        "a group of moto's is always ACTIVE; API reference, UpdateNodegroupConfig: ResourceInUseException",
    },
    run: async (side) => {
      const groups = createNodeGroups(side.clients.eks);
      const ask = (desired: number) =>
        groups.resize({
          cluster,
          nodeGroup: 'batch',
          sizes: { min: 0, desired, max: 2 },
          token: `busy-${desired}`,
        });
      await ask(1);
      try {
        await ask(2);
        return 'taken';
      } catch (error) {
        return isNodeGroupBusy(error) ? 'busy' : error;
      } finally {
        await side.settle();
      }
    },
  },
  {
    behaviour: 'NodeGroups.resize: the same token sent twice is one update',
    differs: {
      documented: true,
      because: 'moto takes no notice of clientRequestToken; API reference: it ensures idempotency',
    },
    run: async (side) => {
      const ask = () =>
        createNodeGroups(side.clients.eks).resize({
          cluster,
          nodeGroup: 'batch',
          sizes: { min: 0, desired: 0, max: 2 },
          token: 'once-only',
        });
      const first = await ask();
      const second = await ask();
      await side.settle();
      return first.updateId === second.updateId;
    },
  },
  {
    behaviour: 'describeUpdate: an update that was asked for is Successful in the end',
    differs: {
      documented: { id: '<uuid>', status: 'Successful', type: 'ConfigUpdate', errors: [] },
      because: 'moto has no DescribeUpdate; API reference, DescribeUpdate',
    },
    run: async (side) => {
      const { updateId } = await createNodeGroups(side.clients.eks).resize({
        cluster,
        nodeGroup: 'batch',
        sizes: { min: 0, desired: 0, max: 2 },
        token: 'followed',
      });
      await side.settle();
      return describeUpdate(side.clients.eks, { cluster, nodeGroup: 'batch', updateId });
    },
  },
  {
    behaviour: 'listRunningUpdates: none where nothing is under way',
    differs: { documented: [], because: 'moto has no ListUpdates; API reference, ListUpdates' },
    run: ({ clients }) => listRunningUpdates(clients.eks, { cluster, nodeGroup: 'batch' }),
  },
  {
    behaviour: 'NodeGroupVersionPort.updateVersion: a version above the cluster is refused',
    differs: {
      documented: { error: 'InvalidParameterException', status: 400 },
      because:
        'moto has no UpdateNodegroupVersion; EKS user guide, "Update a managed node group": not beyond the control plane',
    },
    run: ({ clients }) =>
      createNodeGroupVersionPort(clients.eks).updateVersion({
        cluster,
        nodeGroup: 'batch',
        version: '1.35',
        clientRequestToken: 'ahead',
      }),
  },
];
