import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestCluster } from './cluster.ts';
import { addPod, pods, startCluster } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await cluster.close();
});

describe('the embedded Kubernetes API server', () => {
  it('is trusted by its authority alone', async () => {
    const answer = once(httpsRequest(`${cluster.kubernetes.endpoint}/version`).end(), 'response');
    await expect(answer).rejects.toThrow(/self-signed certificate|unable to verify/);
    expect((await cluster.get('/version')).status).toBe(200);
  });

  it("tells the world's date, not the machine's", async () => {
    expect((await cluster.get('/version')).headers.date).toMatch(/^Mon, 02 Mar 2026 22:00:0\d GMT$/);
  });

  it('answers the version it was given, and the next one after an upgrade', async () => {
    expect(JSON.parse((await cluster.get('/version')).text)).toMatchObject({ major: '1', minor: '34' });
    cluster.kubernetes.version = '1.35';
    expect(JSON.parse((await cluster.get('/version')).text)).toMatchObject({ minor: '35' });
  });

  it('ends although somebody is still in the middle of a TLS handshake', async () => {
    const half = connect(Number(new URL(cluster.kubernetes.endpoint).port), '127.0.0.1');
    await once(half, 'connect');
    await cluster.get('/version'); // by then the server has accepted the one before as well
    const cut = once(half, 'close');
    half.on('error', () => half.destroy());
    await cluster.kubernetes.close();
    await cut;
    expect(half.destroyed).toBe(true);
  }, 5_000);

  it('keeps a connection for further requests', async () => {
    await cluster.get('/version');
    await cluster.get('/version');
    const open = Object.values(cluster.agent.freeSockets).flat();
    expect(open).toHaveLength(1);
  });

  it('lets nobody in but to the health endpoints without a token', async () => {
    const options = { token: null };
    expect((await cluster.call('GET', '/readyz', options)).text).toBe('ok');
    expect(await cluster.call('GET', pods, options)).toMatchObject({
      status: 401,
      body: { kind: 'Status', status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
    });
  });

  it('answers 401 to a token that authenticate refuses', async () => {
    expect((await cluster.call('GET', pods, { token: 'wrong' })).body).toMatchObject({
      reason: 'Unauthorized',
    });
  });

  it.each([
    ['/nope', 404, undefined],
    ['/apis/unknown.io/v1/things', 404, undefined],
    ['/apis/apps/v9/deployments', 404, 'NotFound'],
    ['/api/v1/namespaces/default/unknowns', 404, 'NotFound'],
    ['/api/v1/nodes/missing', 404, 'NotFound'],
  ])('answers %s with %i and reason %s', async (path, status, reason) => {
    const answer = await cluster.get(path);
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
  });

  it('says by name what it does not implement', async () => {
    const yaml = { body: 'kind: Pod', contentType: 'application/yaml' };
    expect(await cluster.call('POST', pods, yaml)).toMatchObject({
      status: 501,
      body: { reason: 'NotImplemented', message: expect.stringContaining('a body in application/yaml') },
    });
    const apply = { body: {}, contentType: 'application/apply-patch+yaml' };
    addPod(cluster, 'a');
    expect((await cluster.call('PATCH', `${pods}/a`, apply)).body.message).toContain('server-side apply');
  });

  it.each([
    [
      'a body in a form that nobody reads',
      { body: '{}', contentType: 'text/plain' },
      415,
      'UnsupportedMediaType',
    ],
    ['a client that wants no JSON', { headers: { accept: 'text/html' } }, 406, 'NotAcceptable'],
  ])('refuses %s', async (_what, options, status, reason) => {
    const answer = await cluster.call('body' in options ? 'POST' : 'GET', pods, options);
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
  });

  it('names its groups and resources to clients that look for them', async () => {
    expect((await cluster.get('/apis/policy/v1')).text).toContain('"kind":"PodDisruptionBudget"');
    expect((await cluster.get('/apis')).text).toContain('"name":"rbac.authorization.k8s.io"');
    expect(JSON.parse((await cluster.get('/api/v1')).text).resources).toContainEqual(
      expect.objectContaining({ name: 'pods/eviction', kind: 'Eviction', group: 'policy' }),
    );
  });

  it('tells kubectl that a patch takes field validation, so that apply works', async () => {
    const { paths } = JSON.parse((await cluster.get('/openapi/v3')).text);
    const url: string = paths['apis/apps/v1'].serverRelativeURL;
    expect((await cluster.get(url)).text).toContain('"fieldValidation"');
  });

  it('prints tables when asked for them', async () => {
    addPod(cluster, 'cart-0');
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const answer = await cluster.call('GET', pods, { headers: { accept } });
    const table = JSON.parse(answer.text);
    expect(table.kind).toBe('Table');
    expect(table.rows[0].cells.slice(0, 3)).toEqual(['cart-0', '0/1', 'Running']);
  });

  it('refuses bodies above three megabytes', async () => {
    const answer = await cluster.call('POST', pods, { body: 'x'.repeat(3 * 1024 * 1024 + 1) });
    expect([answer.status, answer.body.reason]).toEqual([413, 'RequestEntityTooLarge']);
  });

  it('ends every connection when it closes, open watches too', async () => {
    const request = httpsRequest(`${cluster.kubernetes.endpoint}${pods}?watch=1`, {
      agent: cluster.agent,
      headers: { authorization: 'Bearer admin' },
    }).end();
    const [response] = await once(request, 'response');
    const ended = once(response.resume(), 'end');
    await cluster.kubernetes.close();
    await expect(ended).rejects.toThrow('aborted');
  });
});
