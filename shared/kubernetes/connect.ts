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

interface Connection {
  readonly address: ClusterAddress;
  readonly api: KubernetesApi;
}

interface Known {
  readonly connection: Promise<Connection>;
  /** Epoch ms of the last look at the cluster's address. */
  readonly lookedUpAt: number;
  /** A request got no answer since then: the cluster may have been made anew under its name. */
  doubted: boolean;
}

/** A cluster that is merely struggling is not looked up more often. */
const LOOK_UP_AGAIN_MS = 60_000;

const isSame = (a: ClusterAddress, b: ClusterAddress): boolean =>
  a.endpoint === b.endpoint && a.certificateAuthority === b.certificateAuthority;

export const createClusterConnector = (options: {
  clusters: readonly ClusterConfig[];
  describe: (cluster: string) => Promise<ClusterAddress>;
  tokens: TokenSource;
  clock: Clock;
}): ClusterConnector => {
  const { clock, tokens } = options;
  const known = new Map<string, Known>();

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

  const open = (cluster: string, address: ClusterAddress): Connection => ({
    address,
    api: createKubernetesApi({
      cluster,
      endpoint: address.endpoint,
      certificateAuthority: Buffer.from(address.certificateAuthority, 'base64').toString('utf8'),
      tokens,
      clock,
      onNoAnswer: () => {
        const now = known.get(cluster);
        if (now !== undefined) now.doubted = true;
      },
    }),
  });

  const first = async (cluster: string): Promise<Connection> => {
    try {
      return open(cluster, await addressOf(cluster));
    } catch (cause) {
      throw new ClusterUnreachableError(
        cluster,
        `cluster ${cluster} could not be looked up (${describeError(cause)}); check its name, region and the function's eks:DescribeCluster right`,
        { cause },
      );
    }
  };

  /** The same connection where nothing has changed, so that whoever else has it shares its sockets. */
  const again = async (cluster: string, earlier: Promise<Connection>): Promise<Connection> => {
    const connection = await earlier;
    let address: ClusterAddress;
    try {
      address = await addressOf(cluster);
    } catch {
      // What is known may still hold; if it does not, the next request says so.
      return connection;
    }
    return isSame(address, connection.address) ? connection : open(cluster, address);
  };

  return {
    connect: async (cluster) => {
      const now = clock.now();
      const last = known.get(cluster);
      const isGood = last !== undefined && !(last.doubted && now - last.lookedUpAt >= LOOK_UP_AGAIN_MS);
      if (isGood) return (await last.connection).api;
      const connection = last === undefined ? first(cluster) : again(cluster, last.connection);
      const next: Known = { connection, lookedUpAt: now, doubted: false };
      known.set(cluster, next);
      try {
        return (await connection).api;
      } catch (error) {
        if (known.get(cluster) === next) known.delete(cluster);
        throw error;
      }
    },
  };
};
