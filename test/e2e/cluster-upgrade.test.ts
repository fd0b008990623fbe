import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import type { UpgradeRecord } from '../../functions/index.ts';
import { projectRoot } from '../../infra/build.ts';
import { findDeployment } from '../../infra/cli/deployment.ts';
import { createFunctionsPort } from '../../infra/cli/functions-port.ts';
import { main } from '../../infra/cli/main.ts';
import type { ClusterSpec } from '../../infra/local/world/spec.ts';
import type { StoredItem } from '../../shared/core/store.ts';
import { adminClient, invoke, storeOf } from './support/invoke.ts';
import type { Scene } from './support/scene.ts';
import { endScenes, startScene } from './support/scene.ts';
import { clusterSpec, nodeGroup, START, workload } from './support/specs.ts';

afterEach(endScenes);

const HOUR_SECONDS = 3_600;

const start = (change: { cluster?: Partial<ClusterSpec>; mode?: string } = {}): Promise<Scene> =>
  startScene({
    spec: {
      clusters: [
        clusterSpec({
          nodeGroups: [nodeGroup({ name: 'web', spot: false, min: 1 })],
          workloads: [
            workload({ nodeSelector: { role: 'web' }, budget: { name: 'cart-pdb', maxUnavailable: 1 } }),
          ],
          insights: [
            {
              name: 'Deprecated APIs removed in Kubernetes v1.35',
              status: 'PASSING',
              reason: 'None in use.',
            },
          ],
          ...change.cluster,
        }),
      ],
    },
    config: `
version: 1
mode: ${change.mode ?? 'act'}
clusters: [{ name: staging }]
spotDrain: { mode: off }
ecrRescan: { mode: off }
`,
  });

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `caretaker upgrade ...` as the administrator types it, in this process. */
const caretaker = async (scene: Scene, ...args: string[]): Promise<Answer> => {
  const { account } = scene;
  const out: string[] = [];
  const err: string[] = [];
  const client = new LambdaClient(adminClient(account.admin));
  const code = await main(['upgrade', ...args], {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    colors: pc.createColors(false),
    clock: account.clock,
    user: 'ada',
    connect: async (stackName) => ({
      deployment: findDeployment({ stackName, environment: {}, describeStack: async () => undefined }),
      store: storeOf(scene),
      functions: createFunctionsPort(client),
    }),
    inspect: () => Promise.reject(new Error('no command of `upgrade` asks for that')),
  });
  client.destroy();
  return { code, out: out.join('\n'), err: err.join('\n') };
};

const home = mkdtempSync(join(tmpdir(), 'caretaker-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The same as a process of its own, which finds the stack by its outputs. */
const caretakerProcess = (scene: Scene, ...args: string[]): Promise<Answer> =>
  new Promise((resolve) => {
    const script = join(projectRoot, 'infra/cli/caretaker.mjs');
    const env = { PATH: process.env.PATH, HOME: home, ...scene.account.admin };
    execFile(process.execPath, [script, 'upgrade', ...args], { env, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: out.trim(), err });
    });
  });

interface PlanDetail {
  readonly planHash: string;
  readonly blockedBy: readonly string[];
  readonly checks: readonly { readonly check: string; readonly objects: readonly string[] }[];
  readonly plan: { readonly steps: readonly { readonly id: string }[] };
}

const plan = async (scene: Scene, version = '1.35') => {
  const { verdicts } = await invoke(scene, 'cluster-upgrade-plan', {
    action: 'plan',
    cluster: 'staging',
    version,
  });
  const [verdict] = verdicts;
  return { reason: verdict?.reason, ...(verdict?.detail as unknown as PlanDetail) };
};

const runs = async (scene: Scene): Promise<readonly UpgradeRecord[]> => {
  const items = await scene.items('upgrade#staging');
  return items.filter(({ sk }) => sk !== 'current').map((item) => item as StoredItem & UpgradeRecord);
};
const runOf = async (scene: Scene, name = 'staging-1-35-1'): Promise<UpgradeRecord> => {
  const found = (await runs(scene)).find(({ executionName }) => executionName === name);
  if (found === undefined) throw new Error(`no run ${name} is recorded`);
  return found;
};

const startRun = async (scene: Scene, planHash: string): Promise<string> => {
  const { code, out, err } = await caretaker(scene, 'start', 'staging', '1.35', '--plan', planHash);
  expect([code, err]).toEqual([0, expect.stringContaining('Started')]);
  return out;
};
/** Plans, starts, and lets time pass until the run asks for a yes. */
const untilAsked = async (scene: Scene): Promise<string> => {
  const { planHash } = await plan(scene);
  await startRun(scene, planHash);
  await scene.pass(120);
  expect(await runOf(scene)).toMatchObject({ status: 'awaiting-approval', planHash });
  return planHash;
};
const approved = async (scene: Scene): Promise<void> => {
  const { code } = await caretaker(scene, 'approve', 'staging', '--plan', await untilAsked(scene));
  expect(code).toBe(0);
};
const untilEnded = (scene: Scene) =>
  scene.account.runUntilTrue(
    () => scene.account.executions.every(({ status }) => status !== 'RUNNING'),
    30 * HOUR_SECONDS,
  );

/** What EKS was asked to change. */
const updates = (scene: Scene): readonly string[] =>
  scene.exchanges
    .filter(
      ({ service, operation, status }) => service === 'eks' && /^Update/.test(operation) && status === 200,
    )
    .map(({ operation }) => operation);
const leases = (scene: Scene) => scene.items('lease#');
const untouched = async (scene: Scene) => {
  expect(updates(scene)).toEqual([]);
  expect(scene.account.world.cluster('staging').version).toBe('1.34');
  expect(await leases(scene)).toEqual([]);
};

const noFreeAddresses = { freeAddressesPerSubnet: 4 };
const failingInsight: Partial<ClusterSpec> = {
  insights: [
    {
      name: 'Deprecated APIs removed in Kubernetes v1.35',
      status: 'ERROR',
      reason: 'Deprecated API usage found.',
      deprecations: [
        {
          usage: '/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas',
          replacedWith: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
          stopServingVersion: '1.35',
          userAgent: 'old-operator/1.0',
          requestsLast30Days: 12,
          lastRequestAt: START - HOUR_SECONDS * 1000,
        },
      ],
    },
  ],
};
const OLD_NODE = '/api/v1/nodes/ip-10-0-1-5.eu-central-1.compute.internal';
const ROLE = 'arn:aws:iam::123456789012:role/old-node-role';
const insightOfNodes: Partial<ClusterSpec> = {
  insights: [
    {
      name: 'Kubelet version skew',
      status: 'ERROR',
      reason: 'Kubelets are too old for the next version.',
      resources: [
        { kubernetesResourceUri: OLD_NODE, status: 'ERROR', reason: 'Its kubelet is 1.31.' },
        { arn: ROLE, status: 'WARNING' },
        { kubernetesResourceUri: '/api/v1/nodes/fine', status: 'PASSING' },
      ],
      addonCompatibilities: [{ name: 'vpc-cni', compatibleVersions: ['v1.20.1-eksbuild.1'] }],
    },
  ],
};
const strandedAddOn = { addons: [{ name: 'acme_agent', version: 'v2.0.0-eksbuild.1' }] };

describe('a plan', () => {
  it.each([
    ['subnets without free addresses', noFreeAddresses, '1.35', 'free-addresses', 'eu-central-1a'],
    ['an insight in ERROR', failingInsight, '1.35', 'insights', 'old-operator/1.0'],
    ['an add-on without a version', strandedAddOn, '1.35', 'add-on-versions', 'add-on/acme_agent'],
    ['a target two minors on', {}, '1.36', 'target-version', ''],
  ])('is blocked by %s, which it names', async (_what, cluster, version, check, named) => {
    const scene = await start({ cluster });
    const { reason, blockedBy, checks } = await plan(scene, version);
    expect([reason, blockedBy]).toEqual(['blocked', expect.arrayContaining([check])]);
    expect(checks.find((one) => one.check === check)?.objects.join('\n')).toContain(named);
    await untouched(scene);
  });

  it('names the resources that an insight does not let pass, and no others', async () => {
    const scene = await start({ cluster: insightOfNodes });
    const { checks } = await plan(scene, '1.35');
    expect(checks.find(({ check }) => check === 'insights')?.objects).toEqual([
      'ERROR Kubelet version skew: Kubelets are too old for the next version.',
      `Kubelet version skew: ${OLD_NODE}`,
      `Kubelet version skew: ${ROLE}`,
    ]);
  });

  it('that is blocked starts nothing', async () => {
    const scene = await start({ cluster: noFreeAddresses });
    const { code, out } = await caretaker(scene, 'plan', 'staging', '1.35');
    expect([code, out]).toEqual([3, expect.stringContaining('free-addresses')]);
    await startRun(scene, (await plan(scene)).planHash);
    await untilEnded(scene);
    expect(await runOf(scene)).toMatchObject({ status: 'blocked', phase: 'ended' });
    await untouched(scene);
  });

  it('of another shape is refused by name', async () => {
    const scene = await start();
    for (const version of ['next', 1.35])
      expect(
        await invoke(scene, 'cluster-upgrade-plan', { action: 'plan', cluster: 'staging', version }),
      ).toMatchObject({ ok: false, payload: { errorType: 'MalformedEventError' } });
    expect(scene.exchanges.filter(({ service }) => service === 'eks')).toEqual([]);
  });
});

describe('an upgrade', () => {
  it('is planned, started, approved and followed from the command line, and leaves all at the new version', async () => {
    const configurationValues = '{"env":{"WARM_IP_TARGET":"2"}}';
    const [vpcCni = { name: '', version: '' }, ...addons] = clusterSpec().addons;
    const scene = await start({ cluster: { addons: [{ ...vpcCni, configurationValues }, ...addons] } });
    const serviceAccountRoleArn = 'arn:aws:iam::123456789012:role/vpc-cni';
    Object.assign(scene.account.world.cluster('staging').addons.get('vpc-cni') ?? {}, {
      serviceAccountRoleArn,
    });
    const planned = await caretakerProcess(scene, 'plan', 'staging', '1.35', '--json');
    expect([planned.code, planned.err]).toEqual([0, '']);
    const { planHash } = await plan(scene);
    expect(planned.out).toContain(planHash);

    const started = await caretaker(scene, 'start', 'staging', '1.35', '--plan', planHash);
    expect([started.code, started.out]).toEqual([0, 'staging-1-35-1']);
    await scene.pass(120);
    const waits = await caretaker(scene, 'status', 'staging');
    expect(waits.out).toContain(`caretaker upgrade approve staging --plan ${planHash}`);
    expect([updates(scene), scene.account.world.cluster('staging').version]).toEqual([[], '1.34']);
    expect(scene.account.notifications.map(({ subject }) => subject)).toEqual([
      'Approve the upgrade of staging to 1.35?',
    ]);

    expect((await caretaker(scene, 'approve', 'staging', '--plan', 'f'.repeat(64))).code).toBe(3);
    expect((await caretaker(scene, 'approve', 'staging', '--plan', planHash)).code).toBe(0);
    await untilEnded(scene);
    const ended = await caretaker(scene, 'status', 'staging', '--follow');
    expect([ended.code, ended.out]).toEqual([0, expect.stringContaining('succeeded  ended  upgraded')]);

    expect(updates(scene)).toEqual([
      'UpdateClusterVersion',
      'UpdateNodegroupVersion',
      'UpdateAddon',
      'UpdateAddon',
    ]);
    const cluster = scene.account.world.cluster('staging');
    expect([cluster.version, cluster.nodeGroups.get('web')?.version]).toEqual(['1.35', '1.35']);
    expect(cluster.addons.get('vpc-cni')).toMatchObject({
      configurationValues,
      serviceAccountRoleArn,
      status: 'ACTIVE',
    });
    expect(
      scene.exchanges.filter(({ operation }) => operation === 'UpdateAddon').at(-1)?.input,
    ).toMatchObject({
      addonName: 'vpc-cni',
      configurationValues,
      serviceAccountRoleArn,
      resolveConflicts: 'PRESERVE',
    });
    const kubelets = scene
      .kubernetes()
      .objects.list('nodes')
      .map(({ status }) => status.nodeInfo?.kubeletVersion ?? '');
    expect(kubelets).toEqual([expect.stringMatching(/^v1\.35\./), expect.stringMatching(/^v1\.35\./)]);
    expect(scene.reasons({ automation: 'cluster-upgrade', mode: 'act' }).slice(-5)).toEqual([
      'cluster/staging update-control-plane: updated',
      'node-group/web update-node-group: updated',
      'add-on/kube-proxy update-add-on: updated',
      'add-on/vpc-cni update-add-on: updated',
      'cluster/staging complete-upgrade: upgraded',
    ]);
    expect(await leases(scene)).toEqual([]);
  }, 60_000);

  it('that is rejected changes nothing', async () => {
    const scene = await start();
    await untilAsked(scene);
    expect(await caretaker(scene, 'reject', 'staging', '--reason', 'not today')).toMatchObject({ code: 0 });
    await untilEnded(scene);
    expect(await runOf(scene)).toMatchObject({
      status: 'rejected',
      message: expect.stringContaining('not today'),
    });
    await untouched(scene);
  });

  it('that nobody approves within a day ends and unlocks', async () => {
    const scene = await start();
    await untilAsked(scene);
    await scene.pass(23 * HOUR_SECONDS);
    expect((await runOf(scene)).status).toBe('awaiting-approval');
    await scene.pass(2 * HOUR_SECONDS);
    expect(await runOf(scene)).toMatchObject({ status: 'timed-out', reason: 'approval-timed-out' });
    await untouched(scene);
  });

  it('that is stopped waits for the update that runs and begins no other', async () => {
    const scene = await start();
    await approved(scene);
    await scene.account.runUntilTrue(() => updates(scene).length === 1, HOUR_SECONDS);
    expect(await caretaker(scene, 'stop', 'staging')).toMatchObject({
      code: 0,
      out: expect.stringContaining('cannot be cancelled'),
    });
    await untilEnded(scene);
    expect(await runOf(scene)).toMatchObject({ status: 'stopped', reason: 'stop-requested' });
    expect(updates(scene)).toEqual(['UpdateClusterVersion']);
    expect(scene.account.world.cluster('staging').version).toBe('1.35');
    expect(await leases(scene)).toEqual([]);
  });

  it('whose cluster is another by the time of the approval is not carried out', async () => {
    const scene = await start();
    const planHash = await untilAsked(scene);
    const vpcCni = scene.account.world.cluster('staging').addons.get('vpc-cni');
    if (vpcCni === undefined) throw new Error('the add-on is not there');
    vpcCni.version = 'v1.19.6-eksbuild.7';
    await caretaker(scene, 'approve', 'staging', '--plan', planHash);
    await untilEnded(scene);
    expect(await runOf(scene)).toMatchObject({ status: 'plan-changed' });
    await untouched(scene);
  });

  it('whose control plane EKS gives up on ends with the diagnosis, unlocked', async () => {
    const scene = await start();
    scene.account.world.updates.failNext(
      { clusterName: 'staging' },
      { errorCode: 'IpNotAvailable', errorMessage: 'no free address', resourceIds: ['subnet-1'] },
    );
    await approved(scene);
    await untilEnded(scene);
    const run = await runOf(scene);
    expect(run).toMatchObject({ status: 'failed', reason: 'update-failed' });
    expect(run.message).toMatch(/control-plane: IpNotAvailable: no free address; .+/);
    expect(updates(scene)).toEqual(['UpdateClusterVersion']);
    expect(scene.account.world.cluster('staging').status).toBe('ACTIVE');
    expect(await leases(scene)).toEqual([]);
    expect(scene.account.notifications.at(-1)?.subject).toBe('Upgrade of staging to 1.35: failed');
  });

  it('whose nodes a budget holds names the budget, its pods and the nodes', async () => {
    const scene = await start({
      cluster: {
        workloads: [
          workload({ nodeSelector: { role: 'web' }, budget: { name: 'stubborn', minAvailable: 2 } }),
        ],
      },
    });
    await approved(scene);
    await untilEnded(scene);
    const run = await runOf(scene);
    expect(run).toMatchObject({ status: 'failed', reason: 'update-failed' });
    expect(run.message).toMatch(
      /PodEvictionFailure.*budget shop\/stubborn holds shop\/cart-\S+.* on \S*ip-/s,
    );
    expect(updates(scene)).toEqual(['UpdateClusterVersion', 'UpdateNodegroupVersion']);
  });

  it('goes on after its process was killed, and starts no update twice', async () => {
    const scene = await start();
    const { account } = scene;
    await approved(scene);
    // Whichever invocation asks EKS for something dies before it knows the answer.
    const points = ['/clusters/staging/updates', '/update-version', '/addons/vpc-cni/update'];
    let next = 0;
    const arm = () => {
      const contains = points[next];
      if (contains === undefined) return;
      account.killAt('cluster-upgrade', {
        request: 1,
        when: 'after-apply',
        service: 'eks',
        method: 'POST',
        contains,
      });
    };
    account.onInvocation(({ entryId, ok }) => {
      if (entryId !== 'cluster-upgrade') return;
      if (!ok) next++;
      arm();
    });
    arm();
    await untilEnded(scene);
    expect(scene.invocationsOf('cluster-upgrade').filter(({ ok }) => !ok)).toHaveLength(points.length);
    expect(await runOf(scene)).toMatchObject({ status: 'succeeded' });
    const { list } = account.world.updates;
    expect([
      list({ clusterName: 'staging' }).length,
      list({ clusterName: 'staging', nodeGroupName: 'web' }).length,
      list({ clusterName: 'staging', addonName: 'vpc-cni' }).length,
      list({ clusterName: 'staging', addonName: 'kube-proxy' }).length,
    ]).toEqual([1, 1, 1, 1]);
  }, 60_000);

  it('in observe mode ends with what it would do', async () => {
    const scene = await start({ mode: 'observe' });
    await startRun(scene, (await plan(scene)).planHash);
    await untilEnded(scene);
    expect(await runOf(scene)).toMatchObject({ status: 'planned', mode: 'observe' });
    expect(scene.reasons({ mode: 'observe' })).toContain('cluster/staging update-control-plane: next-minor');
    await untouched(scene);
  });

  it('is refused while another run holds the cluster', async () => {
    const scene = await start();
    const planHash = await untilAsked(scene);
    const second = await startRun(scene, planHash);
    await scene.pass(60);
    expect(second).toBe('staging-1-35-2');
    expect(await runOf(scene, second)).toMatchObject({ status: 'refused', reason: 'locked' });
    expect((await caretaker(scene, 'status', 'staging')).out).toContain('staging-1-35-1');
    expect((await runOf(scene)).status).toBe('awaiting-approval');
  });
});
