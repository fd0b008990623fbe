import { describe, expect, it } from '@jest/globals';
import { acceptedUids, putPod, watchRequests } from './support/drain-pods.ts';
import { useScenes } from './support/scene.ts';
import { nodeGroup } from './support/specs.ts';
import { instancesOf, sceneWith, warning } from './support/spot-drain.ts';

useScenes();

/** Sockets of the pool that all drains of a batch share (shared/kubernetes/exchange.ts). */
const POOL = 64;

describe('a worker with several nodes', () => {
  it('has one bearer token and one pool of connections for all of them', async () => {
    const scene = await sceneWith({ nodeGroups: [nodeGroup({ desired: 3, max: 4 })], workloads: [] });
    const nodes = instancesOf(scene);
    const uids = nodes.flatMap((instance, node) =>
      Array.from(
        { length: 50 },
        (_, index) => putPod(scene, instance, { name: `pod-${node}-${index}`, stopSeconds: 3 }).metadata.uid,
      ),
    );
    const requests = watchRequests(scene);
    for (const { id } of nodes) scene.account.putEvent(warning(scene, id));
    await scene.account.settle();
    expect(scene.invocationsOf('spot-drain-worker')).toHaveLength(1);
    expect(scene.verdicts({ reason: 'drained' })).toHaveLength(3);
    expect(acceptedUids(requests)).toEqual([...uids].sort());
    // In several seconds: a token signed for each request would be another one each time.
    const asked = [...requests.of('list', 'pods'), ...requests.of('create', 'pods/eviction')];
    expect(new Set(asked.map(({ second }) => Math.floor(second))).size).toBeGreaterThan(2);
    const tokens = new Set(asked.map(({ token }) => token));
    expect(tokens.size).toBe(1);
    const ofWorker = requests.seen.filter(({ token }) => tokens.has(token));
    const connections = new Set(ofWorker.map(({ connection }) => connection)).size;
    expect(connections).toBeGreaterThan(POOL / 2);
    expect(connections).toBeLessThanOrEqual(POOL);
  });
});
