import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Certificates } from '../../../../infra/local/kubernetes/certificates.ts';
import { issueCertificates } from '../../../../infra/local/kubernetes/certificates.ts';
import type { ClusterConfig } from '../../../../shared/core/config.ts';
import { ClusterUnreachableError } from '../../../../shared/core/errors.ts';
import type { KubernetesApi } from '../../../../shared/kubernetes/client.ts';
import type { ClusterAddress } from '../../../../shared/kubernetes/connect.ts';
import { createClusterConnector } from '../../../../shared/kubernetes/connect.ts';
import { NODES } from '../../../../shared/kubernetes/resources.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';

const servers: Server[] = [];
let first: Certificates;
let second: Certificates;

beforeAll(async () => {
  first = await issueCertificates('staging');
  second = await issueCertificates('staging');
});

afterEach(() => {
  for (const server of servers.splice(0)) end(server);
});

const end = (server: Server): void => {
  server.close();
  server.closeAllConnections();
};

/** A cluster whose every answer says which one it is. */
const startCluster = async (name: string, { authority, certificate, key }: Certificates) => {
  const server = createServer({ cert: certificate, key }, (_request, response) =>
    response.end(JSON.stringify({ kind: name })),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: ClusterAddress = {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificateAuthority: Buffer.from(authority).toString('base64'),
  };
  return { address, end: () => end(server) };
};

/** `answers` in turn, the last one again and again. */
const connectorOf = (answers: readonly (ClusterAddress | Error)[], cluster: Partial<ClusterConfig> = {}) => {
  const clock = createFakeClock();
  let asked = 0;
  const connector = createClusterConnector({
    clusters: [{ name: 'staging', ...cluster }],
    describe: async () => {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    tokens: { get: async () => 'token', forget: () => {} },
    clock,
  });
  return { connect: () => connector.connect('staging'), clock, asked: () => asked };
};

const nameAt = async (api: KubernetesApi) =>
  (await api.request<{ kind: string }>('get', NODES, { name: 'n', retry: 'none' })).kind;

describe('a connection to a cluster', () => {
  it('is one for all who ask, for as long as it answers', async () => {
    const cluster = await startCluster('old', first);
    const { connect, clock, asked } = connectorOf([cluster.address]);
    const [one, other] = await Promise.all([connect(), connect()]);
    expect(other).toBe(one);
    expect(await nameAt(one)).toBe('old');
    clock.advance(86_400_000);
    expect(await connect()).toBe(one);
    expect(asked()).toBe(1);
  });

  it('needs no look-up where the configuration has the address', async () => {
    const cluster = await startCluster('old', first);
    const { connect, asked } = connectorOf([new Error('nobody asks')], cluster.address);
    expect(await nameAt(await connect())).toBe('old');
    expect(asked()).toBe(0);
  });

  it('that cannot be looked up says so, and is looked up again by whoever comes next', async () => {
    const cluster = await startCluster('old', first);
    const { connect } = connectorOf([new Error('AccessDenied'), cluster.address]);
    const refused = connect();
    await expect(refused).rejects.toBeInstanceOf(ClusterUnreachableError);
    await expect(refused).rejects.toThrow("the function's eks:DescribeCluster right");
    expect(await nameAt(await connect())).toBe('old');
  });
});

describe('a cluster that is made anew under its name', () => {
  const MINUTE = 60_000;

  it('is found once the old one has not answered', async () => {
    const [old, anew] = [await startCluster('old', first), await startCluster('new', second)];
    const { connect, clock, asked } = connectorOf([old.address, anew.address]);
    const before = await connect();
    expect(await nameAt(before)).toBe('old');
    old.end();
    clock.advance(MINUTE);
    await expect(nameAt(await connect())).rejects.toThrow('got no answer');
    expect(await nameAt(await connect())).toBe('new');
    expect(asked()).toBe(2);
  });

  it('at the same address with another authority is found as well', async () => {
    const anew = await startCluster('new', second);
    const old = { ...anew.address, certificateAuthority: Buffer.from(first.authority).toString('base64') };
    const { connect, clock } = connectorOf([old, anew.address]);
    await expect(nameAt(await connect())).rejects.toThrow('got no answer');
    clock.advance(MINUTE);
    expect(await nameAt(await connect())).toBe('new');
  });

  it('is looked for once a minute, and by one of those who ask', async () => {
    const old = await startCluster('old', first);
    const { connect, clock, asked } = connectorOf([old.address]);
    const api = await connect();
    old.end();
    for (let second = 0; second < 59; second += 1) {
      await expect(nameAt(await connect())).rejects.toThrow('got no answer');
      clock.advance(1_000);
    }
    expect(asked()).toBe(1);
    clock.advance(1_000);
    expect(await Promise.all([connect(), connect()])).toEqual([api, api]);
    expect(asked()).toBe(2);
  });

  it('is not assumed where the address is what it was: whoever has the connection shares it', async () => {
    const old = await startCluster('old', first);
    const { connect, clock, asked } = connectorOf([old.address]);
    const api = await connect();
    old.end();
    await expect(nameAt(api)).rejects.toThrow('got no answer');
    clock.advance(MINUTE);
    expect(await connect()).toBe(api);
    expect(asked()).toBe(2);
    // Nothing has failed since: nobody looks again.
    clock.advance(MINUTE);
    expect(await connect()).toBe(api);
    expect(asked()).toBe(2);
  });

  it('is not assumed where EKS does not say so', async () => {
    const old = await startCluster('old', first);
    const { connect, clock } = connectorOf([old.address, new Error('ThrottlingException')]);
    const api = await connect();
    old.end();
    await expect(nameAt(api)).rejects.toThrow('got no answer');
    clock.advance(MINUTE);
    expect(await connect()).toBe(api);
  });
});
