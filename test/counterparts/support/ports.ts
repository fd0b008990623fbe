import { randomInt } from 'node:crypto';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { Server } from 'node:net';
import { createServer } from 'node:net';

/**
 * Below what systems give to connections that leave (32768 on Linux, 49152 on macOS): a port of that range that is free
 * now may be one end of such a connection when a counterpart comes to listen on it, seconds later.
 */
const FIRST_PORT = 20_000;
/** Each Jest worker has ports of its own, so that no two take the same one at the same time. */
const PORTS_OF_A_WORKER = 2_000;
const WORKERS = 5;

const firstPort = FIRST_PORT + (Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS) * PORTS_OF_A_WORKER;
let last = randomInt(PORTS_OF_A_WORKER);

const nextPort = (): number => {
  last = (last + 1) % PORTS_OF_A_WORKER;
  return firstPort + last;
};

/** Undefined where it is taken. */
const listenAt = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

/** Ports of 127.0.0.1 that nobody listens on, and that no connection will be given. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = new Map<number, Server>();
  for (let tries = 0; servers.size < count && tries < PORTS_OF_A_WORKER; tries += 1) {
    const port = nextPort();
    const server = await listenAt(port);
    if (server !== undefined) servers.set(port, server);
  }
  await Promise.all([...servers.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  if (servers.size < count) {
    const range = `${firstPort} to ${firstPort + PORTS_OF_A_WORKER - 1}`;
    throw new Error(
      `${count} free ports of 127.0.0.1 are needed, and ${range} has ${servers.size}; end what is left over there`,
    );
  }
  return [...servers.keys()];
};

export const freePort = async (): Promise<number> => {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no port');
  return port;
};

const HEALTH_TIMEOUT_MS = 2_000;

/** Whether the address answers 200; whoever else has taken the port does not. Its certificate may be one of its own. */
export const isHealthy = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const get = url.startsWith('https:') ? httpsGet : httpGet;
    const options = { timeout: HEALTH_TIMEOUT_MS, rejectUnauthorized: false, agent: false };
    const asked = get(url, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', () => resolve(false));
  });
