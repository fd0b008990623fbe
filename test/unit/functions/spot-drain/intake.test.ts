import { describe, expect, it } from '@jest/globals';
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
    ['a missing right', apiError(403, 'Forbidden'), 'missing-right'],
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
      'that is too late',
      {},
      eventOf('ec2-spot-interruption', { time: '2026-11-20T03:10:00Z' }),
      'late-event',
    ],
    [
      'about an instance that starts',
      {},
      eventOf('ec2-state-change', { detail: { state: 'running' } }),
      'not-a-departure',
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
      eventOf('autoscaling-terminate-lifecycle', { detail: { LifecycleHookName: 'Terminate-LC-Hook' } }),
      'hook-not-configured',
    ],
    [
      "Karpenter's node",
      { instances: { 1: { tags: { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'p' } } } },
      spot(),
      'left-to-karpenter',
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

describe('a state change', () => {
  const shuttingDown = eventOf('ec2-state-change', { time: '2026-11-20T03:14:00Z' });

  it('closes the record and says how many pods were still there', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(spot());
    const record = await scene.record();
    if (record === undefined) throw new Error('there is a record');
    const outcome = { reason: 'budget-blocked', at: 0, evicted: 4, deleted: 0, remaining: 3, blocked: [] };
    await scene.deps.records.change(
      { cluster: 'staging', instanceId: record.instanceId, nodeUid: record.node.uid },
      (current) => (current === undefined ? undefined : { ...current, outcome }),
    );
    await scene.intake(shuttingDown);
    expect(scene.verdicts.at(-1)).toMatchObject({
      target: 'node/node-1',
      action: 'record',
      reason: 'instance-shutting-down',
      detail: { podsRemaining: 3 },
    });
    expect(await scene.record()).toMatchObject({ departed: { state: 'shutting-down' } });
  });

  it('changes nothing the second time, and nothing where nothing was recorded', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await scene.intake(shuttingDown);
    await scene.intake(spot());
    await scene.intake(shuttingDown);
    await scene.intake(shuttingDown);
    expect(scene.said()).toEqual([
      `instance/${instanceIdOf(1)} none nothing-recorded`,
      'node/node-1 cordon spot-interruption',
      'node/node-1 record instance-shutting-down',
      'node/node-1 none duplicate-event',
    ]);
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
});

describe('the check of running drains', () => {
  const check = {
    kind: 'check',
    cluster: 'staging',
    records: [{ instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' }],
  };
  const leased = async (scene: ReturnType<typeof createScene>, seconds: number) => {
    await scene.intake(spot());
    scene.orders.length = 0;
    scene.checks.length = 0;
    await scene.deps.records.change(
      { cluster: 'staging', instanceId: instanceIdOf(1), nodeUid: 'uid-node-1' },
      (current) =>
        current === undefined
          ? undefined
          : { ...current, worker: { holder: 'worker-1', until: scene.clock.now() + seconds * 1000 } },
    );
  };

  it('starts another worker where the lease has run out', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 0);
    expect(await scene.intake(check)).toEqual([]);
    expect(scene.verdicts.at(-1)).toMatchObject({ reason: 'lease-expired', detail: { holder: 'worker-1' } });
    expect(scene.orders).toHaveLength(1);
    expect(scene.checks).toHaveLength(1);
  });

  it('comes again as long as a worker is at it', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 10);
    await scene.intake(check);
    expect(scene.orders).toEqual([]);
    expect(scene.checks).toEqual([{ message: check, delaySeconds: 20 }]);
  });

  it('ends with the drain', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 0);
    await scene.intake(eventOf('ec2-state-change', { time: '2026-11-20T03:14:00Z' }));
    await scene.intake(check);
    expect([scene.orders, scene.checks]).toEqual([[], []]);
  });

  it('comes again when it failed', async () => {
    const scene = createScene({ nodes: nodesOf(1) });
    await leased(scene, 0);
    scene.control.invokeError = new Error('throttled');
    expect(await scene.intake(check)).toEqual([0]);
  });
});
