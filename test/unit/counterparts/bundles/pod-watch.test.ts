import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCertificates } from '../../../../infra/local/kubernetes/certificates.ts';
import type { WatchEvent } from '../../../counterparts/bundles/support/pod-watch.ts';
import { fewestHealthy, watchPods } from '../../../counterparts/bundles/support/pod-watch.ts';

const pod = (name: string, state: { ready?: boolean; leaving?: boolean; app?: string } = {}) => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    labels: { app: state.app ?? 'web' },
    ...(state.leaving ? { deletionTimestamp: '2026-11-21T12:00:00Z' } : {}),
  },
  spec: {},
  status: { conditions: [{ type: 'Ready', status: state.ready === false ? 'False' : 'True' }] },
});
const added = (name: string, state = {}): WatchEvent => ({ type: 'ADDED', object: pod(name, state) });
const changed = (name: string, state = {}): WatchEvent => ({ type: 'MODIFIED', object: pod(name, state) });
const gone = (name: string): WatchEvent => ({ type: 'DELETED', object: pod(name) });

const both = [added('a'), added('b')];

describe('the fewest healthy pods at any moment', () => {
  it.each<[string, readonly WatchEvent[], number]>([
    ['nothing happens', both, 2],
    ['one is asked to go', [...both, changed('a', { leaving: true })], 1],
    ['one goes and another comes', [...both, gone('a'), added('c')], 1],
    ['another comes before one goes', [...both, added('c'), gone('a')], 2],
    ['one is no longer Ready for a moment', [...both, changed('a', { ready: false }), changed('a')], 1],
    ['both go', [...both, changed('a', { leaving: true }), changed('b', { leaving: true }), added('c')], 0],
    ['one of another app goes', [...both, added('x', { app: 'db' }), gone('x')], 2],
    ['they are only starting', [added('a', { ready: false }), added('b'), changed('a')], 2],
  ])('%s', (_what, events, fewest) => {
    expect(fewestHealthy(events, 'web', 2)).toBe(fewest);
  });

  it.each<[string, readonly WatchEvent[]]>([
    ['nothing was seen', []],
    ['there never were so many', [added('a'), gone('a'), added('b')]],
    ['they were of another app', [added('a', { app: 'db' }), added('b', { app: 'db' })]],
  ])('is not told where %s', (_what, events) => {
    expect(() => fewestHealthy(events, 'web', 2)).toThrow('there never were 2 healthy pods of web');
  });
});

describe('a watch of pods', () => {
  let answer: (response: ServerResponse) => void;
  let asked: { url?: string | undefined; authorization?: string | undefined };
  let close: () => Promise<void>;
  let api: { url: string; caPem: string; adminToken: string };
  beforeAll(async () => {
    const { authority, certificate, key } = await issueCertificates('pod-watch');
    const server = createServer({ key, cert: certificate }, ({ url, headers }, response) => {
      asked = { url, authorization: headers.authorization };
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    api = { url: `https://127.0.0.1:${port}`, caPem: authority, adminToken: 'admin' };
    close = () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
  });
  afterAll(() => close());

  const lines = (events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const LOOKS_FOR_MS = 2_000;
  /** What it comes to: the answer arrives a little later than it is sent. */
  const eventually = async <T>(look: () => T, isIt: (found: T) => boolean): Promise<T> => {
    for (const end = performance.now() + LOOKS_FOR_MS; ; await sleep(5)) {
      const found = look();
      if (isIt(found) || performance.now() > end) return found;
    }
  };
  const outcome = (watch: { fewestHealthy(app: string, atFirst: number): number }) => () => {
    try {
      return watch.fewestHealthy('web', 2);
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('tells the fewest for as long as it lasts, of events however they are cut', async () => {
    const text = Buffer.from(lines([...both, changed('ä', { app: 'ä' }), changed('a', { leaving: true })]));
    const within = text.indexOf(Buffer.from('ä')) + 1;
    answer = (response) => {
      response.writeHead(200);
      response.write(text.subarray(0, within));
      setTimeout(() => response.write(text.subarray(within)), 20);
    };
    const watch = await watchPods(api, 'shop');
    expect(await eventually(outcome(watch), (found) => found === 1)).toBe(1);
    watch.stop();
    await sleep(20);
    expect(outcome(watch)()).toBe(1);
    expect(asked).toEqual({ url: '/api/v1/namespaces/shop/pods?watch=true', authorization: 'Bearer admin' });
  });

  it('does not begin where the API server refuses it', async () => {
    answer = (response) => response.writeHead(403).end('{}');
    await expect(watchPods(api, 'shop')).rejects.toThrow(
      'watch /api/v1/namespaces/shop/pods?watch=true: 403',
    );
  });

  it('does not begin where there is no API server', async () => {
    await expect(watchPods({ ...api, url: 'https://127.0.0.1:1' }, 'shop')).rejects.toThrow('ECONNREFUSED');
  });

  const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } };
  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['ends', (response) => response.end(), /ended/],
    ['is cut off', (response) => response.destroy(), /aborted|ECONNRESET|socket|ended/],
    ['tells of an error', (response) => response.write(lines([expired])), /Expired/],
  ])('that %s tells no number, whatever it had seen', async (_what, then, why) => {
    answer = (response) => {
      response.writeHead(200);
      response.write(lines(both), () => setTimeout(() => then(response), 20));
    };
    const watch = await watchPods(api, 'shop');
    const said = await eventually(outcome(watch), (found) => /over early/.test(String(found)));
    expect(String(said)).toMatch(why);
    watch.stop();
  });
});
