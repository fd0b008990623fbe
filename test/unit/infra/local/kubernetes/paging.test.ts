import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, TestCluster } from './cluster.ts';
import { addNode, addPod, pods, startCluster } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await cluster.close();
});

const names = ({ body }: Answer) => body.items?.map(({ metadata }) => metadata.name);
const fiveMinutes = 5 * 60_000;

describe('lists', () => {
  it('come in the order of their keys, without kinds, with a resourceVersion', async () => {
    for (const name of ['c', 'a', 'b']) addPod(cluster, name);
    addPod(cluster, 'z', { namespace: 'another' });
    const answer = await cluster.get('/api/v1/pods');
    expect(answer.body).toMatchObject({ kind: 'PodList', apiVersion: 'v1' });
    expect(names(answer)).toEqual(['z', 'a', 'b', 'c']);
    expect(answer.body.items?.[0]).not.toHaveProperty('kind');
    expect(Number(answer.body.metadata?.resourceVersion)).toBe(cluster.kubernetes.objects.revision);
  });

  it('of a namespace that does not exist are empty', async () => {
    expect(names(await cluster.get('/api/v1/namespaces/nowhere/pods'))).toEqual([]);
  });

  it.each([
    ['labelSelector=app=web', ['a', 'b']],
    ['labelSelector=app!=web', ['c', 'd']],
    ['labelSelector=app in (web,db)', ['a', 'b', 'c']],
    ['labelSelector=app notin (web)', ['c', 'd']],
    ['labelSelector=tier', ['b']],
    ['labelSelector=!tier,app=web', ['a']],
    ['labelSelector=app=web,tier=front', ['b']],
    ['fieldSelector=status.phase=Failed', ['c']],
    ['fieldSelector=status.phase!=Failed', ['a', 'b', 'd']],
    ['fieldSelector=spec.nodeName=n1', ['a', 'c']],
    ['fieldSelector=spec.nodeName=n1,status.phase=Failed', ['c']],
    ['fieldSelector=metadata.name=b', ['b']],
    ['fieldSelector=metadata.namespace=other', []],
    ['fieldSelector=spec.nodeName=n1&labelSelector=app=web', ['a']],
  ])('%s finds %j', async (query, found) => {
    addPod(cluster, 'a', { node: 'n1' });
    addPod(cluster, 'b', { node: 'n2', labels: { app: 'web', tier: 'front' } });
    addPod(cluster, 'c', { node: 'n1', labels: { app: 'db' }, phase: 'Failed' });
    addPod(cluster, 'd', { node: 'n2', labels: {} });
    expect(names(await cluster.get(`${pods}?${encodeURI(query)}`))).toEqual(found);
  });

  it('select events by what they are about', async () => {
    for (const about of ['a', 'b']) {
      cluster.kubernetes.objects.create('events', {
        metadata: { name: `event-${about}`, namespace: 'default' },
        involvedObject: { kind: 'Pod', name: about, namespace: 'default' },
      });
    }
    const path =
      '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Db,involvedObject.kind%3DPod';
    expect(names(await cluster.get(path))).toEqual(['event-b']);
  });

  it.each([
    ['pods?fieldSelector=spec.color%3Dred', 'field label not supported: spec.color'],
    [
      'configmaps?fieldSelector=spec.color%3Dred',
      '"spec.color" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['pods?fieldSelector=nonsense', "invalid selector: 'nonsense'; can't understand 'nonsense'"],
    ['pods?labelSelector=a%20in%20b', "unable to parse requirement: found 'b' expected: '('"],
    ['pods?limit=x', 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['pods?continue=zzz', expect.stringMatching(/^invalid continue token: continue key is not valid/)],
    ['pods?continue=zzz&resourceVersion=3', 'specifying resource version is not allowed when using continue'],
  ])('%s is refused with 400', async (query, message) => {
    const answer = await cluster.get(`/api/v1/namespaces/default/${query}`);
    expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest', message } });
  });

  it.each([
    ['resourceVersionMatch=Exact', 'FieldValueForbidden'],
    ['resourceVersion=0&resourceVersionMatch=Exact', 'FieldValueForbidden'],
    ['resourceVersion=1&resourceVersionMatch=Newest', 'FieldValueNotSupported'],
  ])('%s is refused with 422 and %s', async (query, reason) => {
    expect(await cluster.get(`${pods}?${query}`)).toMatchObject({
      status: 422,
      body: { details: { causes: [{ reason, field: 'resourceVersionMatch' }] } },
    });
  });

  it('of an exact resourceVersion show the past for five minutes', async () => {
    addPod(cluster, 'a');
    addPod(cluster, 'b');
    const { revision } = cluster.kubernetes.objects;
    const then = () => cluster.get(`${pods}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
    const before = (await then()).body.items;
    cluster.kubernetes.objects.remove('pods', 'default', 'b');
    addPod(cluster, 'c');
    expect((await then()).body.items).toEqual(before);
    expect(names(await cluster.get(`${pods}?resourceVersion=${revision}`))).toEqual(['a', 'c']);
    cluster.advance(fiveMinutes + 1);
    expect((await then()).status).toBe(410);
  });

  it('of a resourceVersion that has not come answer 504 and when to come back', async () => {
    const answer = await cluster.get(`${pods}?resourceVersion=999999`);
    expect(answer).toMatchObject({
      status: 504,
      body: {
        reason: 'Timeout',
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
      },
    });
    expect(answer.headers['retry-after']).toBe('1');
  });
});

describe('pages', () => {
  const page = (query: string) => cluster.get(`${pods}?limit=2${query}`);
  beforeEach(() => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) addPod(cluster, name);
  });

  it('continue until nothing is left, and say how much is', async () => {
    const first = await page('');
    expect([names(first), first.body.metadata?.remainingItemCount]).toEqual([['a', 'b'], 3]);
    const second = await page(`&continue=${first.body.metadata?.continue}`);
    expect([names(second), second.body.metadata?.remainingItemCount]).toEqual([['c', 'd'], 1]);
    const third = await page(`&continue=${second.body.metadata?.continue}`);
    expect(names(third)).toEqual(['e']);
    expect(third.body.metadata).not.toHaveProperty('continue');
  });

  it.each(['labelSelector=app%3Dweb', 'fieldSelector=status.phase%3DRunning'])(
    'with %s do not say how much is left',
    async (selector) => {
      const { metadata } = (await page(`&${selector}`)).body;
      expect(metadata?.continue).toBeDefined();
      expect(metadata).not.toHaveProperty('remainingItemCount');
    },
  );

  it('all show the state that the first one saw', async () => {
    const first = await page('');
    cluster.kubernetes.objects.remove('pods', 'default', 'c');
    addPod(cluster, 'cc');
    const second = await page(`&continue=${first.body.metadata?.continue}`);
    expect(names(second)).toEqual(['c', 'd']);
    expect(second.body.metadata?.resourceVersion).toBe(first.body.metadata?.resourceVersion);
  });

  it('expire after five minutes with 410 and a token that goes on with what is there now', async () => {
    const first = await page('');
    cluster.kubernetes.objects.remove('pods', 'default', 'c');
    cluster.advance(fiveMinutes + 1);
    const gone = await page(`&continue=${first.body.metadata?.continue}`);
    expect(gone).toMatchObject({ status: 410, body: { kind: 'Status', reason: 'Expired', code: 410 } });
    const rest = await page(`&continue=${gone.body.metadata?.continue}`);
    expect(names(rest)).toEqual(['d', 'e']);
  });

  it('expire at a compaction, those of earlier revisions and no others', async () => {
    const first = await page('');
    cluster.kubernetes.compact();
    expect(names(await page(`&continue=${first.body.metadata?.continue}`))).toEqual(['c', 'd']);
    addPod(cluster, 'f');
    cluster.kubernetes.compact();
    const gone = await page(`&continue=${first.body.metadata?.continue}`);
    expect(gone).toMatchObject({ status: 410, body: { reason: 'Expired' } });
    const second = await page(`&continue=${gone.body.metadata?.continue}`);
    expect(names(second)).toEqual(['c', 'd']);
    expect(names(await page(`&continue=${second.body.metadata?.continue}`))).toEqual(['e', 'f']);
  });

  it('know no other list by their token', async () => {
    addPod(cluster, 'b', { namespace: 'another' });
    const first = await page('');
    const other = await cluster.get(
      `/api/v1/namespaces/another/pods?continue=${first.body.metadata?.continue}`,
    );
    expect([other.status, names(other)]).toEqual([200, []]);
  });

  it.each([
    ['{}', 'server does not recognize this encoded version '],
    ['{"v":"other","rv":5,"start":"a"}', 'server does not recognize this encoded version other'],
    [
      '{"v":"meta.k8s.io/v1","start":"a"}',
      'incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
    ['{"v":"meta.k8s.io/v1","rv":5}', 'encoded start key empty (version meta.k8s.io/v1)'],
    ['what', "invalid character 'w' looking for beginning of value"],
    ['', 'unexpected end of JSON input'],
  ])('do not go on with the token %j', async (token, why) => {
    const answer = await page(`&continue=${Buffer.from(`${token} `).toString('base64url')}`);
    expect(answer.body.message).toBe(`invalid continue token: continue key is not valid: ${why}`);
  });

  it('go over all namespaces without losing or doubling anything', async () => {
    addPod(cluster, 'a', { namespace: 'default-2' });
    addPod(cluster, 'x', { namespace: 'zone' });
    const seen: string[] = [];
    let token = '';
    do {
      const { body } = await cluster.get(`/api/v1/pods?limit=2&continue=${token}`);
      seen.push(...(body.items ?? []).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
      token = body.metadata?.continue ?? '';
    } while (token !== '');
    expect(seen).toEqual([
      'default-2/a',
      ...['a', 'b', 'c', 'd', 'e'].map((name) => `default/${name}`),
      'zone/x',
    ]);
  });

  it('of a node hold its pods alone', async () => {
    addNode(cluster, 'n1');
    for (const name of ['p', 'q', 'r']) addPod(cluster, name, { node: 'n1' });
    const first = await page('&fieldSelector=spec.nodeName%3Dn1');
    const second = await page(`&fieldSelector=spec.nodeName%3Dn1&continue=${first.body.metadata?.continue}`);
    expect([names(first), names(second)]).toEqual([['p', 'q'], ['r']]);
  });
});
