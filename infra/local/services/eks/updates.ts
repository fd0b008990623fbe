import { optionalText, text } from '../../protocol/input.ts';
import type { Route } from '../../protocol/rest-json.ts';
import type { Input } from '../../protocol/service.ts';
import { getAddon, getNodeGroup } from '../../world/clusters.ts';
import type { UpdateScope } from '../../world/updates.ts';
import type { World } from '../../world/world.ts';
import { eksPage } from './paged.ts';
import { updateShape } from './shapes.ts';

export const updateRoutes = (world: World): readonly Route[] => [
  {
    operation: 'ListUpdates',
    method: 'GET',
    path: '/clusters/{name}/updates',
    run: (input) => {
      const { items, rest } = eksPage(world.updates.list(scopeOf(world, input)), input);
      return { updateIds: items.map(({ id }) => id), ...rest };
    },
  },
  {
    operation: 'DescribeUpdate',
    method: 'GET',
    path: '/clusters/{name}/updates/{updateId}',
    run: (input) => ({
      update: updateShape(world.updates.get(scopeOf(world, input), text(input, 'updateId'))),
    }),
  },
];

/** A node group's or add-on's update is only found with its name. */
const scopeOf = (world: World, input: Input): UpdateScope => {
  const cluster = world.cluster(text(input, 'name'));
  const nodeGroupName = optionalText(input, 'nodegroupName');
  const addonName = optionalText(input, 'addonName');
  if (nodeGroupName !== undefined) getNodeGroup(cluster, nodeGroupName);
  if (addonName !== undefined) getAddon(cluster, addonName);
  return { clusterName: cluster.name, nodeGroupName, addonName };
};
