import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Certificates } from '../../../../infra/local/kubernetes/certificates.ts';
import { issueCertificates } from '../../../../infra/local/kubernetes/certificates.ts';
import type { KubernetesApi } from '../../../../shared/kubernetes/client.ts';
import { createKubernetesApi } from '../../../../shared/kubernetes/client.ts';
import { KubernetesApiError, KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import { NODES, PODS } from '../../../../shared/kubernetes/resources.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let certificates: Certificates;
const servers: Server[] = [];

beforeAll(async () => {
  certificates = await issueCertificates('staging');
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
const cutOff: Answer = (request) => request.socket.destroy();
const status = (code: number, reason: string, details: object = {}) =>
  json(code, { kind: 'Status', reason, code, message: `${reason} it is`, details });

/** A server that gives the answers in turn and keeps what it was asked. */
const serve = async (...answers: Answer[]) => {
  const seen: { method: string; url: string; authorization: string; body: string; contentType: string }[] =
    [];
  const sockets = new Set<unknown>();
  const server = createServer(
    { cert: certificates.certificate, key: certificates.key },
    (request, response) => {
      sockets.add(request.socket);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { method = '', url = '', headers } = request;
        seen.push({
          method,
          url,
          authorization: headers.authorization ?? '',
          body,
          contentType: headers['content-type'] ?? '',
        });
        (answers[seen.length - 1] ?? json(200, {}))(request, response, body);
      });
    },
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = createFakeClock();
  let issued = 0;
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: KubernetesApi = createKubernetesApi({
    cluster: 'staging',
    endpoint,
    certificateAuthority: certificates.authority,
    clock,
    tokens: {
      get: async () => `token-${issued}`,
      forget: () => {
        issued += 1;
      },
    },
  });
  return { api, seen, sockets, clock, endpoint };
};

describe('the Kubernetes client', () => {
  it('asks for what it was told to, with a bearer token', async () => {
    const { api, seen } = await serve(json(200, { kind: 'Pod' }));
    expect(await api.request('get', PODS, { namespace: 'shop', name: 'cart-0' })).toEqual({ kind: 'Pod' });
    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: '/api/v1/namespaces/shop/pods/cart-0',
      authorization: 'Bearer token-0',
    });
  });

  it('sends patches as merge patches and bodies with their length', async () => {
    const { api, seen } = await serve(json(200, {}));
    await api.request('patch', NODES, { name: 'n', body: { spec: { unschedulable: true } } });
    expect(seen[0]).toMatchObject({
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: '{"spec":{"unschedulable":true}}',
    });
  });

  it('keeps one connection for requests that follow each other', async () => {
    const { api, sockets } = await serve();
    for (let count = 0; count < 5; count += 1) await api.request('get', NODES, { name: 'n' });
    expect(sockets.size).toBe(1);
  });

  it.each([
    [60_000, 10],
    [60_001, 11],
  ])(
    'after %i ms without a request, frozen or not, has opened %i connections for ten at once and one more',
    async (idleMs, connections) => {
      const { api, sockets, clock } = await serve();
      await Promise.all(Array.from({ length: 10 }, () => api.request('get', NODES, { name: 'n' })));
      clock.advance(idleMs);
      await api.request('get', NODES, { name: 'n' });
      expect(sockets.size).toBe(connections);
    },
  );

  it('does not drop a connection that is in use, however long', async () => {
    let answerFirst = () => {};
    const { api, sockets, clock } = await serve((_request, response) => {
      answerFirst = () => response.end('{"kind":"Slow"}');
    });
    const slow = api.request('get', NODES, { name: 'slow', timeoutMs: 60_000 });
    while (sockets.size === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100_000);
    await api.request('get', NODES, { name: 'n' });
    answerFirst();
    expect(await slow).toEqual({ kind: 'Slow' });
  });

  it('refuses a server whose certificate is not of the cluster', async () => {
    const { endpoint } = await serve();
    const api = createKubernetesApi({
      cluster: 'staging',
      endpoint,
      certificateAuthority: (await issueCertificates('other')).authority,
      clock: createFakeClock(),
      tokens: { get: async () => 'secret-token', forget: () => {} },
    });
    const error = await api.request('get', NODES, { name: 'n' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KubernetesConnectionError);
    expect(JSON.stringify(error) + String(error)).not.toContain('secret-token');
  });

  it('renews a refused token once and gives up when the new one is refused too', async () => {
    const { api, seen } = await serve(status(401, 'Unauthorized'), json(200, { kind: 'Node' }));
    expect(await api.request('get', NODES, { name: 'n' })).toEqual({ kind: 'Node' });
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer token-0', 'Bearer token-1']);

    const refused = await serve(status(401, 'Unauthorized'), status(401, 'Unauthorized'));
    await expect(refused.api.request('get', NODES, { name: 'n' })).rejects.toMatchObject({ status: 401 });
    expect(refused.seen).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ['a lost connection', cutOff],
    ['a 500', status(500, 'InternalError')],
    [
      'a 503 of a proxy without a Status',
      (_request, response) => response.writeHead(503).end('<html>busy</html>'),
    ],
    ['a 429 of API priority and fairness', status(429, 'TooManyRequests')],
    ['a page that is no JSON', (_request, response) => response.writeHead(200).end('<html>welcome</html>')],
    ['an answer that is cut short', (_request, response) => response.writeHead(200).end('{"kind":"No')],
    ['JSON that is no object', (_request, response) => response.writeHead(200).end('null')],
    ['a 500 with JSON that is no object', (_request, response) => response.writeHead(500).end('null')],
  ])('reads again after %s', async (_name, answer) => {
    const { api, seen } = await serve(answer, json(200, { kind: 'Node' }));
    expect(await api.request('get', NODES, { name: 'n' })).toEqual({ kind: 'Node' });
    expect(seen).toHaveLength(2);
  });

  it('says what is wrong where no API server answers at all', async () => {
    const page: Answer = (_request, response) => response.writeHead(200).end('<html>welcome</html>');
    const { api } = await serve(page, page, page, page);
    const asked = api.request('get', NODES, { name: 'n' });
    await expect(asked).rejects.toBeInstanceOf(KubernetesConnectionError);
    await expect(asked).rejects.toThrow('GET /api/v1/nodes/n on cluster staging: 200 with something');
  });

  it('follows nobody who sends it elsewhere', async () => {
    const { api, seen } = await serve((_request, response) =>
      response.writeHead(302, { location: 'https://login.example.com/' }).end(),
    );
    await expect(api.request('get', NODES, { name: 'n' })).rejects.toMatchObject({ status: 302 });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['60', [60_000], 2],
    ['61', [], 1],
    ['86400', [], 1],
    ['-5', [200], 2],
    ['soon', [200], 2],
  ])(
    'asked to come again after %s seconds, waits for what an API server may ask and for no more',
    async (seconds, slept, attempts) => {
      const busy = json(429, { kind: 'Status', reason: 'TooManyRequests' }, { 'retry-after': seconds });
      const { api, seen, clock } = await serve(busy, json(200, {}));
      const asked = api.request('get', NODES, { name: 'n' });
      if (attempts === 1) await expect(asked).rejects.toMatchObject({ status: 429 });
      else await asked;
      expect(clock.slept).toEqual(slept);
      expect(seen).toHaveLength(attempts);
    },
  );

  it('waits as long as the server asks', async () => {
    const { api, clock } = await serve(
      json(429, { kind: 'Status', reason: 'TooManyRequests' }, { 'retry-after': '7' }),
      json(200, {}),
    );
    await api.request('get', NODES, { name: 'n' });
    expect(clock.slept).toEqual([7_000]);
  });

  it('sends a request after the pause that it was told to make, and what it repeats after its own', async () => {
    const { api, clock } = await serve(status(500, 'InternalError'), json(200, {}));
    await api.request('get', NODES, { name: 'n', afterMs: 400 });
    expect(clock.slept).toEqual([400, 200]);
  });

  it.each<[string, Answer]>([
    ['a lost connection, for it may have been applied', cutOff],
    ['a 500', status(500, 'InternalError')],
    ['a page that is no JSON', (_request, response) => response.writeHead(200).end('<html>welcome</html>')],
    ['a disruption budget', status(429, 'TooManyRequests', { causes: [{ reason: 'DisruptionBudget' }] })],
  ])('does not write again after %s', async (_name, answer) => {
    const { api, seen } = await serve(answer, json(201, {}));
    await expect(api.request('create', PODS, { namespace: 'a', body: {} })).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  it('gives up reading after four attempts', async () => {
    const { api, seen } = await serve(cutOff, cutOff, cutOff, cutOff, json(200, {}));
    await expect(api.request('get', NODES, { name: 'n' })).rejects.toBeInstanceOf(KubernetesConnectionError);
    expect(seen).toHaveLength(4);
  });

  it.each([
    [6_999, 1],
    [7_000, 2],
  ])(
    'begins no further attempt that would be after %i ms of patience, when it is to wait for 7 s',
    async (ms, attempts) => {
      const busy = json(429, { kind: 'Status', reason: 'TooManyRequests' }, { 'retry-after': '7' });
      const { api, seen, clock } = await serve(busy, json(200, {}));
      const asked = api.request('list', PODS, { retryUntil: clock.now() + ms });
      if (attempts === 1) await expect(asked).rejects.toMatchObject({ status: 429 });
      else await asked;
      expect(seen).toHaveLength(attempts);
    },
  );

  it('gives up waiting for an answer after its time-out', async () => {
    const { api } = await serve(() => {});
    const call = api.request('get', NODES, { name: 'n', timeoutMs: 50, retry: 'none' });
    await expect(call).rejects.toMatchObject({ cause: { message: 'no answer within 50 ms' } });
  });

  it('gives up on an answer that only drips in', async () => {
    const { api } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 10);
      response.once('close', () => clearInterval(drip));
    });
    const call = api.request('get', NODES, { name: 'n', timeoutMs: 100, retry: 'none' });
    await expect(call).rejects.toMatchObject({ cause: { message: 'no answer within 100 ms' } });
  });

  it('reports what the server said: status, reason, causes', async () => {
    const causes = [{ reason: 'DisruptionBudget', message: 'needs 2 healthy pods and has 2 currently' }];
    const { api } = await serve(status(429, 'TooManyRequests', { causes }));
    const error = await api
      .request('create', PODS, { namespace: 'a', name: 'p', subresource: 'eviction', body: {} })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KubernetesApiError);
    expect(error).toMatchObject({ status: 429, reason: 'TooManyRequests', causes });
    expect(String(error)).toContain('POST /api/v1/namespaces/a/pods/p/eviction on cluster staging');
  });
});

describe('a paged list', () => {
  const page = (names: readonly string[], continueToken?: string) =>
    json(200, {
      items: names.map((name) => ({ metadata: { name } })),
      metadata: { continue: continueToken },
    });
  const read = async (api: KubernetesApi) => {
    const names: (string | undefined)[] = [];
    for await (const items of api.listPages<{ metadata: { name: string } }>(PODS, {
      fieldSelector: 'status.phase=Failed',
      limit: 2,
    })) {
      names.push(...items.map(({ metadata }) => metadata.name));
    }
    return names;
  };

  it('follows continue tokens to the end', async () => {
    const { api, seen } = await serve(page(['a', 'b'], 'next'), page(['c']));
    expect(await read(api)).toEqual(['a', 'b', 'c']);
    expect(seen.map(({ url }) => url)).toEqual([
      '/api/v1/pods?limit=2&fieldSelector=status.phase%3DFailed',
      '/api/v1/pods?limit=2&fieldSelector=status.phase%3DFailed&continue=next',
    ]);
  });

  it('goes on with the fresh token of a 410 Gone', async () => {
    const gone = json(410, { kind: 'Status', reason: 'Expired', metadata: { continue: 'fresh' } });
    const { api, seen } = await serve(page(['a', 'b'], 'old'), gone, page(['c']));
    expect(await read(api)).toEqual(['a', 'b', 'c']);
    expect(seen[2]?.url).toContain('continue=fresh');
  });

  it('is called off by a signal, the page that is under way included', async () => {
    const leaving = new AbortController();
    const { api, seen } = await serve(page(['a', 'b'], 'next'), () => leaving.abort());
    const pages = api.listPages(PODS, { signal: leaving.signal })[Symbol.asyncIterator]();
    expect((await pages.next()).value).toHaveLength(2);
    await expect(pages.next()).rejects.toThrow();
    expect(seen).toHaveLength(2);
  });

  it('is as patient on every page as it was told to be', async () => {
    const { api, seen, clock } = await serve(page(['a'], 'next'), cutOff, page(['b']));
    const pages = api.listPages(PODS, { retryUntil: clock.now() })[Symbol.asyncIterator]();
    await pages.next();
    await expect(pages.next()).rejects.toBeInstanceOf(KubernetesConnectionError);
    expect(seen).toHaveLength(2);
  });

  it('begins again after a 410 Gone without a token', async () => {
    const { api } = await serve(page(['a', 'b'], 'old'), status(410, 'Expired'), page(['a', 'b']));
    expect(await read(api)).toEqual(['a', 'b', 'a', 'b']);
  });

  it.each<[string, Answer, number]>([
    ['begins again', status(410, 'Expired'), 1],
    ['goes on', json(410, { kind: 'Status', reason: 'Expired', metadata: { continue: 'fresh' } }), 0],
  ])('tells of it where it %s', async (_how, gone, times) => {
    const { api } = await serve(page(['a', 'b'], 'old'), gone, page(['c']));
    let restarts = 0;
    const onRestart = () => {
      restarts += 1;
    };
    const pages = api.listPages(PODS, { onRestart })[Symbol.asyncIterator]();
    await pages.next();
    await pages.next();
    expect(restarts).toBe(times);
  });

  it.each<[string, Answer]>([
    ['going on', json(410, { kind: 'Status', reason: 'Expired', metadata: { continue: 'fresh' } })],
    ['beginning again', status(410, 'Expired')],
  ])('ends where its tokens expire again and again, %s', async (how, gone) => {
    const answers =
      how === 'going on'
        ? [page(['a'], 'old'), ...Array(20).fill(gone)]
        : Array.from({ length: 20 }, () => [page(['a'], 'old'), gone]).flat();
    const { api, seen } = await serve(...answers);
    await expect(read(api)).rejects.toMatchObject({ status: 410 });
    expect(seen).toHaveLength(how === 'going on' ? 10 : 18);
  });
});
