import pMap from 'p-map';
import { imageFamilyOf } from './decide/node-images.ts';
import type { AddOnSnapshot, NodeGroupSnapshot, Snapshot } from './decide/snapshot.ts';
import type { UpgradePorts } from './ports.ts';

const CONCURRENCY = 4; // EKS throttles Describe calls early

export type Gathered =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'cluster-not-found' };

/** Every read behind checks and plan. Changes nothing; the insights' refresh has been asked for before. */
export const gatherSnapshot = async (
  ports: UpgradePorts,
  request: { cluster: string; target: string; insightsRefresh: string },
): Promise<Gathered> => {
  const { cluster: name, target } = request;
  const cluster = await ports.clusters.describe(name);
  if (cluster === undefined) return { kind: 'cluster-not-found' };
  const [versions, insights, running, subnets, nodes, groupNames, addOnNames] = await Promise.all([
    ports.versions.list(),
    ports.insights.listUpgradeReadiness(name),
    ports.runningUpdates({ cluster: name }),
    ports.subnets(cluster.subnetIds),
    ports.inside.nodes(name),
    ports.nodeGroups.list(name),
    ports.addOns.list(name),
  ]);

  const nodeGroups = await pMap(
    groupNames,
    async (nodeGroup): Promise<NodeGroupSnapshot[]> => {
      const facts = await ports.nodeGroups.describe(name, nodeGroup);
      if (facts === undefined) return [];
      const family = imageFamilyOf(facts.amiType, target);
      const targetRelease = family.kind === 'parameter' ? await ports.parameter(family.name) : undefined;
      return [
        {
          ...facts,
          ...(targetRelease === undefined ? {} : { targetRelease }),
          running: facts.status === 'ACTIVE' ? [] : await ports.runningUpdates({ cluster: name, nodeGroup }),
        },
      ];
    },
    { concurrency: CONCURRENCY },
  );

  const addOns = await pMap(
    addOnNames,
    async (addon): Promise<AddOnSnapshot[]> => {
      const facts = await ports.addOns.describe(name, addon);
      if (facts === undefined) return [];
      return [
        {
          ...facts,
          offered: await ports.addOns.versions(addon, target),
          running: facts.status === 'ACTIVE' ? [] : await ports.runningUpdates({ cluster: name, addon }),
        },
      ];
    },
    { concurrency: CONCURRENCY },
  );

  return {
    kind: 'snapshot',
    snapshot: {
      target,
      cluster,
      versions,
      insightsRefresh: request.insightsRefresh,
      insights,
      subnets,
      nodeGroups: nodeGroups.flat(),
      addOns: addOns.flat(),
      nodes,
      running,
    },
  };
};
