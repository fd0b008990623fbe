import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../functions/spot-drain/config.ts';
import { EXCLUDE_LABEL } from '../../../../shared/kubernetes/nodes.ts';
import { apiError } from '../../../fixtures/cluster-api.ts';
import type { WorldPod } from '../../../fixtures/drain-world.ts';
import { createScene, eventOf } from '../../../fixtures/spot-drain-scene.ts';
import { last, nodeOf, spot, WEB, warned, worldOf } from './worker-scene.ts';

type Options = NonNullable<Parameters<typeof warned>[1]>['section'];

/** Drains one node with these options; answers the order in which its pods were asked, and when. */
const drained = async (pods: readonly WorldPod[], section: Options) => {
  const scene = await warned([nodeOf(1, pods)], section === undefined ? {} : { section });
  const startedAt = scene.clock.now();
  await scene.worker();
  const asked = worldOf(scene, 1).calls.filter(({ kind }) => kind !== 'list');
  return {
    scene,
    names: asked.map(({ name }) => name),
    seconds: asked.map(({ at }) => Math.round((at - startedAt) / 1000)),
  };
};

describe('options of the configuration', () => {
  it('includeDaemonSets: their pods go last', async () => {
    const { names, scene } = await drained(WEB, { includeDaemonSets: true });
    expect(names).toEqual(['web-1', 'api-1', 'proxy-1']);
    expect(last(scene)).toMatchObject({ reason: 'drained', detail: { evicted: 3, skipped: [] } });
  });

  it('evictionOrder: the lower priority first', async () => {
    const pods = [{ name: 'db', priority: 1_000 }, { name: 'web' }, { name: 'batch', priority: -5 }];
    const { names } = await drained(pods, { evictionOrder: 'by-priority' });
    expect(names).toEqual(['batch-1', 'web-1', 'db-1']);
  });

  it('evictionDelaySeconds: nothing is evicted before', async () => {
    const { seconds } = await drained(WEB, { evictionDelaySeconds: 20 });
    expect(seconds).toEqual([20, 20]);
  });

  it('excludeFromLoadBalancers: the node is labelled before the first eviction', async () => {
    const { scene } = await drained(WEB, { excludeFromLoadBalancers: true });
    expect(scene.cluster.node('node-1')?.metadata?.labels).toEqual({ [EXCLUDE_LABEL]: 'true' });
    const calls = scene.cluster.calls.filter(
      ({ verb, plural }) => verb === 'patch' || (verb === 'create' && plural === 'pods'),
    );
    expect(calls.map(({ verb }) => verb)).toEqual(['patch', 'create', 'create']);
  });

  it('excludeFromLoadBalancers: a node that is only cordoned keeps its load balancers', async () => {
    const policy = { ...spotDrainSchema.parse({}).policy };
    const section = {
      excludeFromLoadBalancers: true,
      policy: { ...policy, rebalance: { ...policy.rebalance, managed: 'cordon' as const } },
    };
    const scene = createScene({ nodes: [nodeOf(1, WEB)], section });
    await scene.intake(eventOf('ec2-rebalance-recommendation'));
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
    expect(scene.cluster.node('node-1')?.metadata?.labels).toEqual({});
  });

  it('a label that cannot be written holds up nothing', async () => {
    const scene = await warned([nodeOf(1, WEB)], { section: { excludeFromLoadBalancers: false } });
    Object.assign(scene.deps.section, { excludeFromLoadBalancers: true });
    scene.cluster.fail = (verb) => (verb === 'patch' ? apiError(403, 'Forbidden') : undefined);
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'drained' });
    expect(scene.warnings).toContain('a node could not be labelled for its load balancers');
  });

  it('is cordoned by one patch where no load balancer has to know', async () => {
    const { scene } = await drained(WEB, {});
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(1);
  });

  it('evictionsPerSecond: no more in the long run', async () => {
    const pods = Array.from({ length: 12 }, (_, index) => ({ name: `p${index}` }));
    const { seconds } = await drained(pods, { evictionConcurrency: 2, evictionsPerSecond: 2 });
    expect(seconds.at(-1)).toBe(5);
  });
});

describe('namespaces that opt out', () => {
  const QUIET: readonly WorldPod[] = [{ name: 'web' }, { name: 'ledger', namespace: 'quiet' }];
  const namespaces = [
    { metadata: { name: 'shop' } },
    { metadata: { name: 'quiet', annotations: { 'eks-caretaker/keep-on-node': 'true' } } },
  ];

  it('are read once a batch where the configuration asks for it', async () => {
    const scene = createScene({
      nodes: [nodeOf(1, QUIET), nodeOf(2, QUIET)],
      section: { namespaceOptOuts: true },
    });
    scene.cluster.namespaces.push(...namespaces);
    await scene.intake(spot(1), spot(2));
    await scene.worker();
    expect(worldOf(scene, 1).requests.map(({ name }) => name)).toEqual(['web-1']);
    expect(last(scene)).toMatchObject({
      reason: 'drained',
      detail: { skipped: [{ pod: expect.stringContaining('quiet/ledger'), reason: 'opted-out' }] },
    });
    expect(scene.cluster.calls.filter(({ plural }) => plural === 'namespaces')).toHaveLength(1);
  });

  it('that cannot be read soon hold up no node', async () => {
    const scene = await warned([nodeOf(1, QUIET)], { section: { namespaceOptOuts: true } });
    const { listPages } = scene.cluster;
    scene.cluster.listPages = async function* (resource, list) {
      if (resource.plural === 'namespaces') await scene.clock.sleep(60_000);
      yield* listPages<never>(resource, list);
    };
    const startedAt = scene.clock.now();
    await scene.worker();
    const [first] = worldOf(scene, 1).calls.filter(({ kind }) => kind === 'evict');
    expect((first?.at ?? 0) - startedAt).toBeLessThan(4_000);
    expect(scene.warnings).toEqual(["namespaces could not be read; only the pods' own annotations count"]);
  });

  it('are not read otherwise', async () => {
    const scene = await warned([nodeOf(1, QUIET)]);
    scene.cluster.namespaces.push(...namespaces);
    await scene.worker();
    expect(worldOf(scene, 1).requests).toHaveLength(2);
    expect(scene.cluster.calls.filter(({ plural }) => plural === 'namespaces')).toEqual([]);
  });

  it('that cannot be read hold up nothing, and that is said', async () => {
    const scene = await warned([nodeOf(1, QUIET)], { section: { namespaceOptOuts: true } });
    scene.cluster.fail = (_verb, plural) =>
      plural === 'namespaces' ? apiError(403, 'Forbidden') : undefined;
    await scene.worker();
    expect(last(scene)).toMatchObject({ reason: 'drained', detail: { evicted: 2 } });
    expect(scene.warnings.some((text) => text.startsWith('namespaces could not be read'))).toBe(true);
  });
});
