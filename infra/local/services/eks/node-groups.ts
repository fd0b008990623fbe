import {
  flag,
  optionalInteger,
  optionalRecord,
  optionalText,
  text,
  textMap,
  texts,
} from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import type { Input } from '../../protocol/service.ts';
import { notImplemented } from '../../protocol/service.ts';
import { getNodeGroup } from '../../world/clusters.ts';
import { updateNodeGroupVersion } from '../../world/node-group-rollout.ts';
import type { NodeGroupChange } from '../../world/node-groups.ts';
import { updateNodeGroupConfig } from '../../world/node-groups.ts';
import type { World } from '../../world/world.ts';
import { eksPage } from './paged.ts';
import { nodeGroupShape, updateShape } from './shapes.ts';

export const nodeGroupRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListNodegroups',
    method: 'GET',
    path: '/clusters/{clusterName}/node-groups',
    run: (input) => {
      const cluster = world.cluster(text(input, 'clusterName'));
      const { items, rest } = eksPage([...cluster.nodeGroups.keys()].sort(), input);
      return { nodegroups: items, ...rest };
    },
  },
  {
    operation: 'DescribeNodegroup',
    method: 'GET',
    path: '/clusters/{clusterName}/node-groups/{nodegroupName}',
    run: (input) => ({
      nodegroup: nodeGroupShape(
        getNodeGroup(world.cluster(text(input, 'clusterName')), text(input, 'nodegroupName')),
      ),
    }),
  },
  {
    operation: 'UpdateNodegroupConfig',
    method: 'POST',
    path: '/clusters/{clusterName}/node-groups/{nodegroupName}/update-config',
    run: (input) => ({
      update: updateShape(
        updateNodeGroupConfig(world, world.cluster(text(input, 'clusterName')), {
          name: text(input, 'nodegroupName'),
          change: readChange(input),
        }),
      ),
    }),
  },
  {
    operation: 'UpdateNodegroupVersion',
    method: 'POST',
    path: '/clusters/{clusterName}/node-groups/{nodegroupName}/update-version',
    run: (input) => {
      if (input.launchTemplate !== undefined)
        throw notImplemented('eks', 'UpdateNodegroupVersion with a launch template');
      return {
        update: updateShape(
          updateNodeGroupVersion(world, world.cluster(text(input, 'clusterName')), {
            name: text(input, 'nodegroupName'),
            version: optionalText(input, 'version'),
            releaseVersion: optionalText(input, 'releaseVersion'),
            force: flag(input, 'force'),
            token: optionalText(input, 'clientRequestToken'),
          }),
        ),
      };
    },
  },
];

const readChange = (input: Input): NodeGroupChange => {
  for (const member of ['taints', 'nodeRepairConfig', 'warmPoolConfig'])
    if (input[member] !== undefined) throw notImplemented('eks', `UpdateNodegroupConfig with ${member}`);
  const scaling = optionalRecord(input, 'scalingConfig') ?? {};
  const labels = optionalRecord(input, 'labels') ?? {};
  return {
    min: optionalInteger(scaling, 'minSize'),
    desired: optionalInteger(scaling, 'desiredSize'),
    max: optionalInteger(scaling, 'maxSize'),
    updateConfig: readUpdateConfig(optionalRecord(input, 'updateConfig')),
    addLabels: labels.addOrUpdateLabels === undefined ? undefined : textMap(labels, 'addOrUpdateLabels'),
    removeLabels: labels.removeLabels === undefined ? undefined : texts(labels, 'removeLabels'),
    token: optionalText(input, 'clientRequestToken'),
  };
};

const readUpdateConfig = (input: Input | undefined): NodeGroupChange['updateConfig'] => {
  if (input === undefined) return undefined;
  const maxUnavailable = optionalInteger(input, 'maxUnavailable');
  const maxUnavailablePercentage = optionalInteger(input, 'maxUnavailablePercentage');
  return {
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    ...(maxUnavailablePercentage === undefined ? {} : { maxUnavailablePercentage }),
  };
};
