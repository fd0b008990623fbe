import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { issueCertificates } from '../../../../infra/local/kubernetes/certificates.ts';
import { createClient } from '../../../counterparts/kubernetes/client.ts';
import type { WatchEvent } from '../../../counterparts/kubernetes/port.ts';

const event = (type: string, metadata: object): WatchEvent => ({ type, object: { metadata } });

/** What a watch reads from a server that sends these events and keeps the answer open. */
const watched = async (sent: readonly WatchEvent[], enough: number): Promise<readonly WatchEvent[]> => {
  const { authority, certificate, key } = await issueCertificates('a-cluster');
  const server = createServer({ cert: certificate, key }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const one of sent) response.write(`${JSON.stringify(one)}\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createClient({ url: `https://127.0.0.1:${port}`, caPem: authority, token: 'a-token' });
  try {
    const answer = await client.watch('/pods?watch=true', { enough });
    return 'events' in answer ? answer.events : [];
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
};

const added = (name: string): WatchEvent => event('ADDED', { name });
const endOfList = event('BOOKMARK', { annotations: { 'k8s.io/initial-events-end': 'true' } });
const progress = event('BOOKMARK', { resourceVersion: '7' });

it('passes over bookmarks that a server may send or not, and reads on until enough has come', async () => {
  const sent = [added('a'), progress, endOfList, progress, added('b')];
  expect(await watched(sent, 3)).toEqual([added('a'), endOfList, added('b')]);
});
