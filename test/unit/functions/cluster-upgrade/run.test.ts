import { describe, expect, it } from '@jest/globals';
import { readJournal } from '../../../../shared/core/journal.ts';
import { nodeGroupLease, takeLease } from '../../../../shared/core/lease.ts';
import type { UpgradeSetup } from '../../../fixtures/upgrade-run.ts';
import { approval, EXECUTION, setUpUpgrade, startUpgrade, storyOf } from '../../../fixtures/upgrade-run.ts';

const STARTED_IN_ORDER = [
  'UpdateClusterVersion staging',
  'UpdateNodegroupVersion batch',
  'UpdateNodegroupVersion web-a',
  'UpdateAddon kube-proxy',
  'UpdateAddon coredns',
  'UpdateAddon vpc-cni',
];

const GOOD_STORY = [
  'plan cluster/staging: ready',
  'none cluster/staging: awaiting-approval',
  'none cluster/staging: approved',
  'plan cluster/staging: ready',
  'update-control-plane cluster/staging: updated',
  'update-node-group node-group/batch: updated',
  'update-node-group node-group/web-a: updated',
  'update-add-on add-on/kube-proxy: updated',
  'update-add-on add-on/coredns: updated',
  'update-add-on add-on/vpc-cni: updated',
  'complete-upgrade cluster/staging: upgraded',
];

const leases = (setup: UpgradeSetup): string[] =>
  setup.store
    .items()
    .filter(({ pk }) => pk.startsWith('lease#'))
    .map(({ pk }) => pk);

const journaled = async (setup: UpgradeSetup): Promise<string[]> => {
  const verdicts = [];
  for await (const verdict of readJournal(setup.store, 'cluster-upgrade', '2026-11-20'))
    verdicts.push(verdict);
  return storyOf(verdicts);
};

describe('an approved upgrade', () => {
  it('moves control plane, node groups and add-ons in this order and ends unlocked', async () => {
    const setup = setUpUpgrade();
    const { story, result } = await startUpgrade(setup);
    expect(story).toEqual(GOOD_STORY);
    expect(setup.world.started).toEqual(STARTED_IN_ORDER);
    expect(setup.world.cluster.version).toBe('1.35');
    expect(result).toMatchObject({ automation: 'cluster-upgrade', mode: 'act' });
    expect(leases(setup)).toEqual([]);
    expect(await setup.record()).toMatchObject({
      status: 'succeeded',
      phase: 'ended',
      reason: 'upgraded',
      decidedBy: 'ada',
      fromVersion: '1.34',
      targetVersion: '1.35',
      lastVerdict: { action: 'complete-upgrade', reason: 'upgraded' },
    });
    expect((await setup.record()).steps?.map(({ id, status }) => [id, status])).toEqual([
      ['control-plane', 'done'],
      ['node-group/batch', 'done'],
      ['node-group/web-a', 'done'],
      ['add-on/kube-proxy', 'done'],
      ['add-on/coredns', 'done'],
      ['add-on/vpc-cni', 'done'],
    ]);
  });

  it('journals every verdict once and publishes what was changed', async () => {
    const setup = setUpUpgrade();
    await startUpgrade(setup);
    expect(await journaled(setup)).toEqual(GOOD_STORY);
    expect(setup.published.map(({ detailType }) => detailType)).toEqual([
      'cluster-upgrade/update-control-plane',
      'cluster-upgrade/update-node-group',
      'cluster-upgrade/update-node-group',
      'cluster-upgrade/update-add-on',
      'cluster-upgrade/update-add-on',
      'cluster-upgrade/update-add-on',
      'cluster-upgrade/complete-upgrade',
    ]);
  });

  it('sends an add-on its configuration again and never a list of pod identity associations', async () => {
    const setup = setUpUpgrade();
    await startUpgrade(setup);
    const vpcCni = setup.world.requests.find(({ input }) => input.name === 'vpc-cni');
    expect(vpcCni?.input).toEqual({
      cluster: 'staging',
      name: 'vpc-cni',
      version: 'v1.21.1-eksbuild.1',
      resolveConflicts: 'PRESERVE',
      configurationValues: '{"env":{"WARM_IP_TARGET":"2"}}',
      clientRequestToken: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('rolls node groups without force and with the release that the plan names', async () => {
    const setup = setUpUpgrade();
    await startUpgrade(setup);
    const group = setup.world.requests.find(({ input }) => input.nodeGroup === 'web-a');
    expect(group?.input).toMatchObject({ version: '1.35', releaseVersion: '1.35.1-20261101' });
    expect(group?.input).not.toHaveProperty('force');
  });

  it('tells people twice: when it waits for a yes, with the plan, and when it is over', async () => {
    const setup = setUpUpgrade();
    await startUpgrade(setup);
    expect(setup.notifications.map(({ subject }) => subject)).toEqual([
      'Approve the upgrade of staging to 1.35?',
      'Upgrade of staging to 1.35: succeeded',
    ]);
    expect(setup.notifications[0]?.text).toContain(
      `caretaker upgrade approve staging --plan ${await hashOf(setup)}`,
    );
    expect(setup.notifications[0]?.text).toContain('UpdateNodegroupVersion');
  });

  it('records callback and lease for as long as the approval may take', async () => {
    const setup = setUpUpgrade();
    let seen: unknown;
    let lease: unknown;
    await startUpgrade(setup, {
      approval: async (hash) => {
        seen = await setup.record();
        lease = setup.store.items().find(({ pk }) => pk === 'lease#cluster/staging');
        return approval(hash);
      },
    });
    expect(seen).toMatchObject({
      status: 'awaiting-approval',
      phase: 'approval',
      callbackId: expect.any(String),
      approvalUntil: '2026-11-21T10:00:00.000Z',
    });
    expect(lease).toMatchObject({
      holder: `cluster-upgrade/${EXECUTION}`,
      until: Date.parse('2026-11-21T10:30:00Z'),
    });
    expect(await setup.record()).not.toHaveProperty('callbackId');
  });

  it('keeps every checkpoint far below 256 KB', async () => {
    const setup = setUpUpgrade();
    const { execution } = await startUpgrade(setup);
    expect(execution.largestRecord).toBeLessThan(16_000);
  });
});

const hashOf = async (setup: UpgradeSetup): Promise<string> => (await setup.record()).planHash;

describe('an upgrade that may not begin or go on', () => {
  it('only plans in mode observe, with a verdict for each step, and changes nothing', async () => {
    const setup = setUpUpgrade();
    setup.setMode('observe');
    const { story, result } = await startUpgrade(setup);
    expect(story).toEqual([
      'plan cluster/staging: ready',
      'update-control-plane cluster/staging: next-minor',
      'update-node-group node-group/batch: behind-control-plane',
      'update-node-group node-group/web-a: behind-control-plane',
      'update-add-on add-on/kube-proxy: recommended-for-target',
      'update-add-on add-on/coredns: recommended-for-target',
      'update-add-on add-on/vpc-cni: recommended-for-target',
      'none cluster/staging: mode-observe',
    ]);
    expect(result.verdicts.every(({ mode }) => mode === 'observe')).toBe(true);
    expect(setup.world.requests).toEqual([]);
    expect(setup.published).toEqual([]);
    expect(await setup.record()).toMatchObject({ status: 'planned' });
    expect(leases(setup)).toEqual([]);
  });

  it('refuses in mode off', async () => {
    const setup = setUpUpgrade();
    const planHash = await setup.planHash();
    setup.setMode('off');
    const { story } = await startUpgrade(setup, { planHash });
    expect(story).toEqual(['none cluster/staging: mode-off']);
    expect(await setup.record()).toMatchObject({ status: 'refused', phase: 'ended', reason: 'mode-off' });
    expect(setup.world.requests).toEqual([]);
  });

  it('refuses a cluster that the configuration does not have', async () => {
    const { story } = await startUpgrade(setUpUpgrade(), { cluster: 'other' });
    expect(story).toEqual(['none cluster/other: unknown-cluster']);
  });

  it('ends when EKS does not know the cluster', async () => {
    const { story } = await startUpgrade(setUpUpgrade(), { cluster: 'ghost' });
    expect(story).toEqual(['none cluster/ghost: cluster-not-found']);
  });

  it('is deferred while another run holds the cluster, and leaves that run the current one', async () => {
    const setup = setUpUpgrade();
    await takeLease(setup.store, setup.clock, {
      resource: 'cluster/staging',
      holder: 'cluster-upgrade/staging-1-35-7',
      seconds: 600,
    });
    const { story, result } = await startUpgrade(setup);
    expect(story).toEqual(['deferred cluster/staging: locked']);
    expect(result.verdicts[0]?.detail).toEqual({
      holder: 'cluster-upgrade/staging-1-35-7',
      until: '2026-11-20T10:10:00.000Z',
    });
    expect(setup.store.items().some(({ sk }) => sk === 'current')).toBe(false);
    expect(leases(setup)).toEqual(['lease#cluster/staging']);
  });

  it('takes a lease that has run out', async () => {
    const setup = setUpUpgrade();
    await takeLease(setup.store, setup.clock, { resource: 'cluster/staging', holder: 'dead', seconds: 600 });
    setup.clock.advance(600_001);
    expect((await startUpgrade(setup)).story.at(-1)).toBe('complete-upgrade cluster/staging: upgraded');
  });

  it('stops when its plan is not the one that it was started with', async () => {
    const setup = setUpUpgrade();
    const { story } = await startUpgrade(setup, { planHash: 'a'.repeat(64) });
    expect(story).toEqual(['none cluster/staging: plan-changed', 'none cluster/staging: plan-changed']);
    expect(await setup.record()).toMatchObject({ status: 'plan-changed' });
    expect(leases(setup)).toEqual([]);
    expect(setup.world.requests).toEqual([]);
  });

  it('stops when the cluster changed between plan and approval', async () => {
    const setup = setUpUpgrade();
    const { story } = await startUpgrade(setup, {
      approval: async (hash) => {
        setup.world.groups.set('late', {
          version: '1.34',
          releaseVersion: '1.34.2-20261001',
          amiType: 'AL2023_x86_64_STANDARD',
          desired: 1,
        });
        return approval(hash);
      },
    });
    expect(story.at(-1)).toBe('none cluster/staging: plan-changed');
    expect(await setup.record()).toMatchObject({ status: 'plan-changed' });
    expect(setup.world.requests).toEqual([]);
  });

  it('ends blocked, with the checks named, when the preflight blocks', async () => {
    const setup = setUpUpgrade();
    setup.world.freeAddresses.set('eu-central-1b', 3);
    const { result } = await startUpgrade(setup);
    expect(await setup.record()).toMatchObject({ status: 'blocked' });
    expect(result.verdicts.at(-1)).toMatchObject({
      reason: 'blocked',
      detail: { blockedBy: ['free-addresses'] },
    });
    expect(leases(setup)).toEqual([]);
  });

  it.each([
    ['rejected', { kind: 'failure', type: 'rejected', message: 'ada: not today' }, 'rejected', 'rejected'],
    ['stopped', { kind: 'failure', type: 'stopped', message: 'ada' }, 'stopped', 'stop-requested'],
    [
      'approved for another plan',
      { kind: 'success', payload: `{"decision":"approve","planHash":"${'b'.repeat(64)}"}` },
      'rejected',
      'approval-of-another-plan',
    ],
    ['answered with something else', { kind: 'success', payload: 'yes' }, 'rejected', 'approval-unreadable'],
  ] as const)('changes nothing when it is %s', async (_how, outcome, status, reason) => {
    const setup = setUpUpgrade();
    await startUpgrade(setup, { approval: async () => outcome });
    expect(await setup.record()).toMatchObject({ status, reason, phase: 'ended' });
    expect(setup.world.requests).toEqual([]);
    expect(leases(setup)).toEqual([]);
  });

  it('ends when nobody answers within 24 hours', async () => {
    const setup = setUpUpgrade();
    const { story } = await startUpgrade(setup, { approval: 'none' });
    expect(story.at(-1)).toBe('none cluster/staging: approval-timed-out');
    expect(await setup.record()).toMatchObject({
      status: 'timed-out',
      endedAt: '2026-11-21T10:00:00.000Z',
    });
    expect(leases(setup)).toEqual([]);
  });
});

describe('an upgrade that is interrupted', () => {
  it('begins no further step after a stop request, and says at which one it stood', async () => {
    const setup = setUpUpgrade();
    const { clusters } = setup.deps.ports;
    const updateVersion = clusters.updateVersion;
    clusters.updateVersion = async (request) => {
      await setup.requestStop();
      return updateVersion(request);
    };
    const { story, result } = await startUpgrade(setup);
    expect(setup.world.started).toEqual(['UpdateClusterVersion staging']);
    expect(story.slice(-4)).toEqual([
      'update-control-plane cluster/staging: updated',
      'none node-group/batch: stop-requested',
      'none node-group/web-a: stop-requested',
      'none cluster/staging: stop-requested',
    ]);
    expect(result.verdicts.at(-1)?.detail).toMatchObject({ step: 'node-group/batch' });
    expect(await setup.record()).toMatchObject({ status: 'stopped', stopRequestedBy: 'ada' });
    expect(leases(setup)).toEqual([]);
  });

  it('begins no further step once the mode is set to observe', async () => {
    const setup = setUpUpgrade();
    const { clusters } = setup.deps.ports;
    const updateVersion = clusters.updateVersion;
    clusters.updateVersion = async (request) => {
      setup.setMode('observe');
      return updateVersion(request);
    };
    await startUpgrade(setup);
    expect(setup.world.started).toEqual(['UpdateClusterVersion staging']);
    expect(await setup.record()).toMatchObject({ status: 'stopped', reason: 'mode-observe' });
  });

  it('stops at a node group that cannot be drained and names budgets, pods and nodes', async () => {
    const setup = setUpUpgrade();
    setup.world.failures.set('node-group/web-a', [
      {
        code: 'PodEvictionFailure',
        message: 'Reached max retries while trying to evict pods',
        resourceIds: ['web-a-0'],
      },
    ]);
    setup.world.budgets.push({ budget: 'shop/cart', pods: ['shop/cart-0'], nodes: ['web-a-0'] });
    const { result } = await startUpgrade(setup);
    expect(result.verdicts.find(({ target }) => target === 'node-group/web-a')).toMatchObject({
      action: 'none',
      reason: 'update-failed',
      detail: {
        diagnosis: {
          codes: ['PodEvictionFailure'],
          budgets: [{ budget: 'shop/cart', pods: ['shop/cart-0'], nodes: ['web-a-0'] }],
        },
      },
    });
    const record = await setup.record();
    expect(record).toMatchObject({ status: 'failed', reason: 'update-failed' });
    expect(record.message).toContain('budget shop/cart holds shop/cart-0 on web-a-0');
    expect(setup.notifications.at(-1)?.text).toContain('shop/cart');
    expect(setup.world.started).not.toContain('UpdateAddon kube-proxy');
    expect(leases(setup)).toEqual([]);
  });

  it('does not roll the second group after the first has failed', async () => {
    const setup = setUpUpgrade();
    setup.world.failures.set('node-group/batch', [
      { code: 'NodeCreationFailure', message: 'Instances failed to join', resourceIds: [] },
    ]);
    const { story } = await startUpgrade(setup);
    expect(story.slice(-3)).toEqual([
      'none node-group/batch: update-failed',
      'none node-group/web-a: earlier-step-failed',
      'none cluster/staging: update-failed',
    ]);
    expect(setup.world.started).toEqual(['UpdateClusterVersion staging', 'UpdateNodegroupVersion batch']);
  });

  it('stops after a control plane update that failed, though the cluster is ACTIVE again', async () => {
    const setup = setUpUpgrade();
    setup.world.failures.set('control-plane', [
      { code: 'IpNotAvailable', message: 'not enough addresses', resourceIds: ['subnet-1'] },
    ]);
    await startUpgrade(setup);
    expect(setup.world.started).toEqual(['UpdateClusterVersion staging']);
    expect(setup.world.cluster.version).toBe('1.34');
    const record = await setup.record();
    expect(record).toMatchObject({ status: 'failed', reason: 'update-failed' });
    expect(record.message).toContain('free addresses in the subnets');
  });

  it('does not believe a successful update whose version never shows', async () => {
    const setup = setUpUpgrade();
    const { clusters } = setup.deps.ports;
    const describeCluster = clusters.describe;
    clusters.describe = async (name) => {
      const facts = await describeCluster(name);
      return facts === undefined ? undefined : { ...facts, version: '1.34' };
    };
    await startUpgrade(setup);
    expect(await setup.record()).toMatchObject({ status: 'failed', reason: 'version-not-reached' });
  });

  it('says so when nodes do not come back Ready', async () => {
    const setup = setUpUpgrade();
    setup.world.cutNodes('web-a', 1);
    const { result } = await startUpgrade(setup);
    expect(result.verdicts.at(-1)).toMatchObject({
      reason: 'verify-failed',
      detail: { problems: ['node-group/web-a has 1 of 2 nodes Ready at 1.35'] },
    });
    expect(await setup.record()).toMatchObject({ status: 'failed' });
  });

  it('ends with what EKS said when a call is refused for good', async () => {
    const setup = setUpUpgrade();
    const error = Object.assign(new Error('not authorized to perform eks:UpdateClusterVersion'), {
      name: 'AccessDeniedException',
    });
    setup.world.faults.set('control-plane', { error });
    await startUpgrade(setup);
    const record = await setup.record();
    expect(record).toMatchObject({ status: 'failed', reason: 'call-refused' });
    expect(record.message).toContain('eks:UpdateClusterVersion');
    expect(leases(setup)).toEqual([]);
  });

  it('ends with the reason cluster-unreachable when the API server does not answer', async () => {
    const setup = setUpUpgrade();
    const planHash = await setup.planHash();
    setup.deps.ports.inside.nodes = async () => {
      throw Object.assign(new Error('GET /api/v1/nodes got no answer'), {
        name: 'KubernetesConnectionError',
      });
    };
    await startUpgrade(setup, { planHash });
    expect(await setup.record()).toMatchObject({ status: 'failed', reason: 'cluster-unreachable' });
    expect(leases(setup)).toEqual([]);
  });

  it('goes on after throttling, with the same token', async () => {
    const setup = setUpUpgrade();
    setup.world.faults.set('control-plane', {
      error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
    });
    const { story } = await startUpgrade(setup);
    expect(story).toEqual(GOOD_STORY);
    const tokens = setup.world.requests
      .filter(({ operation }) => operation === 'UpdateClusterVersion')
      .map(({ input }) => input.clientRequestToken);
    expect(tokens).toHaveLength(2);
    expect(new Set(tokens).size).toBe(1);
  });

  it('adopts its own update when the answer to the call was lost', async () => {
    const setup = setUpUpgrade();
    setup.world.faults.set('node-group/web-a', {
      error: Object.assign(new Error('socket hang up'), { name: 'TimeoutError' }),
      after: true,
    });
    const { story } = await startUpgrade(setup);
    expect(story).toContain('update-node-group node-group/web-a: updated-adopted');
    expect(setup.world.started).toEqual(STARTED_IN_ORDER);
  });
});

describe('what is under way or done already', () => {
  it('is adopted: the wanted update of the control plane that somebody else started', async () => {
    const setup = setUpUpgrade();
    const planHash = await setup.planHash();
    setup.world.beginUpdate({ cluster: 'staging' }, 'VersionUpdate', { Version: '1.35' });
    const { story } = await startUpgrade(setup, { planHash });
    expect(story).toContain('update-control-plane cluster/staging: updated-adopted');
    expect(setup.world.started).not.toContain('UpdateClusterVersion staging');
    expect(setup.world.cluster.version).toBe('1.35');
  });

  it('is brought up from where an earlier run stopped, without the control plane', async () => {
    const setup = setUpUpgrade();
    setup.world.cluster.version = '1.35';
    const { story } = await startUpgrade(setup);
    expect(setup.world.started).toEqual(STARTED_IN_ORDER.slice(1));
    expect(story.at(-1)).toBe('complete-upgrade cluster/staging: upgraded');
  });

  it('is waited for: the schedule that works on a node group', async () => {
    const setup = setUpUpgrade();
    await takeLease(setup.store, setup.clock, {
      resource: nodeGroupLease('staging', 'web-a'),
      holder: 'node-group-schedule/staging-web-a',
      seconds: 40 * 60,
    });
    const { story } = await startUpgrade(setup);
    expect(story).toEqual(GOOD_STORY);
    expect(setup.clock.now()).toBeGreaterThan(Date.parse('2026-11-20T10:40:00Z'));
  });

  it('fails after an hour of waiting for somebody else’s update', async () => {
    const setup = setUpUpgrade();
    const { runningUpdates } = setup.deps.ports;
    const ports = { ...setup.deps.ports, runningUpdates };
    ports.runningUpdates = async (scope) =>
      scope.nodeGroup === 'batch' ? [{ id: 'u-9', type: 'ConfigUpdate', params: {} }] : runningUpdates(scope);
    await startUpgrade({ ...setup, deps: { ...setup.deps, ports } });
    const record = await setup.record();
    expect(record).toMatchObject({ status: 'failed', reason: 'still-busy' });
    expect(record.message).toContain('ConfigUpdate u-9 is under way');
  });

  it('holds the lease of the node group that it rolls', async () => {
    const setup = setUpUpgrade();
    const { nodeGroups } = setup.deps.ports;
    const updateVersion = nodeGroups.updateVersion;
    const seen: string[][] = [];
    nodeGroups.updateVersion = async (request) => {
      seen.push(leases(setup));
      return updateVersion(request);
    };
    await startUpgrade(setup);
    expect(seen).toEqual([
      ['lease#cluster/staging', 'lease#node-group/staging/batch'],
      ['lease#cluster/staging', 'lease#node-group/staging/web-a'],
    ]);
  });
});

describe('a crash', () => {
  const operationsOfAGoodRun = async (): Promise<number> => {
    const setup = setUpUpgrade();
    const { execution } = await startUpgrade(setup);
    return execution.executed.length;
  };

  it.each(['before-record', 'after-record'] as const)(
    'at any operation, %s, ends in the same state with every update started once',
    async (moment) => {
      const operations = await operationsOfAGoodRun();
      expect(operations).toBeGreaterThan(30);
      for (let atOperation = 1; atOperation <= operations; atOperation += 1) {
        const setup = setUpUpgrade();
        const { story } = await startUpgrade(setup, { crash: { atOperation, moment } });
        const adoptedAsUpdated = story.map((line) => line.replace('updated-adopted', 'updated'));
        expect({ atOperation, story: adoptedAsUpdated }).toEqual({ atOperation, story: GOOD_STORY });
        expect(setup.world.started).toEqual(STARTED_IN_ORDER);
        expect((await journaled(setup)).map((line) => line.replace('updated-adopted', 'updated'))).toEqual(
          GOOD_STORY,
        );
        expect(leases(setup)).toEqual([]);
        expect(await setup.record()).toMatchObject({ status: 'succeeded' });
      }
    },
  );

  it('after a result was recorded makes no call a second time', async () => {
    const setup = setUpUpgrade();
    const { execution } = await startUpgrade(setup, { crash: { atOperation: 12, moment: 'after-record' } });
    expect(execution.invocations).toBeGreaterThan(10);
    const steps = execution.executed.filter(
      (name) => !/: (wait|start|insights refreshed)$|^verify$/.test(name),
    );
    expect(new Set(steps).size).toBe(steps.length);
    expect(setup.world.requests).toHaveLength(STARTED_IN_ORDER.length);
  });
});
