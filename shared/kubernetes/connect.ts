import type { Clock } from '../core/clock.ts';
import type { ClusterConfig } from '../core/config.ts';
import { ClusterUnreachableError, describeError } from '../core/errors.ts';
import type { KubernetesApi } from './client.ts';
import { createKubernetesApi } from './client.ts';
import type { TokenSource } from './token.ts';

/** What DescribeCluster says about reaching a cluster. */
export interface ClusterAddress {
  readonly endpoint: string;
  /** PEM in base64, as EKS gives it. */
  readonly certificateAuthority: string;
}

export interface ClusterConnector {
  /** Throws ClusterUnreachableError. Connections live as long as the execution environment. */
  connect(cluster: string): Promise<KubernetesApi>;
}

export const createClusterConnector = (options: {
  clusters: readonly ClusterConfig[];
  describe: (cluster: string) => Promise<ClusterAddress>;
  tokens: TokenSource;
  clock: Clock;
}): ClusterConnector => {
  const apis = new Map<string, Promise<KubernetesApi>>();

  const addressOf = async (cluster: string): Promise<ClusterAddress> => {
    const configured = options.clusters.find(({ name }) => name === cluster);
    const { endpoint, certificateAuthority } = configured ?? {};
    if (endpoint !== undefined && certificateAuthority !== undefined)
      return { endpoint, certificateAuthority };
    const described = await options.describe(cluster);
    return {
      endpoint: endpoint ?? described.endpoint,
      certificateAuthority: certificateAuthority ?? described.certificateAuthority,
    };
  };

  const open = async (cluster: string): Promise<KubernetesApi> => {
    try {
      const address = await addressOf(cluster);
      return createKubernetesApi({
        cluster,
        endpoint: address.endpoint,
        certificateAuthority: Buffer.from(address.certificateAuthority, 'base64').toString('utf8'),
        tokens: options.tokens,
        clock: options.clock,
      });
    } catch (cause) {
      throw new ClusterUnreachableError(
        cluster,
        `cluster ${cluster} could not be looked up (${describeError(cause)}); check its name, region and the function's eks:DescribeCluster right`,
        { cause },
      );
    }
  };

  return {
    connect: (cluster) => {
      const known = apis.get(cluster);
      if (known !== undefined) return known;
      const opened = open(cluster);
      apis.set(cluster, opened);
      opened.catch(() => apis.delete(cluster));
      return opened;
    },
  };
};
