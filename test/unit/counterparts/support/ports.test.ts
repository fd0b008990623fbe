import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, it } from '@jest/globals';
import { freePort, freePorts, isHealthy } from '../../../counterparts/support/ports.ts';

/** Where Linux, which has the lowest, begins with the ports of connections that leave. */
const FIRST_OF_CONNECTIONS = 32_768;

const servers: ReturnType<typeof createServer>[] = [];
const serve = async (port: number, healthy = false): Promise<void> => {
  const server = createServer(({ url }, response) => {
    response.writeHead(healthy && url === '/healthz' ? 200 : 404).end();
  });
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
};

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

it('free ports are different from each other, and none that a connection may be given meanwhile', async () => {
  const ports = [...(await freePorts(5)), ...(await freePorts(5))];
  expect(new Set(ports).size).toBe(10);
  expect(Math.max(...ports)).toBeLessThan(FIRST_OF_CONNECTIONS);
});

it('a free port is one that nobody listens on', async () => {
  const last = await freePort();
  const taken = last + 1;
  await serve(taken);
  expect(await freePorts(3)).not.toContain(taken);
});

it('that no port is free is said with where it was looked', async () => {
  await expect(freePorts(2_001)).rejects.toThrow(
    /2001 free ports of 127\.0\.0\.1 are needed, and \d+ to \d+ has/,
  );
});

it('healthy is what says so, and not whoever has the port', async () => {
  const [nobodys = 0, somebodys = 0, ours = 0] = await freePorts(3);
  await serve(somebodys);
  await serve(ours, true);
  const health = [nobodys, somebodys, ours].map((port) => isHealthy(`http://127.0.0.1:${port}/healthz`));
  expect(await Promise.all(health)).toEqual([false, false, true]);
  expect(await isHealthy(`https://127.0.0.1:${ours}/healthz`)).toBe(false);
});
