import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SeenRequest } from '../../../../../infra/local/kubernetes/server.ts';
import type { TestCluster } from './cluster.ts';
import { addPod, pods, startCluster } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
  addPod(cluster, 'a');
});
afterEach(async () => {
  await cluster.close();
});

const label = { metadata: { labels: { seen: 'yes' } } };
const isLabelled = () =>
  cluster.kubernetes.objects.get('pods', 'default', 'a')?.metadata.labels?.seen === 'yes';

describe('faults', () => {
  it('answers a status in place of the work, as often as it was asked to', async () => {
    cluster.kubernetes.failNext({ verb: 'patch', resource: 'pods' }, { status: 503 }, 2);
    expect(await cluster.patch(`${pods}/a`, label)).toMatchObject({ status: 503, body: { kind: 'Status' } });
    expect((await cluster.patch(`${pods}/a`, label)).status).toBe(503);
    expect(isLabelled()).toBe(false);
    expect((await cluster.patch(`${pods}/a`, label)).status).toBe(200);
  });

  it('answers API pressure with a header of one’s own and without the cause of a budget', async () => {
    cluster.kubernetes.failNext(
      { verb: 'create', resource: 'pods/eviction' },
      { status: 429, headers: { 'retry-after': '1' } },
    );
    const answer = await cluster.evict('a');
    expect([answer.status, answer.headers['retry-after'], answer.body.details?.causes]).toEqual([
      429,
      '1',
      undefined,
    ]);
  });

  it('hits only the requests that it names', async () => {
    cluster.kubernetes.failNext({ verb: 'get', resource: 'pods', name: 'b' }, { status: 500 });
    expect((await cluster.get(`${pods}/a`)).status).toBe(200);
    expect((await cluster.get(`${pods}/b`)).status).toBe(500);
  });

  it('answers a status later where it was asked to, without counting as work', async () => {
    await cluster.get(pods); // the connection is there: what follows waits for the answer alone
    cluster.kubernetes.failNext({ verb: 'get' }, { status: 503, afterMs: 60_000 });
    const waiting = cluster.get(`${pods}/a`);
    const first = await Promise.race([
      waiting,
      new Promise((resolve) => setTimeout(resolve, 50, 'nothing yet')),
    ]);
    expect(first).toBe('nothing yet');
    expect(cluster.kubernetes.activeRequests).toBe(0);
    cluster.advance(60_000);
    expect((await waiting).status).toBe(503);
  });

  it('hits only the bearer token that it names', async () => {
    cluster.kubernetes.failNext({ verb: 'get', token: 'user/old/system:masters' }, { status: 401 }, 5);
    const read = (token: string) => cluster.call('GET', `${pods}/a`, { token });
    expect((await read('user/new/system:masters')).status).toBe(200);
    expect((await read('user/old/system:masters')).status).toBe(401);
  });

  it('hits by a part of the path or the query', async () => {
    cluster.kubernetes.failNext({ contains: 'spec.nodeName=a' }, { status: 500 });
    expect((await cluster.get(`${pods}?fieldSelector=spec.nodeName%3Db`)).status).toBe(200);
    expect((await cluster.get(`${pods}?fieldSelector=spec.nodeName%3Da`)).status).toBe(500);
    cluster.kubernetes.failNext({ contains: '/namespaces/default/' }, { status: 500 });
    expect((await cluster.get('/api/v1/namespaces/other/pods')).status).toBe(200);
    expect((await cluster.get(pods)).status).toBe(500);
  });

  it('cuts the connection before the work is done', async () => {
    cluster.kubernetes.failNext({ verb: 'patch' }, 'reset');
    await expect(cluster.patch(`${pods}/a`, label)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(isLabelled()).toBe(false);
  });

  it('cuts the connection after the work is done', async () => {
    cluster.kubernetes.failNext({ verb: 'patch' }, 'reset-after-apply');
    await expect(cluster.patch(`${pods}/a`, label)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(isLabelled()).toBe(true);
  });

  it('hangs without counting as work', async () => {
    await cluster.get(pods); // the connection is there: what follows waits for the answer alone
    cluster.kubernetes.failNext({ verb: 'get' }, 'hang');
    const hanging = cluster.get(`${pods}/a`);
    const first = await Promise.race([
      hanging,
      new Promise((resolve) => setTimeout(resolve, 50, 'nothing yet')),
    ]);
    expect(first).toBe('nothing yet');
    expect(cluster.kubernetes.activeRequests).toBe(0);
    await cluster.kubernetes.close();
    await expect(hanging).rejects.toThrow(/socket hang up|ECONNRESET/);
  });
});

describe('requests that were seen', () => {
  it('are told with what came of them, whether or not anybody heard', async () => {
    const seen: string[] = [];
    const stop = cluster.kubernetes.onRequest(({ verb, resource, name, code }) =>
      seen.push(`${verb} ${resource} ${name} ${code}`),
    );
    await cluster.get(`${pods}/b`);
    cluster.kubernetes.failNext({ verb: 'patch' }, 'reset-after-apply');
    await expect(cluster.patch(`${pods}/a`, label)).rejects.toThrow();
    cluster.kubernetes.failNext({ verb: 'patch' }, 'reset');
    await expect(cluster.patch(`${pods}/a`, label)).rejects.toThrow();
    cluster.kubernetes.failNext({ verb: 'create', resource: 'pods/eviction' }, { status: 503 });
    await cluster.evict('a');
    await cluster.evict('a');
    stop();
    await cluster.get(pods);
    expect(seen).toEqual([
      'get pods b 404',
      'patch pods a 200',
      'patch pods a 0',
      'create pods/eviction a 503',
      'create pods/eviction a 201',
    ]);
  });

  it('are told with all that was sent, and with the connection that it came over', async () => {
    const seen: SeenRequest[] = [];
    cluster.kubernetes.onRequest((request) => seen.push(request));
    await cluster.get(`${pods}?limit=3`);
    await cluster.patch(`${pods}/a`, label);
    cluster.agent.destroy();
    await cluster.get(`${pods}/a`);
    expect(seen.map(({ token }) => token)).toEqual(['admin', 'admin', 'admin']);
    expect(seen.map(({ connection }) => connection)).toEqual([1, 1, 2]);
    expect(seen.map(({ query }) => query.get('limit'))).toEqual(['3', null, null]);
    expect(seen.map(({ body }) => body)).toEqual(['', JSON.stringify(label), '']);
  });
});
