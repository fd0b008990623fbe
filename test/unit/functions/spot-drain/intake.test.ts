import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../functions/spot-drain/config.ts';
import { KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import { apiError } from '../../../fixtures/cluster-api.ts';
import { createScene, eventOf, instanceIdOf } from '../../../fixtures/spot-drain-scene.ts';

const nodesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `node-${index + 1}`,
    instanceId: instanceIdOf(index + 1),
  }));
const SPOT_TAINT = { key: 'eks-caretaker/spot-interruption', effect: 'NoSchedule' };
const spot = (instance = 1, id?: string) =>
  eventOf('ec2-spot-interruption', { instance, ...(id === undefined ? {} : { id }) });

describe('a spot warning', () => {
  it('cordons and taints the node in one patch, records it and starts one worker', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    expect(await scene.intake(spot())).toEqual([]);
    expect(scene.cluster.node('node-1')?.spec).toMatchObject({ unschedulable: true, taints: [SPOT_TAINT] });
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(1);
    expect(scene.verdicts).toMatchObject([
      {
        cluster: 'staging',
        target: 'node/node-1',
        action: 'cordon',
        reason: 'spot-interruption',
        mode: 'act',
        detail: { instanceId: instanceIdOf(1), owner: 'managed', deadlineAt: '2026-11-20T03:13:50.000Z' },
      },
    ]);
    expect(scene.verdicts[0]?.detail?.secondsToCordon).toBeCloseTo(2, 0);
    expect(scene.metrics).toEqual([
      { name: 'secondsToCordon', value: scene.verdicts[0]?.detail?.secondsToCordon },
    ]);
    expect(await scene.record()).toMatchObject({
      wanted: 'drain',
      node: { name: 'node-1', uid: 'uid-node-1' },
    });
    expect(scene.orders).toMatchObject([
      { kind: 'drain', cluster: 'staging', nodes: [{ instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' }] },
    ]);
    expect(scene.checks).toEqual([
      {
        message: {
          kind: 'check',
          cluster: 'staging',
          records: [{ instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' }],
        },
        delaySeconds: 20,
      },
    ]);
    expect(scene.cluster.events).toMatchObject([
      { reason: 'SpotDrainCordoned', involvedObject: { name: 'node-1' } },
    ]);
  });

  it('for ten nodes asks EC2 once, connects once and starts one worker for all', async () => {
    const scene = createScene({ nodes: nodesOf(10) });
    await scene.intake(...nodesOf(10).map((_, index) => spot(index + 1)));
    expect(scene.describes).toHaveLength(1);
    expect(scene.control.connects).toBe(1);
    expect(scene.orders).toHaveLength(1);
    expect(scene.orders[0]?.nodes).toHaveLength(10);
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(10);
    expect(nodesOf(10).every(({ name }) => scene.cluster.node(name)?.spec?.unschedulable)).toBe(true);
  });

  it('is in its record with its cordon, by one write', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    const written: string[] = [];
    const { write } = scene.deps.store;
    scene.deps.store.write = (item, version) => {
      written.push(item.pk);
      return write(item, version);
    };
    await scene.intake(spot());
    expect(written.filter((pk) => pk === 'drain#staging')).toHaveLength(1);
    expect(await scene.record()).toMatchObject({
      cordonedAt: expect.any(Number),
      cordon: { taints: [expect.stringContaining('spot-interruption')] },
      notices: [{ kind: 'spot-interruption' }],
    });
  });

  it.each([
    [5, undefined],
    [6, 2_000],
  ])('for %i nodes has their drains hold still for %p ms from the last cordon on', async (count, holdMs) => {
    const scene = createScene({ nodes: nodesOf(count) });
    await scene.intake(...nodesOf(count).map((_, index) => spot(index + 1)));
    const [order] = scene.orders;
    const lastCordonAt = Math.max(...(order?.nodes ?? []).map(({ cordonedAt }) => cordonedAt ?? 0));
    if (holdMs === undefined) expect(order).not.toHaveProperty('notBefore');
    else expect(order?.notBefore).toBeGreaterThanOrEqual(lastCordonAt + holdMs);
  });

  it('finds nodes that EC2 does not name in one list by their provider id', async () => {
    const scene = createScene({
      nodes: nodesOf(3),
      instances: {
        1: { privateDnsName: '' },
        2: { privateDnsName: 'node-3' },
        3: { privateDnsName: 'node-3' },
      },
    });
    await scene.intake(spot(1), spot(2), spot(3));
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'list')).toHaveLength(1);
    expect(scene.said()).toEqual([
      'node/node-1 cordon spot-interruption',
      'node/node-2 cordon spot-interruption',
      'node/node-3 cordon spot-interruption',
    ]);
  });

  it('that comes twice changes nothing the second time', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(spot());
    const before = scene.records();
    await scene.intake(spot());
    expect(scene.records()).toEqual(before);
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(1);
    expect(scene.said()[1]).toBe('node/node-1 none duplicate-event');
  });

  it.each([
    ['cordons', undefined, 'cordon spot-interruption'],
    ['fails again', apiError(500, 'InternalError'), 'none cordon-failed'],
  ])('whose first attempt failed is no mere duplicate when the second %s', async (_what, error, said) => {
    const scene = createScene({ nodes: nodesOf(1) });
    scene.control.invokeError = new Error('throttled');
    scene.cluster.fail = (verb) => (verb === 'patch' ? apiError(500, 'InternalError') : undefined);
    await scene.intake(spot());
    scene.control.invokeError = undefined;
    scene.cluster.fail = (verb) => (verb === 'patch' ? error : undefined);
    await scene.intake(spot());
    expect(scene.said().at(-1)).toBe(`node/node-1 ${said}`);
  });

  it('keeps taints that others have set, and says whose cordon it is', async () => {
    const other = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
    const scene = createScene({
      nodes: [{ ...nodesOf(1)[0], name: 'node-1', instanceId: instanceIdOf(1), taints: [other] }],
    });
    await scene.intake(spot());
    expect(scene.cluster.node('node-1')?.spec?.taints).toEqual([other, SPOT_TAINT]);
    expect(scene.cluster.node('node-1')?.metadata?.annotations).toEqual({
      'eks-caretaker/cordoned-for': 'eks-caretaker/spot-interruption',
    });
  });

  it('reads the node again when somebody else has changed it meanwhile', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    let conflicts = 2;
    scene.cluster.fail = (verb) =>
      verb === 'patch' && conflicts-- > 0 ? apiError(409, 'Conflict') : undefined;
    await scene.intake(spot());
    expect(scene.said()).toEqual(['node/node-1 cordon spot-interruption']);
  });

  it.each([
    ['a server error', apiError(500, 'InternalError'), 'cordon-failed'],
    [
      'a missing right',
      apiError(403, 'User "u" cannot patch resource "nodes" in API group ""'),
      'missing-right',
    ],
    ['a policy that denies it', apiError(403, 'not on Fridays'), 'cordon-failed'],
  ])(
    'is never reported as cordoned after %s; the worker is started to try again',
    async (_, error, reason) => {
      const scene = createScene({ nodes: nodesOf(1) });
      scene.cluster.fail = (verb) => (verb === 'patch' ? error : undefined);
      await scene.intake(spot());
      expect(scene.said()).toEqual([`node/node-1 none ${reason}`]);
      expect(scene.metrics).toEqual([]);
      expect(scene.cluster.events).toEqual([]);
      expect(scene.orders[0]?.nodes[0]).not.toHaveProperty('cordonedAt');
    },
  );

  it('comes again when the worker could not be started', async () => {
    const scene = createScene({ nodes: nodesOf(2) });
    scene.control.invokeError = new Error('throttled');
    expect(await scene.intake(spot(1), spot(2))).toEqual([0, 1]);
    expect(scene.said()).toContain('cluster/staging none worker-not-started');
    scene.control.invokeError = undefined;
    expect(await scene.intake(spot(1), spot(2))).toEqual([]);
    expect(scene.orders[0]?.nodes).toHaveLength(2);
  });

  it('comes again when its record could not be written, cordoned all the same', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    scene.store.write = async () => {
      throw new Error('table is gone');
    };
    expect(await scene.intake(spot())).toEqual([0]);
    expect(scene.said()).toEqual(['node/node-1 cordon spot-interruption', 'node/node-1 none record-failed']);
    expect(scene.orders).toEqual([]);
  });
});

describe('mode', () => {
  it('observe changes nothing in the cluster, records, and lets the worker say what it would do', async () => {
    const scene = createScene({ nodes: nodesOf(1), mode: 'observe' });
    await scene.intake(spot());
    expect(scene.cluster.calls.filter(({ verb }) => verb !== 'get' && verb !== 'list')).toEqual([]);
    expect(scene.verdicts).toMatchObject([
      { action: 'cordon', reason: 'spot-interruption', mode: 'observe' },
    ]);
    expect(await scene.record()).toMatchObject({ wanted: 'drain' });
    expect(scene.orders).toHaveLength(1);
    expect(scene.checks).toEqual([]);
  });

  it('off does not even connect', async () => {
    const scene = createScene({ nodes: nodesOf(1), mode: 'off' });
    await scene.intake(spot());
    expect(scene.control.connects).toBe(0);
    expect(scene.said()).toEqual([`instance/${instanceIdOf(1)} none mode-off`]);
  });
});

describe('a message that is not to be acted on', () => {
  it.each([
    ['of an instance that EC2 does not know', { instances: { 1: null } }, spot(), 'instance-not-confirmed'],
    [
      'of an instance without a cluster of ours',
      { instances: { 1: { tags: { 'eks:cluster-name': 'theirs' } } } },
      spot(),
      'foreign-instance',
    ],
    [
      'from another account',
      {},
      eventOf('ec2-spot-interruption', { envelope: { account: '444455556666' } }),
      'foreign-account',
    ],
    [
      'from another region',
      {},
      eventOf('ec2-spot-interruption', { envelope: { region: 'us-east-1' } }),
      'foreign-region',
    ],
    [
      'from another source',
      {},
      eventOf('ec2-spot-interruption', { envelope: { source: 'my.app' } }),
      'foreign-source',
    ],
    [
      'about an instance that starts',
      {},
      eventOf('ec2-state-change', { detail: { state: 'pending' } }),
      'not-a-departure',
    ],
    [
      "of EKS's own hook",
      {},
      eventOf('autoscaling-terminate-lifecycle', { detail: { LifecycleHookName: 'Terminate-LC-Hook' } }),
      'eks-own-hook',
    ],
    ['that came past EventBridge', {}, eventOf('autoscaling-direct-lifecycle'), 'foreign-source'],
    [
      'of Health about an instance that EC2 does not know',
      { instances: { 1: null } },
      eventOf('health-retirement'),
      'instance-not-confirmed',
    ],
    [
      'of Health about another region, delivered to its backup',
      {},
      eventOf('health-retirement', { detail: { eventRegion: 'us-east-1' } }),
      'foreign-region',
    ],
    [
      'of Health about another account of the organisation',
      {},
      eventOf('health-retirement', { detail: { affectedAccount: '444455556666' } }),
      'foreign-account',
    ],
  ])(
    '%s is answered with a verdict and done, without a call to the cluster',
    async (_, options, event, reason) => {
      const scene = createScene({ nodes: nodesOf(1), ...options });
      expect(await scene.intake(event)).toEqual([]);
      expect(scene.said()).toEqual([`instance/${instanceIdOf(1)} none ${reason}`]);
      expect(scene.control.connects).toBe(0);
      expect(scene.records()).toEqual([]);
      expect(scene.orders).toEqual([]);
    },
  );

  it('is counted where its instance is of no cluster of ours', async () => {
    const scene = createScene({ nodes: nodesOf(2), instances: { 1: { tags: {} } } });
    await scene.intake(spot(1), spot(2));
    expect(scene.metrics.filter(({ name }) => name === 'foreignInstances')).toEqual([
      { name: 'foreignInstances', value: 1 },
    ]);
  });

  it('because it is too late is recorded, and not acted on', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    const late = eventOf('ec2-spot-interruption', { time: '2026-11-20T03:10:00Z' });
    expect(await scene.intake(late)).toEqual([]);
    expect(scene.said()).toEqual(['node/node-1 record late-event']);
    expect(scene.cluster.calls.map(({ verb }) => verb)).toEqual(['get']);
    expect(await scene.record()).toMatchObject({ wanted: 'drain', notices: [{ kind: 'spot-interruption' }] });
    expect([scene.orders, scene.checks]).toEqual([[], []]);
  });

  it('because it is too late is done where there is no node any more', async () => {
    const scene = createScene();
    const late = eventOf('ec2-spot-interruption', { time: '2026-11-20T03:10:00Z' });
    expect(await scene.intake(late)).toEqual([]);
    expect(scene.said()).toEqual([`instance/${instanceIdOf(1)} none late-event`]);
  });

  it('does not keep the others of its batch from being handled', async () => {
    const scene = createScene({ nodes: nodesOf(2), instances: { 2: null } });
    await scene.intake(eventOf('ec2-spot-interruption', { envelope: { source: 'x' } }), spot(2), spot(1));
    expect(scene.said().sort()).toEqual([
      `instance/${instanceIdOf(1)} none foreign-source`,
      `instance/${instanceIdOf(2)} none instance-not-confirmed`,
      'node/node-1 cordon spot-interruption',
    ]);
  });
});

describe('an instance without a node', () => {
  it('comes again while it runs, for the node may still register', async () => {
    const scene = createScene();
    expect(await scene.intake(spot())).toEqual([0]);
    expect(scene.said()).toEqual([`instance/${instanceIdOf(1)} none node-not-registered`]);
  });

  const hook = (options: Parameters<typeof eventOf>[1] = {}) =>
    eventOf('autoscaling-terminate-lifecycle', options);
  /** The instance never joined. */
  const minutesLater = async (options: Parameters<typeof createScene>[0] = {}) => {
    const scene = createScene(options);
    await scene.clock.sleep(180_000);
    return scene;
  };

  it('is given up before the queue gives up its message', async () => {
    const scene = await minutesLater();
    expect(await scene.intake(hook({ detail: { LifecycleHookName: 'somebody-elses' } }))).toEqual([]);
    expect(await scene.intake(eventOf('health-retirement'))).toEqual([]);
    expect(scene.said().map((line) => line.split(' ').at(-1))).toEqual(['no-node', 'no-node']);
    expect(scene.orders).toEqual([]);
  });

  it('but held by a hook of ours: it is let go', async () => {
    const scene = await minutesLater();
    expect(await scene.intake(hook())).toEqual([]);
    await scene.worker();
    expect(scene.lifecycleCalls.map(({ kind, action }) => [kind, action.hook, action.instanceId])).toEqual([
      ['complete', 'drain-before-terminate', instanceIdOf(1)],
    ]);
    expect(scene.verdicts.at(-1)).toMatchObject({
      action: 'record',
      reason: 'lifecycle-completed',
      detail: { lifecycle: [{ hook: 'drain-before-terminate', answer: 'done' }] },
    });
    expect(scene.control.connects).toBe(1);
  });

  it('but held by a hook of ours, in observe: it is left held', async () => {
    const scene = await minutesLater({ mode: 'observe' });
    expect(await scene.intake(hook())).toEqual([]);
    expect(scene.orders).toEqual([]);
  });

  it('but held by a hook of ours: its message comes again where no worker could be started', async () => {
    const scene = await minutesLater();
    scene.control.invokeError = new Error('throttled');
    expect(await scene.intake(hook())).toEqual([0]);
    expect(scene.said().at(-1)).toBe('cluster/staging none worker-not-started');
  });

  it('but held by a hook of ours: a call that fails is made again by the next attempt', async () => {
    const scene = await minutesLater();
    await scene.intake(hook());
    scene.control.lifecycleAnswer = async () => {
      throw new Error('throttled');
    };
    expect((await scene.worker()).failures).toHaveLength(1);
  });

  it('is done when EC2 is taking it away', async () => {
    const scene = createScene({ instances: { 1: { state: 'terminated' } } });
    expect(await scene.intake(spot())).toEqual([]);
    expect(scene.said()).toEqual([`instance/${instanceIdOf(1)} none instance-terminated`]);
  });
});

describe('what is only recorded', () => {
  it.each([
    ['a rebalance recommendation', {}, eventOf('ec2-rebalance-recommendation'), 'rebalance-recommendation'],
    [
      'a hook that is not named',
      {},
      eventOf('autoscaling-terminate-lifecycle', { detail: { LifecycleHookName: 'somebody-elses' } }),
      'hook-not-configured',
    ],
    [
      "a rebalance recommendation for Karpenter's node",
      { instances: { 1: { tags: { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'p' } } } },
      eventOf('ec2-rebalance-recommendation'),
      'left-to-karpenter',
    ],
    [
      'a Health event that is closed',
      {},
      eventOf('health-reboot', { detail: { statusCode: 'closed' } }),
      'scheduled-change-closed',
    ],
  ])('%s: a record, no cordon, no worker', async (_, options, event, reason) => {
    const scene = createScene({ nodes: nodesOf(1), ...options });
    await scene.intake(event);
    expect(scene.said()).toEqual([`node/node-1 record ${reason}`]);
    expect(scene.cluster.calls.filter(({ verb }) => verb === 'patch')).toEqual([]);
    expect(await scene.record()).toMatchObject({ wanted: 'record' });
    expect(scene.orders).toEqual([]);
  });

  it('escalates when the warning comes in the same batch: one cordon, one worker', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(eventOf('ec2-rebalance-recommendation'), spot());
    expect(scene.said()).toEqual([
      'node/node-1 record rebalance-recommendation',
      'node/node-1 cordon spot-interruption',
    ]);
    expect(scene.records()).toHaveLength(1);
    expect(scene.orders[0]?.nodes).toHaveLength(1);
  });
});

describe('when something does not answer', () => {
  it('a cluster: its messages come again and a verdict says why', async () => {
    const scene = createScene({ nodes: nodesOf(2) });
    scene.control.connectError = new Error('timeout');
    expect(await scene.intake(spot(1), spot(2))).toEqual([0, 1]);
    expect(scene.said()).toEqual(['cluster/staging none cluster-unreachable']);
  });

  it('a cluster that hangs: it is given up before Lambda gives up', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    scene.deps.clusters.connect = () => scene.clock.sleep(60_000).then(() => scene.cluster);
    const start = scene.clock.now();
    expect(await scene.intake(spot())).toEqual([0]);
    expect(scene.clock.now() - start).toBeLessThan(10_000);
    expect(scene.said()).toEqual(['cluster/staging none cluster-unreachable']);
  });

  const rebalanceSection = spotDrainSchema.parse({ policy: { rebalance: { managed: 'cordon' } } });
  /** An API server that takes a minute over one kind of call. */
  const hanging = (scene: ReturnType<typeof createScene>, verb: string, plural: string, name?: string) => {
    const { request } = scene.cluster;
    scene.cluster.request = async (asked, resource, options) => {
      if (asked === verb && resource.plural === plural && (name ?? options?.name) === options?.name) {
        await scene.clock.sleep(60_000, options?.signal).catch((cause: unknown) => {
          throw new KubernetesConnectionError('given up', { cause });
        });
      }
      return request(asked, resource, options);
    };
  };

  it('a cordon that hangs: it is left to the worker, and the other nodes wait for nothing', async () => {
    const scene = createScene({ nodes: nodesOf(2) });
    hanging(scene, 'patch', 'nodes', 'node-1');
    const start = scene.clock.now();
    expect(await scene.intake(spot(1), spot(2))).toEqual([]);
    expect(scene.clock.now() - start).toBeLessThan(8_000);
    expect(scene.said()).toEqual(['node/node-2 cordon spot-interruption', 'node/node-1 none cordon-failed']);
    expect(scene.orders.flatMap(({ nodes }) => nodes)).toHaveLength(2);
    expect(scene.checks).toHaveLength(1);
    // Nobody would know of a cordon that worked after all.
    await scene.clock.sleep(120_000);
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBeUndefined();
  });

  /** When what was asked for, in ms (a request takes 5): `record` for a write of a record, `cordon` for a patch. */
  const timesOf = async (scene: ReturnType<typeof createScene>): Promise<readonly [string, number][]> => {
    const start = scene.clock.now();
    const times: [string, number][] = [];
    const { change } = scene.deps.records;
    scene.deps.records.change = (key, to) => {
      times.push(['record', scene.clock.now() - start]);
      return change(key, to);
    };
    const { request } = scene.cluster;
    scene.cluster.request = (verb, resource, options) => {
      if (verb === 'patch') times.push(['cordon', scene.clock.now() - start]);
      return request(verb, resource, options);
    };
    await scene.intake(spot());
    return times;
  };

  it('all is well: the cordon goes before the record', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    expect((await timesOf(scene)).slice(0, 2)).toEqual([
      ['cordon', 5],
      ['record', 10],
    ]);
  });

  it('a cordon that hangs: the record is written after half a second', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    hanging(scene, 'patch', 'nodes');
    expect((await timesOf(scene)).slice(0, 2)).toEqual([
      ['cordon', 5],
      ['record', 505],
    ]);
  });

  it('a record that hangs when it is looked for: its node is cordoned all the same', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    scene.deps.records.get = () => scene.clock.sleep(60_000).then(() => undefined);
    await scene.intake(eventOf('autoscaling-terminate-lifecycle'));
    expect(scene.said()).toEqual(['node/node-1 cordon terminate-lifecycle']);
    expect(scene.warnings).toEqual(['a record could not be read before the cordon']);
  });

  it('a look that hangs: it takes no step after it was given up', async () => {
    const scene = createScene({ nodes: nodesOf(1), section: rebalanceSection });
    await scene.intake(eventOf('ec2-rebalance-recommendation'));
    await scene.clock.sleep(3_600_000);
    hanging(scene, 'get', 'nodes');
    while (!scene.said().some((line) => line.endsWith('look-failed'))) await scene.look();
    scene.looks.length = 0;
    await scene.clock.sleep(120_000);
    expect(scene.cluster.node('node-1')?.spec?.unschedulable).toBe(true);
    expect((await scene.record())?.cordonedAt).toBeDefined();
  });

  it('an event that hangs: nobody waits for it', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    hanging(scene, 'create', 'events');
    const start = scene.clock.now();
    expect(await scene.intake(spot())).toEqual([]);
    expect(scene.clock.now() - start).toBeLessThan(9_000);
    expect(scene.orders).toHaveLength(1);
    expect(scene.warnings).toEqual(['not all could be told what was done']);
  });

  it.each<[string, (scene: ReturnType<typeof createScene>) => void]>([
    [
      'the table',
      ({ deps, clock }) => {
        deps.records.change = () => clock.sleep(60_000).then(() => undefined);
      },
    ],
    [
      'Lambda',
      ({ deps, clock }) => {
        deps.worker.invoke = () => clock.sleep(60_000);
      },
    ],
  ])('%s that hangs: the messages come again before Lambda ends the function', async (_, hang) => {
    const scene = createScene({ nodes: nodesOf(1) });
    hang(scene);
    const start = scene.clock.now();
    expect(await scene.intake(spot())).toEqual([0]);
    expect(scene.clock.now() - start).toBeLessThan(9_500);
  });

  it('the right to list nodes: it is named', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    scene.cluster.fail = () => apiError(403, 'Forbidden');
    expect(await scene.intake(spot())).toEqual([0]);
    expect(scene.verdicts[0]).toMatchObject({
      reason: 'missing-right',
      detail: { verb: 'get, list', resource: 'nodes' },
    });
  });

  it('EC2: all messages come again', async () => {
    const scene = createScene({ nodes: nodesOf(2) });
    scene.control.ec2Error = new Error('RequestLimitExceeded');
    expect(await scene.intake(spot(1), spot(2))).toEqual([0, 1]);
    expect(scene.said()).toEqual([
      'message/0 none instance-lookup-failed',
      'message/1 none instance-lookup-failed',
    ]);
  });

  it('the mode of a cluster: its messages come again, those that were answered do not', async () => {
    const scene = createScene({ nodes: nodesOf(2), instances: { 2: null } });
    const readMode = scene.deps.readMode;
    scene.deps.readMode = async (cluster) => {
      if (cluster === 'staging') throw new Error('table is away');
      return readMode(cluster);
    };
    expect(await scene.intake(spot(2), spot(1))).toEqual([1]);
    expect(scene.said()).toEqual([
      `instance/${instanceIdOf(2)} none instance-not-confirmed`,
      'cluster/staging none interrupted',
    ]);
  });
});
