import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultProxy, ProxiedRequest } from '../../../counterparts/bundles/support/fault-proxy.ts';
import {
  busy,
  startFaultProxy,
  tooSoon,
  unauthorized,
} from '../../../counterparts/bundles/support/fault-proxy.ts';
import type { ApiRequest } from '../../../counterparts/support/api-request.ts';
import { createApiRequest } from '../../../counterparts/support/api-request.ts';
import type { TestCluster } from '../../infra/local/kubernetes/cluster.ts';
import { addPod, pods, startCluster } from '../../infra/local/kubernetes/cluster.ts';

let cluster: TestCluster;
let proxy: FaultProxy;
let request: ApiRequest;
let closeClient: () => void;

beforeEach(async () => {
  cluster = await startCluster();
  addPod(cluster, 'a');
  const { endpoint, certificateAuthority } = cluster.kubernetes;
  const caPem = Buffer.from(certificateAuthority, 'base64').toString();
  proxy = await startFaultProxy({ url: endpoint, caPem });
  const client = createApiRequest({ url: proxy.url, caPem: proxy.caPem, adminToken: 'admin' });
  request = client.request;
  closeClient = client.close;
});
afterEach(async () => {
  closeClient();
  await proxy.close();
  await cluster.close();
});

const podA = () => cluster.kubernetes.objects.get('pods', 'default', 'a');
const label = () =>
  request('PATCH', `${pods}/a`, {
    body: { metadata: { labels: { seen: 'yes' } } },
    contentType: 'application/merge-patch+json',
  });
const isLabelled = () => podA()?.metadata.labels?.seen === 'yes';

describe('what nobody spoils', () => {
  it('comes through as it is: who asks, what for, with what body', async () => {
    expect(await request('GET', `${pods}/a`, { token: 'user/somebody' })).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('"somebody"') },
    });
    expect(await label()).toMatchObject({ status: 200, body: { metadata: { name: 'a' } } });
    const preconditions = { uid: 'another' };
    expect((await request('DELETE', `${pods}/a`, { body: { preconditions } })).status).toBe(409);
    const uid = podA()?.metadata.uid;
    expect((await request('DELETE', `${pods}/a`, { body: { preconditions: { uid } } })).status).toBe(200);
    expect(proxy.requests.map(({ verb, resource, name }) => [verb, resource, name])).toEqual([
      ['get', 'pods', 'a'],
      ['patch', 'pods', 'a'],
      ['delete', 'pods', 'a'],
      ['delete', 'pods', 'a'],
    ]);
  });

  it('may be a watch: each line comes when it is written', async () => {
    const options = { ca: proxy.caPem, headers: { authorization: 'Bearer admin' } };
    const watching = get(`${proxy.url}${pods}?watch=true`, options);
    const { promise: answer, resolve } = Promise.withResolvers<IncomingMessage>();
    watching.once('response', resolve);
    const lines: string[] = [];
    for await (const chunk of await answer) {
      lines.push(...String(chunk).trim().split('\n'));
      if (lines.length === 1) expect((await label()).status).toBe(200);
      if (lines.length === 2) break;
    }
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['ADDED', 'MODIFIED']);
  });
});

describe('a fault', () => {
  it('of overload is text with a header, as API priority and fairness says it', async () => {
    proxy.failNext({ verb: 'patch' }, busy(3), 2);
    for (let count = 0; count < 2; count += 1)
      expect(await label()).toMatchObject({
        status: 429,
        headers: { 'retry-after': '3' },
        body: 'Too many requests, please try again later.\n',
      });
    expect(isLabelled()).toBe(false);
    expect((await label()).status).toBe(200);
  });

  it.each([
    [{ status: 500 }, { status: 500, body: { kind: 'Status', reason: 'InternalError' } }],
    [{ status: 503 }, { status: 503, body: { kind: 'Status', reason: 'ServiceUnavailable' } }],
    [unauthorized, { status: 401, body: { kind: 'Status', message: 'Unauthorized', code: 401 } }],
  ])('%j is answered in place of the server', async (fault, answer) => {
    proxy.failNext({ verb: 'patch' }, fault);
    expect(await label()).toMatchObject(answer);
    expect(isLabelled()).toBe(false);
  });

  it.each([
    ['reset', false],
    ['reset-after-apply', true],
  ] as const)('%s cuts the connection; applied: %s', async (fault, applied) => {
    proxy.failNext({ verb: 'patch' }, fault);
    await expect(label()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(isLabelled()).toBe(applied);
  });

  it('hang is never answered, and holds up nobody else', async () => {
    proxy.failNext({ verb: 'patch' }, 'hang');
    const hanging = label();
    expect((await request('GET', `${pods}/a`)).status).toBe(200);
    expect(isLabelled()).toBe(false);
    await proxy.close();
    await expect(hanging).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it('of slowness has the work done and its answer later', async () => {
    proxy.failNext({ verb: 'patch' }, { slowMs: 300 });
    const begin = performance.now();
    const slow = label();
    await sleep(150);
    expect(isLabelled()).toBe(true);
    expect((await slow).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThan(290);
  });

  it('of being held has the work done when it is let go', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.failNext({ verb: 'patch' }, { heldUntil: promise });
    const held = label();
    await sleep(100);
    expect(isLabelled()).toBe(false);
    resolve();
    expect((await held).status).toBe(200);
    expect(isLabelled()).toBe(true);
  });
});

describe('what came too soon', () => {
  const at = (atMs: number, fault?: ProxiedRequest['fault']): ProxiedRequest => ({
    verb: 'create',
    resource: 'pods/eviction',
    namespace: 'shop',
    name: String(atMs),
    url: '',
    atMs,
    ...(fault === undefined ? {} : { fault }),
  });
  const soon = (...requests: ProxiedRequest[]) => tooSoon(requests, 3).map(({ atMs }) => atMs);

  it('is neither what was on its way nor what waited', () => {
    expect(soon(at(0, busy(3)), at(20), at(3_010, busy(3)), at(3_015), at(6_020))).toEqual([]);
  });

  it('is what came before the time was over, after whichever refusal', () => {
    expect(soon(at(0, busy(3)), at(1_000), at(3_010, busy(3)), at(5_000), at(6_020))).toEqual([1_000, 5_000]);
  });

  it('is nothing where nothing was refused for pressure', () => {
    expect(soon(at(0, { status: 500 }), at(500, 'reset'), at(900))).toEqual([]);
  });
});
