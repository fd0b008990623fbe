import type { Config } from '../functions/index.ts';
import type { NetworkConfig } from '../shared/core/networks.ts';

/** Clusters that one set of functions looks after, with the configuration that this set gets. */
export interface NetworkGroup {
  /** Where the functions run; none for those outside every VPC. */
  readonly network?: NetworkConfig;
  readonly config: Config;
}

/**
 * One group a network that clusters name, and one before them for the clusters that name none. A function is in
 * one VPC or in none, so each group is a stack of its own: a function set that can reach its clusters.
 *
 * Scanning images is about the registry of the account, not about a cluster, and an image can be scanned once in
 * 24 hours: the first group alone does it, and knows the workloads of its own clusters.
 */
export const networkGroups = (config: Config): readonly NetworkGroup[] => {
  const outside = config.clusters.filter(({ network }) => network === undefined);
  const groups: NetworkGroup[] = [
    ...(outside.length === 0 ? [] : [{ config: { ...config, clusters: outside } }]),
    ...config.networks.map((network) => ({
      network,
      config: {
        ...config,
        clusters: config.clusters.filter((cluster) => cluster.network === network.name),
      },
    })),
  ];
  return groups.map((group, index) =>
    index === 0
      ? group
      : { ...group, config: { ...group.config, ecrRescan: { ...group.config.ecrRescan, mode: 'off' } } },
  );
};

/** The stack of a group: the name that was asked for, with the network's behind it. */
export const stackNameOf = (stackName: string, network: NetworkConfig | undefined): string =>
  network === undefined ? stackName : `${stackName}-${network.name}`;
