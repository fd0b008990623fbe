import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** In front of an API server, as in front of every EKS cluster: it passes bytes on and knows nothing of TLS. */
export interface LoadBalancer {
  readonly endpoint: string;
  /** Connections that clients have opened so far. */
  readonly opened: number;
  /** Forgets those that are open, as after an idle time: nobody is told, and whoever sends into one is cut off. */
  forgetConnections(): void;
  close(): Promise<void>;
}

/** `endpoint`: `https://127.0.0.1:PORT`. */
export const startLoadBalancer = async (endpoint: string): Promise<LoadBalancer> => {
  const target = new URL(endpoint);
  const open = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  let opened = 0;
  const server = createServer((client) => {
    opened += 1;
    open.add(client);
    const upstream = connect(Number(target.port), target.hostname);
    const cut = () => {
      open.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.once('error', cut).once('close', cut);
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      if (!forgotten.has(client)) upstream.write(bytes);
      else client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get opened() {
      return opened;
    },
    forgetConnections: () => {
      for (const client of open) forgotten.add(client);
    },
    close: async () => {
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
