import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
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

interface Seen {
  readonly lines: () => string[];
  readonly ended: () => Promise<unknown>;
}

/** `ADDED a`, `DELETED b`, as they come in. */
const watch = async (query: string): Promise<Seen> => {
  const request = httpsRequest(`${cluster.kubernetes.endpoint}${pods}?watch=true${query}`, {
    agent: cluster.agent,
    headers: { authorization: 'Bearer admin' },
  }).end();
  const [response] = await once(request, 'response');
  let text = '';
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  response.on('error', () => response.destroy());
  const describeLine = (line: string) => {
    const { type, object } = JSON.parse(line);
    return `${type} ${object.metadata.name ?? object.reason ?? 'end of list'}`;
  };
  return {
    lines: () => text.split('\n').filter(Boolean).map(describeLine),
    ended: () => (response.readableEnded ? Promise.resolve([]) : once(response, 'end')),
  };
};

/** Everything that was sent so far has arrived when a later answer has. */
const settle = async () => {
  await cluster.get('/version');
  await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('a watch', () => {
  it('begins with what is there and goes on with what changes', async () => {
    addPod(cluster, 'a');
    const seen = await watch('');
    addPod(cluster, 'b');
    await cluster.patch(`${pods}/b`, { metadata: { labels: { x: 'y' } } });
    cluster.kubernetes.objects.remove('pods', 'default', 'a');
    await settle();
    expect(seen.lines()).toEqual(['ADDED a', 'ADDED b', 'MODIFIED b', 'DELETED a']);
  });

  it('from a resourceVersion tells only what came after it', async () => {
    const { resourceVersion } = addPod(cluster, 'a').metadata;
    addPod(cluster, 'b');
    const seen = await watch(`&resourceVersion=${resourceVersion}`);
    await settle();
    expect(seen.lines()).toEqual(['ADDED b']);
  });

  it('tells an object that leaves or enters its selection as deleted or added', async () => {
    addPod(cluster, 'a');
    const seen = await watch('&fieldSelector=status.phase%3DRunning');
    await cluster.patch(`${pods}/a/status`, { status: { phase: 'Failed' } });
    await cluster.patch(`${pods}/a/status`, { status: { phase: 'Running' } });
    await settle();
    expect(seen.lines()).toEqual(['ADDED a', 'DELETED a', 'ADDED a']);
  });

  it('sees a pod marked before it is gone, however short its grace', async () => {
    addPod(cluster, 'a');
    const seen = await watch(`&resourceVersion=${cluster.kubernetes.objects.revision}`);
    await cluster.call('DELETE', `${pods}/a`, { body: { gracePeriodSeconds: 0 } });
    await settle();
    expect(seen.lines()).toEqual(['MODIFIED a', 'DELETED a']);
  });

  it('from a resourceVersion that is none is refused', async () => {
    expect((await cluster.get(`${pods}?watch=true&resourceVersion=new`)).status).toBe(500);
  });

  it('marks the end of the list where it is asked to', async () => {
    addPod(cluster, 'a');
    const seen = await watch('&sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
    await settle();
    expect(seen.lines()).toEqual(['ADDED a', 'BOOKMARK end of list']);
  });

  it('ends after its time, by the clock of the world, and does not count as work', async () => {
    const seen = await watch('&timeoutSeconds=60');
    expect(cluster.kubernetes.activeRequests).toBe(0);
    cluster.advance(60_000);
    await expect(seen.ended()).resolves.toEqual([]);
  });

  it('from a revision that is no longer kept ends with 410', async () => {
    for (let index = 0; index < 20_001; index++) {
      cluster.kubernetes.objects.create('configmaps', { metadata: { name: `c-${index}` } });
    }
    const seen = await watch('&resourceVersion=5');
    await seen.ended();
    expect(seen.lines()).toEqual(['ERROR Expired']);
  });
});
