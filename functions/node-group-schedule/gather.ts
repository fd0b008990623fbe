import { createHash } from 'node:crypto';
import pMap from 'p-map';
import type { NodeGroups } from '../../shared/aws/eks/node-groups.ts';
import type { NodeGroupScheduleConfig } from './config.ts';
import type { DescribedGroup } from './decide/model.ts';

const DESCRIBES_AT_ONCE = 8;

/** Every managed node group of a cluster with its tags and sizes. Throws the SDK's errors. */
export const describeAll = async (
  nodeGroups: NodeGroups,
  cluster: string,
): Promise<readonly DescribedGroup[]> => {
  const names = await nodeGroups.list(cluster);
  const groups = await pMap(names, (name) => nodeGroups.describe(cluster, name), {
    concurrency: DESCRIBES_AT_ONCE,
  });
  // A group may be deleted between the list and its description.
  return groups.flatMap((group) => group ?? []);
};

/** Changes with every change of the configuration: then clusters are looked at anew. */
export const hashOf = (config: NodeGroupScheduleConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16);
